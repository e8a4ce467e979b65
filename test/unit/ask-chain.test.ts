/**
 * Ask chains: giving up, budgets that are inherited, and cycles of asks that are recognised.
 */
import { describe, expect, test } from 'vitest'
import { codeIn, World } from './desk.ts'

describe('giving up', () => {
  test('AK-10: aborted before it is sent, nothing is sent', async () => {
    const world = await World.open()
    const asked = world.desk('a').echo({ word: 'no' }, { signal: AbortSignal.abort('why') })
    expect(await world.codeNow(asked)).toBe('cancelled')
    await expect(asked).rejects.toMatchObject({ cause: 'why' })
    expect([world.ran, world.letters]).toEqual([[], []])
    await world.kit.stop()
  })

  test('AK-10: aborted while it is queued, the asker hears at once and it is not run', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const first = desk.wait({ key: 'k' })
    const controller = new AbortController()
    const queued = desk.echo({ word: 'no' }, { signal: controller.signal })
    await world.kit.settle()
    controller.abort('changed my mind')
    expect(await world.codeNow(queued)).toBe('cancelled')
    world.gates.get('k')?.('done')
    await world.kit.run(first)
    expect([world.ran, world.letters]).toEqual([['k'], ['cancelled echo']])
    await world.kit.stop()
  })

  test('AK-10: aborted while it runs, the handler sees it, the asker hears at once', async () => {
    const world = await World.open()
    const controller = new AbortController()
    const asked = world.desk('a').wait({ key: 'k' }, { signal: controller.signal })
    await world.kit.settle()
    expect(world.signals.get('k')?.aborted).toBe(false)
    controller.abort('enough')
    expect(world.signals.get('k')?.aborted).toBe(true)
    expect(await world.codeNow(asked)).toBe('cancelled')
    await world.kit.stop()
  })

  test('AK-10: an abort after the answer changes nothing and leaves no listener', async () => {
    const world = await World.open()
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    const asked = world.desk('a').echo({ word: 'yes' }, { signal })
    expect(await world.codeNow(asked)).toBe('yes')
    controller.abort()
    expect([await asked, listeners, world.letters]).toEqual(['yes', 0, []])
    await world.kit.stop()
  })

  test('AK-11: a deadline does not abort the handler unless it was asked to', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    const left = a.wait({ key: 'left' }, { deadline: 10 })
    const stopped = b.wait({ key: 'stopped' }, { deadline: 10, cancelOnTimeout: true })
    expect([await world.codeOf(left), await world.codeOf(stopped)]).toEqual(['timeout', 'timeout'])
    expect(world.signals.get('left')?.aborted).toBe(false)
    expect(world.signals.get('stopped')?.aborted).toBe(true)
    await world.kit.stop()
  })
})

describe('budgets', () => {
  test('a nested ask never waits longer than what remains of the one it serves', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    let inner = ''
    let innerAt = -1
    const nested = async (): Promise<string> => {
      // The budget is inherited across awaits.
      await new Promise<string>((resolve) => world.gates.set('first', resolve))
      await Promise.resolve()
      inner = await b.wait({ key: 'k' }, { deadline: 10_000 }).catch(codeIn)
      innerAt = world.kit.clock.now()
      return inner
    }
    const asked = a.through({ to: nested }, { deadline: 100 })
    await world.kit.settle()
    await world.kit.advance(30)
    world.gates.get('first')?.('go')
    expect(await world.codeOf(asked)).toBe('timeout')
    await world.kit.settle()
    expect([inner, innerAt]).toEqual(['timeout', 100])
    await world.kit.stop()
  })

  test('work that outlives its turn inherits nothing from it', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    let afterwards = ''
    const outer = async (): Promise<string> => {
      void (async () => {
        await new Promise<string>((resolve) => world.gates.set('gate', resolve))
        afterwards = await b.echo({ word: 'on its own' }).catch(codeIn)
      })()
      return 'answered'
    }
    expect(await world.codeNow(a.through({ to: outer }, { deadline: 50 }))).toBe('answered')
    await world.kit.advance(100)
    world.gates.get('gate')?.('go')
    await world.kit.settle()
    expect(afterwards).toBe('on its own')
    await world.kit.stop()
  })
})

describe('deadlocks', () => {
  test('AK-14: an actor that asks itself in a serial turn is refused at once', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const asked = desk.through({ to: () => desk.echo({ word: 'me' }) })
    expect(await world.codeNow(asked)).toBe('faulted')
    await expect(asked).rejects.toMatchObject({ cause: { code: 'deadlock' } })
    const later = desk.through({
      to: async () => {
        await Promise.resolve()
        return desk.echo({ word: 'me' })
      },
    })
    expect(await world.codeNow(later)).toBe('faulted')
    expect([world.kit.clock.now(), world.ran]).toEqual([0, []])
    await world.kit.stop()
  })

  test('AK-14: a cycle A to B to A is recognised, and the rest of the chain goes on', async () => {
    const world = await World.open()
    const [a, b, c] = [world.desk('a'), world.desk('b'), world.desk('c')]
    const cycle = (): Promise<string> =>
      b.through({
        to: async () => {
          await Promise.resolve()
          return c.through({ to: () => a.echo({ word: 'never' }).catch(codeIn) })
        },
      })
    expect(await world.codeNow(a.through({ to: cycle }))).toBe('deadlock')
    expect([world.kit.clock.now(), world.ran]).toEqual([0, []])
    await world.kit.stop()
  })

  test('AK-14: two asks that cross without forming one chain are no deadlock', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    const first = a.wait({ key: 'k' })
    const second = b.through({ to: () => a.echo({ word: 'waits its turn' }) })
    await world.kit.settle()
    world.gates.get('k')?.('done')
    expect(await world.codeNow(first)).toBe('done')
    expect(await world.codeNow(second)).toBe('waits its turn')
    await world.kit.stop()
  })

  test('AK-14: where interleaving is allowed the cycle is answered', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    const back = (): Promise<string> => a.open({ to: () => Promise.resolve('interleaved') })
    expect(await world.codeNow(a.through({ to: () => b.through({ to: back }) }))).toBe(
      'interleaved',
    )
    expect(await world.codeNow(a.open({ to: () => a.echo({ word: 'from beside' }) }))).toBe(
      'from beside',
    )
    await world.kit.stop()
  })
})
