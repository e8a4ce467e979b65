/**
 * Event stream tests: by word, by key, by class; by function and by actor.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  type ActorFailed,
  eventKey,
  protocol,
  restart,
  tell,
} from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'

const ordered = eventKey<{ readonly order: number }>('test.ordered')

class Vehicle {
  readonly wheels: number
  constructor(wheels: number) {
    this.wheels = wheels
  }
}
class Car extends Vehicle {
  readonly doors: number
  constructor(doors: number) {
    super(4)
    this.doors = doors
  }
}

const Watcher = protocol('test.watcher/1', {
  failed: tell<ActorFailed>(),
  ordered: tell<{ readonly order: number }>(),
  vehicle: tell<Vehicle>(),
  boom: tell(),
})

function watcher(heard: unknown[]) {
  return actor(Watcher, {
    state: () => null,
    on: {
      failed: (_state, event) => void heard.push(event),
      ordered: (_state, event) => void heard.push(event),
      vehicle: (_state, event) => void heard.push(event),
      boom: () => {
        throw new TypeError('boom')
      },
    },
  })
}

describe('the event stream', () => {
  test('DL-6: a type of the program itself is subscribed like those of the kernel', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    const heard: number[] = []
    expect(events.wanted(ordered)).toBe(false)
    const leave = events.subscribe(ordered, ({ order }) => void heard.push(order))
    expect(events.wanted(ordered)).toBe(true)
    events.publish(ordered, { order: 1 })
    leave()
    events.publish(ordered, { order: 2 })
    expect([heard, events.wanted(ordered)]).toEqual([[1], false])
    await kit.stop()
  })

  test('DL-6: whoever subscribes to a class hears of its subclasses, not of its base', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    const vehicles: Vehicle[] = []
    const cars: Car[] = []
    const all: string[] = []
    events.subscribe(Vehicle, (event) => void vehicles.push(event))
    events.subscribe(Car, (event) => void cars.push(event))
    events.subscribeAll((_event, type) => void all.push(type))
    const [bicycle, car] = [new Vehicle(2), new Car(5)]
    events.publish(bicycle)
    events.publish(car)
    expect([vehicles, cars]).toEqual([[bicycle, car], [car]])
    expect(all).toEqual(['Vehicle', 'Car'])
    await kit.stop()
  })

  test('DL-6: duplicates deliver once, also through a class and its base', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    let calls = 0
    const count = (): void => void calls++
    events.subscribe(ordered, count)
    events.subscribe(ordered, count)
    events.publish(ordered, { order: 1 })
    expect(calls).toBe(1)
    events.subscribe(Vehicle, count)
    events.subscribe(Car, count)
    events.publish(new Car(3))
    expect(calls).toBe(2)
    await kit.stop()
  })

  test('DL-6: a subscriber that leaves during a delivery hears no more of it', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    const heard: string[] = []
    let leaveSecond = (): void => {}
    events.subscribe(ordered, () => {
      heard.push('first')
      leaveSecond()
    })
    leaveSecond = events.subscribe(ordered, () => void heard.push('second'))
    events.publish(ordered, { order: 1 })
    expect(heard).toEqual(['first'])
    await kit.stop()
  })

  test('DL-6: an actor is told once, by a message of its own that fits', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    const heard: unknown[] = []
    const ref = kit.system.spawn(watcher(heard))
    events.subscribeActor(ordered, ref, 'ordered')
    events.subscribeActor(ordered, ref, 'ordered')
    events.subscribeActor(Vehicle, ref, 'vehicle')
    // @ts-expect-error: that message does not take such an event
    const wrong = (): unknown => events.subscribeActor(ordered, ref, 'failed')
    expect(wrong).toBeTypeOf('function')
    const car = new Car(2)
    events.publish(ordered, { order: 7 })
    events.publish(car)
    await kit.settle()
    expect(heard).toEqual([{ order: 7 }, car])
    await kit.stop()
  })

  test('DL-6: after unsubscribe nothing arrives, not even what is queued already', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const heard: unknown[] = []
    const ref = kit.system.spawn(watcher(heard))
    const leave = kit.system.events.subscribeActor(ordered, ref, 'ordered')
    kit.system.events.publish(ordered, { order: 1 })
    leave()
    await kit.settle()
    expect([heard, kit.system.deadLetters.total]).toEqual([[], 0])
    await kit.stop()
  })

  test('DL-6: a subscribed actor that has ended is forgotten', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    const ref = kit.system.spawn(watcher([]))
    events.subscribeActor(ordered, ref, 'ordered')
    events.subscribeActor(Vehicle, ref, 'vehicle')
    await kit.run(kit.system.stop(ref))
    expect([events.wanted(ordered), events.wanted(Vehicle)]).toEqual([false, false])
    events.publish(ordered, { order: 1 })
    await kit.settle()
    expect(kit.system.deadLetters.total).toBe(0)
    const again = events.subscribeActor(ordered, ref, 'ordered')
    expect(events.wanted(ordered)).toBe(false)
    again()
    await kit.stop()
  })

  test('DL-6: a restart of the subscriber keeps its subscription', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const heard: unknown[] = []
    const ref = kit.system.spawn(watcher(heard), undefined, { supervise: restart() })
    kit.system.events.subscribeActor(ordered, ref, 'ordered')
    ref.boom()
    await kit.settle()
    kit.system.events.publish(ordered, { order: 1 })
    await kit.settle()
    expect(heard).toEqual([{ order: 1 }])
    await kit.stop()
  })

  test('DL-7: a throwing subscriber affects neither the others nor the publisher', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const { events } = kit.system
    const heard: string[] = []
    events.subscribe(
      'subscriber.failed',
      ({ type, error }) => void heard.push(`${type}: ${String(error)}`),
    )
    events.subscribe('subscriber.failed', () => {
      throw new TypeError('even here')
    })
    events.subscribe(ordered, () => {
      throw new TypeError('bad')
    })
    events.subscribe(ordered, () => void heard.push('good'))
    events.publish(ordered, { order: 1 })
    expect(heard).toEqual(['test.ordered: TypeError: bad', 'good'])
    await kit.stop()
  })

  test('a message that is no tell of the actor is refused where it is subscribed', async () => {
    const kit = await testSystem({ seed: 1, log: false })
    const ref = kit.system.spawn(watcher([]))
    const subscribe = (): unknown =>
      kit.system.events.subscribeActor(ordered, ref, 'nothing' as 'ordered')
    expect(subscribe).toThrow(/no tell "nothing"/)
    await kit.stop()
  })

  test('an actor publishes and subscribes through its context', async () => {
    const Talker = protocol('test.talker/1', {
      listen: tell(),
      say: tell<{ order: number }>(),
      ordered: tell<{ readonly order: number }>(),
    })
    const heard: number[] = []
    const talker = actor(Talker, {
      state: () => null,
      on: {
        listen: (_state, _none, ctx) =>
          void ctx.events.subscribeActor(ordered, ctx.self, 'ordered'),
        say: (_state, event, ctx) => ctx.events.publish(ordered, event),
        ordered: (_state, { order }) => void heard.push(order),
      },
    })
    const kit = await testSystem({ seed: 1, log: false })
    const ref = kit.system.spawn(talker)
    ref.listen()
    ref.say({ order: 3 })
    await kit.settle()
    expect(heard).toEqual([3])
    await kit.stop()
  })
})
