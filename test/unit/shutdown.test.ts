/**
 * Shutdown: phases, tasks and deadlines on the way down (SD-1), and nothing left behind (SD-3).
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  actor,
  ask,
  type EdgeError,
  phasesOf,
  protocol,
  type ShutdownReport,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem, type VirtualTime } from '../../src/testing/index.ts'

const Worker = protocol('test.worker/1', { hold: tell(), work: ask<void, string>() })

function worker(log: string[] = []) {
  return actor(Worker, {
    state: () => null,
    on: { hold: () => new Promise<void>(() => {}), work: () => 'done' },
    signals: { postStop: () => void log.push('actor stopped') },
  })
}

/** A task that takes its time, virtual time that is. */
function takes(kit: TestKit, ms: number): () => Promise<void> {
  const { time }: { readonly time: VirtualTime } = kit
  return () =>
    new Promise((resolve) => {
      time.setAlarm(time.clock.now() + ms, { wanted: true, ring: resolve })
    })
}

const never = (): Promise<void> => new Promise(() => {})

function phase(report: ShutdownReport, name: string) {
  return report.phases.find((candidate) => candidate.phase === name)
}

describe('SD-1: phases', () => {
  test('SD-1: the usual phases run in their order, whatever the order of declaration', () => {
    const names = phasesOf({ backup: { after: ['finish'] }, handOver: { after: ['backup'] } })
    expect(names.map(({ name }) => name)).toEqual([
      'refuse',
      'finish',
      'backup',
      'handOver',
      'leave',
      'actors',
      'release',
    ])
  })

  test('SD-1: what is declared of a usual phase leaves the rest of it as it was', () => {
    const [usual, changed] = [phasesOf(), phasesOf({ finish: { timeout: '1s' } })]
    expect(changed.map(({ name }) => name)).toEqual(usual.map(({ name }) => name))
    expect(changed[1]).toEqual({ ...usual[1], timeoutMs: 1_000 })
  })

  test('SD-1: a cycle is refused at declaration, and the error names it', () => {
    const declare = (): unknown => phasesOf({ a: { after: ['b'] }, b: { after: ['a'] } })
    expect(declare).toThrow(expect.objectContaining({ code: 'invalid_phases' }))
    expect(declare).toThrow(/a after b; b after a/)
  })

  test.for([
    { phases: { a: { after: ['nowhere'] } }, says: /"nowhere", which is no phase/ },
    { phases: { a: { timeout: 0 } }, says: /timeout of 0 ms/ },
    { phases: { a: { timeout: Number.NaN } }, says: /timeout of NaN ms/ },
    { phases: { a: { after: ['a'] } }, says: /a after a/ },
  ])('SD-1: phases $phases are refused', ({ phases, says }) => {
    expect(() => phasesOf(phases)).toThrow(says)
  })

  test('SD-1: names that JavaScript knows are names like others (JS-12)', () => {
    const phases = JSON.parse('{"__proto__":{"after":["constructor"]},"constructor":{}}') as object
    expect(phasesOf(phases as Parameters<typeof phasesOf>[0]).map(({ name }) => name)).toContain(
      '__proto__',
    )
  })
})

describe('SD-1: the way down', () => {
  test('SD-1: tasks run phase by phase, actors still answer before theirs', async () => {
    const kit = await testSystem({ seed: 1 })
    const log: string[] = []
    const ref = kit.spawn(worker(log))
    const { shutdown } = kit.system
    shutdown.add('release', 'files', () => void log.push('files closed'))
    shutdown.add('finish', 'last asks', async () => void log.push(await ref.work()))
    shutdown.add('refuse', 'door', () => void log.push('door shut'))
    const exit = await kit.stop()
    expect(exit.reason).toBe('shutdown')
    expect(log).toEqual(['door shut', 'done', 'actor stopped', 'files closed'])
  })

  test('SD-1: a second call returns the same promise', async () => {
    const kit = await testSystem({ seed: 1 })
    expect(kit.system.terminate()).toBe(kit.system.terminate())
    expect(kit.system.shutdown.run()).toBe(kit.system.shutdown.run('again'))
    await kit.stop()
  })

  test('SD-1: tasks of one phase run side by side', async () => {
    const kit = await testSystem({ seed: 1 })
    kit.system.shutdown.add('finish', 'one', takes(kit, 300))
    kit.system.shutdown.add('finish', 'two', takes(kit, 400))
    const report = await kit.run(kit.system.shutdown.run())
    expect(phase(report, 'finish')).toMatchObject({ outcome: 'done', tookMs: 400 })
  })

  test('SD-1: a phase that takes too long is left behind, and its task hears it', async () => {
    const kit = await testSystem({ seed: 1, shutdown: { phases: { finish: { timeout: '1s' } } } })
    const after: string[] = []
    const signals: AbortSignal[] = []
    kit.system.shutdown.add('finish', 'stuck', (signal) => {
      signals.push(signal)
      return never()
    })
    kit.system.shutdown.add('leave', 'goodbye', () => void after.push('said'))
    const report = await kit.run(kit.system.shutdown.run())
    expect(phase(report, 'finish')).toMatchObject({
      outcome: 'timed-out',
      tookMs: 1_000,
      unfinished: ['stuck'],
    })
    expect(signals[0]?.aborted).toBe(true)
    expect(after).toEqual(['said'])
    expect(report.overdue).toBe(false)
  })

  test('SD-1: a task that throws, at once or later, harms no other and is reported', async () => {
    const kit = await testSystem({ seed: 1 })
    const log: string[] = []
    const failures: string[] = []
    kit.system.events.subscribe('shutdown.failed', ({ task }) => failures.push(task))
    kit.system.shutdown.add('finish', 'throws', () => {
      throw new Error('now')
    })
    kit.system.shutdown.add('finish', 'rejects', async () => {
      await Promise.resolve()
      throw new Error('later')
    })
    kit.system.shutdown.add('finish', 'works', () => void log.push('worked'))
    kit.system.shutdown.add('release', 'next', () => void log.push('next'))
    const report = await kit.run(kit.system.shutdown.run())
    expect(phase(report, 'finish')).toMatchObject({ outcome: 'failed' })
    expect(phase(report, 'finish')?.failed.map(({ task }) => task)).toEqual(['throws', 'rejects'])
    expect(failures).toEqual(['throws', 'rejects'])
    expect(log).toEqual(['worked', 'next'])
  })

  test('SD-1: without recovery a failed phase ends the shutdown, and it says so', async () => {
    const kit = await testSystem({ seed: 1, shutdown: { phases: { finish: { recover: false } } } })
    const log: string[] = []
    kit.system.shutdown.add('finish', 'save', () => {
      throw new Error('disk full')
    })
    kit.system.shutdown.add('release', 'never', () => void log.push('released'))
    const down = kit.system.shutdown.run()
    await expect(kit.run(down)).rejects.toMatchObject({
      code: 'shutdown_failed',
      cause: { message: 'disk full' },
      detail: { phase: 'finish', outcome: 'failed' },
    })
    expect(kit.system.shutdown.run()).toBe(down)
    expect(log).toEqual([])
    expect(kit.system.terminated).toBe(false)
    expect(kit.system.wheel.size).toBe(0)
  })

  test('SD-1: the deadline of the whole ends it, whatever phases are left', async () => {
    const kit = await testSystem({ seed: 1, shutdown: { deadline: '2s' } })
    const log: string[] = []
    kit.spawn(worker(log))
    kit.system.shutdown.add('refuse', 'slow', takes(kit, 1_500))
    kit.system.shutdown.add('finish', 'stuck', never)
    kit.system.shutdown.add('release', 'skipped', () => void log.push('released'))
    const report = await kit.run(kit.system.shutdown.run())
    expect(report).toMatchObject({ overdue: true, tookMs: 2_000 })
    expect(report.phases.map(({ outcome }) => outcome)).toEqual([
      'done',
      'timed-out',
      'skipped',
      'skipped',
      'done',
      'skipped',
    ])
    expect(log).toEqual(['actor stopped'])
    expect((await kit.system.whenTerminated).reason).toBe('shutdown')
  })

  test('SD-1: a cancelled task does not run, and one that has begun cannot be', async () => {
    const kit = await testSystem({ seed: 1 })
    const log: string[] = []
    const cancel = kit.system.shutdown.add('finish', 'one', () => void log.push('one'))
    const tooLate = kit.system.shutdown.add('refuse', 'two', () => void log.push('two'))
    expect(cancel()).toBe(true)
    expect(cancel()).toBe(false)
    await kit.run(kit.system.shutdown.run())
    expect(tooLate()).toBe(false)
    expect(log).toEqual(['two'])
  })

  test('SD-1: a task cancelled by a task of an earlier phase does not run', async () => {
    const kit = await testSystem({ seed: 1 })
    const log: string[] = []
    const cancel = kit.system.shutdown.add('leave', 'one', () => void log.push('one'))
    kit.system.shutdown.add('refuse', 'two', () => void log.push(String(cancel())))
    await kit.run(kit.system.shutdown.run())
    expect(log).toEqual(['true'])
  })

  test('SD-1: a task added to a later phase by an earlier one runs', async () => {
    const kit = await testSystem({ seed: 1 })
    const log: string[] = []
    const { shutdown } = kit.system
    shutdown.add('finish', 'adds', async () => {
      await Promise.resolve()
      shutdown.add('release', 'added', () => void log.push('added'))
    })
    await kit.run(shutdown.run())
    expect(log).toEqual(['added'])
  })

  test('SD-1: a task for a phase that has begun, or that is none, is refused', async () => {
    const kit = await testSystem({ seed: 1 })
    const { shutdown } = kit.system
    const codes: string[] = []
    shutdown.add('finish', 'late', () => {
      try {
        shutdown.add('finish', 'too late', never)
      } catch (error) {
        codes.push((error as EdgeError).code)
      }
    })
    expect(() => shutdown.add('lunch', 'eat', never)).toThrow(/"lunch"; use one of refuse/)
    await kit.run(shutdown.run())
    expect(codes).toEqual(['phase_over'])
  })
})

describe('SD-1: actors', () => {
  test('SD-1: without tasks the actors are asked to end before terminate returns', async () => {
    const kit = await testSystem({ seed: 1 })
    void kit.system.terminate()
    expect(kit.system.stopping).toBe(true)
    expect(() => kit.spawn(worker())).toThrow(
      expect.objectContaining({ code: 'system_terminated' }),
    )
    await kit.stop()
  })

  test('SD-1: an actor that never ends is given up when the time of its phase is over', async () => {
    const kit = await testSystem({ seed: 1, shutdown: { phases: { actors: { timeout: '3s' } } } })
    const log: string[] = []
    const ref = kit.spawn(worker(log), undefined, { grace: Infinity })
    ref.hold()
    await kit.settle()
    const exit = await kit.stop()
    expect(exit.reason).toBe('shutdown')
    // Without grace means at the next tick of the wheel.
    expect(kit.clock.now()).toBe(3_001)
    expect(log).toEqual(['actor stopped'])
  })

  test('SD-1: tasks of later phases run when the root ends by itself', async () => {
    const kit = await testSystem({ seed: 1 })
    const log: string[] = []
    kit.system.shutdown.add('release', 'files', (_signal, reason) => void log.push(reason))
    kit.system.shutdown.add('finish', 'stuck', never)
    void kit.system.stop(kit.system.root.ref)
    await kit.run(kit.system.whenTerminated)
    await kit.run(kit.system.shutdown.run())
    expect(log).toEqual(['the root has ended'])
    expect(kit.system.wheel.size).toBe(0)
  })

  test('SD-1: a root that ends in the middle of a phase stops no clock', async () => {
    const kit = await testSystem({ seed: 1 })
    kit.system.shutdown.add('finish', 'stuck', never)
    kit.system.shutdown.add('release', 'stuck too', never)
    const down = kit.system.shutdown.run()
    await kit.settle()
    void kit.system.stop(kit.system.root.ref)
    const report = await kit.run(down)
    expect(phase(report, 'finish')).toMatchObject({ outcome: 'timed-out', tookMs: 5_000 })
    expect(phase(report, 'release')).toMatchObject({ outcome: 'timed-out', tookMs: 5_000 })
    await kit.stop()
  })

  test('SD-1: terminate in the middle of a task waits for nobody', async () => {
    const kit = await testSystem({ seed: 1 })
    kit.system.shutdown.add('finish', 'again', () => void kit.system.terminate())
    expect((await kit.stop()).reason).toBe('shutdown')
  })
})

describe('SD-3', () => {
  test('SD-3: after the shutdown of a busy system no handle is open', async () => {
    const program = new URL('shutdown.program.ts', import.meta.url).pathname
    const { stdout } = await promisify(execFile)(process.execPath, [program])
    expect(JSON.parse(stdout)).toEqual({ asked: 100, left: [] })
  })
})
