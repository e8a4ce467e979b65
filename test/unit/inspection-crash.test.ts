/**
 * InspectionCrash: reports of abnormal ends, and of no others (OB-3).
 */
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  type CrashReport,
  protocol,
  restart,
  resume,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Fragile = protocol('test.fragile/1', {
  pay: ask<{ card: string; cents: number }, void>(),
  add: tell<string>(),
  hold: tell(),
})

const fragile = actor(Fragile, {
  state: () => ({ notes: [] as string[] }),
  on: {
    pay: (_state, { card }) => {
      throw new TypeError(`no such card ${card.length}`)
    },
    add: (state, note) => void state.notes.push(note),
    hold: () => new Promise<void>(() => {}),
  },
})

async function start(): Promise<{ kit: TestKit; reports: CrashReport[] }> {
  const kit = await testSystem({ seed: 3, log: false })
  const reports: CrashReport[] = []
  kit.system.events.subscribe('actor.crashed', (report) => reports.push(report))
  return { kit, reports }
}

describe('OB-3', () => {
  test('OB-3: a report has path, incarnation, reason, last message and state digest', async () => {
    const { kit, reports } = await start()
    const ref = kit.spawn(fragile, undefined, { name: 'till', supervise: restart() })
    ref.add('first')
    const paid = ref.pay({ card: '4111-1111', cents: 250 })
    ref.add('waits')
    await expect(kit.run(paid)).rejects.toMatchObject({ code: 'faulted' })
    expect(reports).toHaveLength(1)
    expect(reports[0]).toMatchObject({
      path: '/till',
      protocol: 'test.fragile/1',
      incarnation: 1,
      reason: 'failed',
      error: { name: 'TypeError', message: 'no such card 9' },
      message: 'pay',
      shape: { card: 'string(9)', cents: 'number' },
      stateDigest: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      queue: 1,
      restarts: 0,
    })
    await kit.stop()
  })

  test('OB-3: nothing of the message or the state is in the report', async () => {
    const { kit, reports } = await start()
    const ref = kit.spawn(fragile)
    ref.add('my secret note')
    await expect(kit.run(ref.pay({ card: '4111-1111', cents: 250 }))).rejects.toThrow(/failed/)
    expect(JSON.stringify(reports)).not.toMatch(/secret|4111|250/)
    await kit.stop()
  })

  test('OB-3: equal states have equal digests over restarts', async () => {
    const { kit, reports } = await start()
    const ref = kit.spawn(fragile, undefined, { supervise: restart() })
    for (const note of ['same', 'same', 'other']) {
      ref.add(note)
      await kit.run(Promise.allSettled([ref.pay({ card: 'x', cents: 1 })]))
    }
    const [one, two, three] = reports.map(({ stateDigest }) => stateDigest)
    expect(one).toBe(two)
    expect(one).not.toBe(three)
    expect(reports.map(({ incarnation }) => incarnation)).toEqual([1, 2, 3])
    await kit.stop()
  })

  test('OB-3: an end by force is reported, without a message to blame', async () => {
    const { kit, reports } = await start()
    const ref = kit.spawn(fragile, undefined, { grace: 100, supervise: resume() })
    await kit.run(Promise.allSettled([ref.pay({ card: 'x', cents: 1 })]))
    ref.hold()
    await kit.settle()
    await kit.run(kit.system.stop(ref))
    expect(reports).toMatchObject([{ reason: 'killed', message: null, error: null }])
    await kit.stop()
  })

  test('OB-3: a state that could not be made is reported without a digest', async () => {
    const { kit, reports } = await start()
    const unborn = actor(Fragile, {
      state: (): null => {
        throw new Error('no disk')
      },
      on: { pay: () => {}, add: () => {}, hold: () => {} },
    })
    kit.spawn(unborn)
    await kit.settle()
    expect(reports).toMatchObject([
      { reason: 'failed', message: 'state', stateDigest: null, error: { message: 'no disk' } },
    ])
    await kit.stop()
  })

  test('OB-3: ordinary ends, stops and resumed failures have no report', async () => {
    const { kit, reports } = await start()
    const ref = kit.spawn(fragile)
    const resumed = kit.spawn(fragile, undefined, { supervise: resume() })
    await kit.run(Promise.allSettled([resumed.pay({ card: 'x', cents: 1 })]))
    await kit.run(kit.system.stop(ref))
    await kit.stop()
    expect(reports).toEqual([])
  })

  test('OB-3: a state that throws when it is looked at does not keep its actor from ending', async () => {
    const { kit, reports } = await start()
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('do not look')
        },
      },
    )
    const shy = actor(Fragile, {
      state: () => trap,
      on: {
        pay: () => {
          throw new Error('fails')
        },
        add: () => {},
        hold: () => {},
      },
    })
    const ref = kit.spawn(shy)
    const failures: unknown[] = []
    kit.system.events.subscribe('subscriber.failed', ({ error }) => failures.push(error))
    await kit.run(Promise.allSettled([ref.pay({ card: 'x', cents: 1 })]))
    expect(kit.system.find(new URL(String(ref)).pathname)).toBeNull()
    expect(reports).toEqual([])
    expect(failures).toMatchObject([{ message: 'do not look' }])
    await kit.stop()
  })
})
