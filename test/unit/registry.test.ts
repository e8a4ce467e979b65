/**
 * Registry tests: names of the system, and the receptionist.
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  type Listing,
  protocol,
  type Ref,
  restart,
  serviceKey,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Printer = protocol('test.printer/1', { print: ask<{ text: string }, string>(), boom: tell() })
type Printers = (typeof Printer)['messages']
const Other = protocol('test.other/1', { noop: tell() })

const printer = actor(Printer, {
  state: () => null,
  on: {
    print: (_state, { text }) => text,
    boom: () => {
      throw new TypeError('boom')
    },
  },
  supervise: restart({ max: 1 }),
})
const other = actor(Other, { state: () => null, on: { noop: () => {} } })

async function open(
  name = 'test',
): Promise<{ kit: TestKit; spawn: (at: string) => Ref<Printers> }> {
  const kit = await testSystem({ seed: 4, name })
  return { kit, spawn: (at) => kit.system.spawn(printer, undefined, { name: at }) }
}

describe('the name registry', () => {
  test('RG-6: a name finds its actor, and is held by at most one', async () => {
    const { kit, spawn } = await open()
    const { registry } = kit.system
    const [a, b] = [spawn('a'), spawn('b')]
    expect(registry.whereis('printer')).toBeNull()
    registry.register('printer', a)
    registry.register('printer', a)
    expect(registry.whereis('printer')).toBe(a)
    expect(() => registry.register('printer', b)).toThrow(
      expect.objectContaining({ code: 'name_taken', message: expect.stringContaining('/a') }),
    )
    expect(registry.unregister('printer')).toBe(true)
    expect(registry.unregister('printer')).toBe(false)
    registry.register('printer', b)
    expect([registry.whereis('printer'), registry.names]).toEqual([b, ['printer']])
    await kit.stop()
  })

  test('RG-6: the name is free before the watchers hear of the end', async () => {
    const { kit, spawn } = await open()
    const first = spawn('a')
    kit.system.registry.register('printer', first)
    const found: unknown[] = []
    const Heir = protocol('test.heir/1', { begin: tell() })
    const heir = actor(Heir, {
      state: (_none, ctx) => ctx.watch(first),
      on: { begin: () => {} },
      signals: {
        terminated: (_state, _event, ctx) => {
          found.push(ctx.registry.whereis('printer'))
          ctx.registry.register('printer', ctx.self)
        },
      },
    })
    const ref = kit.system.spawn(heir)
    await kit.settle()
    await kit.run(kit.system.stop(first))
    await kit.settle()
    expect(found).toEqual([null])
    expect(kit.system.registry.whereis('printer')).toBe(ref)
    await kit.stop()
  })

  test('RG-6: a restart keeps the name; the end of the holder frees all its names', async () => {
    const { kit, spawn } = await open()
    const { registry } = kit.system
    const ref = spawn('a')
    registry.register('one', ref)
    registry.register('two', ref)
    ref.boom()
    await kit.settle()
    expect(registry.whereis('one')).toBe(ref)
    ref.boom()
    await kit.settle()
    expect([registry.whereis('one'), registry.whereis('two'), registry.names]).toEqual([
      null,
      null,
      [],
    ])
    await kit.stop()
  })

  test('a name is asked for with the protocol that its holder speaks', async () => {
    const { kit, spawn } = await open()
    const { registry } = kit.system
    registry.register('printer', spawn('a'))
    const found = registry.whereis('printer', Printer)
    expect(await kit.run(found?.print({ text: 'hello' }) ?? Promise.resolve(''))).toBe('hello')
    expect(() => registry.whereis('printer', Other)).toThrow(
      expect.objectContaining({ code: 'protocol_mismatch' }),
    )
    await kit.stop()
  })

  test('the dead and the actors of other systems cannot be registered', async () => {
    const { kit, spawn } = await open()
    const far = await open('far')
    const { registry } = kit.system
    const dead = spawn('dead')
    await kit.run(kit.system.stop(dead))
    const register = (ref: Ref<Printers>) => (): void => registry.register('x', ref)
    expect(register(dead)).toThrow(expect.objectContaining({ code: 'no_such_actor' }))
    expect(register(far.spawn('b'))).toThrow(expect.objectContaining({ code: 'not_local' }))
    expect(() => registry.register('', spawn('c'))).toThrow(
      expect.objectContaining({ code: 'invalid_name' }),
    )
    await kit.stop()
    await far.kit.stop()
  })

  test('JS-12: names that JavaScript knows are names like any other', async () => {
    const { kit, spawn } = await open()
    const { registry } = kit.system
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(registry.whereis(name)).toBeNull()
      registry.register(name, spawn(`of-${name.replaceAll('_', '')}`))
      expect(registry.whereis(name)).not.toBeNull()
    }
    await kit.stop()
  })
})

describe('the receptionist', () => {
  const key = serviceKey(Printer, 'printers')

  test('RG-1: register is acknowledged, and find gives the set without duplicates', async () => {
    const { kit, spawn } = await open()
    const { receptionist } = kit.system
    const [a, b] = [spawn('a'), spawn('b')]
    expect(receptionist.find(key).refs).toEqual([])
    expect(receptionist.register(key, a)).toEqual({ key, ref: a })
    receptionist.register(key, a)
    receptionist.register(key, b)
    expect(receptionist.find(key).refs).toEqual([a, b])
    expect(receptionist.find(serviceKey(Printer, 'printers')).refs).toEqual([a, b])
    expect(receptionist.deregister(key, a)).toBe(true)
    expect(receptionist.deregister(key, a)).toBe(false)
    expect(receptionist.find(key).refs).toEqual([b])
    await kit.stop()
  })

  test('RG-1: a subscriber hears the current set at once and then each change, once', async () => {
    const { kit, spawn } = await open()
    const { receptionist } = kit.system
    const [a, b] = [spawn('a'), spawn('b')]
    receptionist.register(key, a)
    const heard: string[][] = []
    const listen = ({ refs }: Listing<Printers>): void =>
      void heard.push(refs.map((ref) => (ref === a ? 'a' : 'b')))
    const leave = receptionist.subscribe(key, listen)
    receptionist.subscribe(key, listen)
    expect(heard).toEqual([['a']])
    receptionist.register(key, b)
    receptionist.register(key, b)
    receptionist.register(serviceKey(Printer, 'others'), b)
    expect(heard).toEqual([['a'], ['a', 'b']])
    await kit.run(kit.system.stop(a))
    expect(heard).toEqual([['a'], ['a', 'b'], ['b']])
    leave()
    receptionist.deregister(key, b)
    expect(heard).toHaveLength(3)
    await kit.stop()
  })

  test('RG-1: an actor subscribes by a message, and is forgotten when it ends', async () => {
    const { kit, spawn } = await open()
    const { receptionist } = kit.system
    const Client = protocol('test.client/1', { listing: tell<Listing<Printers>>() })
    const sizes: number[] = []
    const client = actor(Client, {
      state: (_none, ctx) => void ctx.receptionist.subscribeActor(key, ctx.self, 'listing'),
      on: { listing: (_state, { refs }) => void sizes.push(refs.length) },
    })
    const ref = kit.system.spawn(client)
    await kit.settle()
    receptionist.register(key, spawn('a'))
    await kit.settle()
    expect(sizes).toEqual([0, 1])
    await kit.run(kit.system.stop(ref))
    receptionist.register(key, spawn('b'))
    await kit.settle()
    expect([sizes, kit.system.deadLetters.total]).toEqual([[0, 1], 0])
    await kit.stop()
  })

  test('RG-1: the dead are struck off before anybody else hears of their end', async () => {
    const { kit, spawn } = await open()
    const { receptionist } = kit.system
    const a = spawn('a')
    const found: number[] = []
    const Mourner = protocol('test.mourner/1', { begin: tell() })
    const mourner = actor(Mourner, {
      state: (_none, ctx) => ctx.watch(a),
      on: { begin: () => {} },
      signals: {
        terminated: (_state, _event, ctx) =>
          void found.push(ctx.receptionist.find(key).refs.length),
      },
    })
    kit.system.spawn(mourner)
    await kit.settle()
    receptionist.register(key, a)
    await kit.run(kit.system.stop(a))
    await kit.settle()
    expect(found).toEqual([0])
    await kit.stop()
  })

  test('keys of one name but different protocols are different services', async () => {
    const { kit, spawn } = await open()
    const { receptionist } = kit.system
    receptionist.register(key, spawn('a'))
    expect(receptionist.find(serviceKey(Other, 'printers')).refs).toEqual([])
    const wrong = kit.system.spawn(other) as unknown as Ref<Printers>
    expect(() => receptionist.register(key, wrong)).toThrow(
      expect.objectContaining({ code: 'protocol_mismatch' }),
    )
    await kit.stop()
  })

  test('RG-3: services of other nodes stand beside the own, unreachable ones apart', async () => {
    const { kit, spawn } = await open()
    const far = await open('far')
    const { receptionist } = kit.system
    const [near, remote] = [spawn('near'), far.spawn('remote')]
    const heard: string[] = []
    receptionist.register(key, near)
    receptionist.subscribe(key, ({ refs, all }) => void heard.push(`${refs.length}/${all.length}`))
    receptionist.replaceNode('far', new Map([[key.id, [remote]]]))
    receptionist.replaceNode('far', new Map([[key.id, [remote]]]))
    receptionist.setReachable('far', false)
    receptionist.setReachable('far', false)
    expect([receptionist.find(key).refs, receptionist.find(key).all]).toEqual([
      [near],
      [near, remote],
    ])
    receptionist.setReachable('far', true)
    await far.kit.run(far.kit.system.stop(remote))
    expect(heard).toEqual(['1/1', '2/2', '1/2', '2/2', '1/1'])
    expect([...receptionist.local]).toEqual([[key.id, [near]]])
    receptionist.dropNode('far')
    expect(heard).toHaveLength(5)
    await kit.stop()
    await far.kit.stop()
  })

  test('a subscriber that throws is reported and harms nobody', async () => {
    const { kit, spawn } = await open()
    const { receptionist, events } = kit.system
    const failures: string[] = []
    events.subscribe('subscriber.failed', ({ type }) => void failures.push(type))
    receptionist.subscribe(key, () => {
      throw new TypeError('bad')
    })
    const sizes: number[] = []
    receptionist.subscribe(key, ({ refs }) => void sizes.push(refs.length))
    receptionist.register(key, spawn('a'))
    expect([failures, sizes]).toEqual([
      ['receptionist', 'receptionist'],
      [0, 1],
    ])
    await kit.stop()
  })
})
