/**
 * Ask tests: each ask ends in exactly one answer or one named failure.
 */
import { describe, expect, test } from 'vitest'
import type { Replier } from '../../src/kernel/index.ts'
import { codeIn, World } from './desk.ts'

describe('an answer', () => {
  test('AK-1: a reply counts once, and a second one is a dead letter', async () => {
    const world = await World.open()
    const asked = world.desk('a').hold({ key: 'k' })
    await world.kit.settle()
    const replier = world.held.get('k') as Replier<string>
    replier.succeed('first')
    replier.succeed('second')
    replier.fail(new TypeError('third'))
    expect(await world.codeNow(asked)).toBe('first')
    expect(world.letters).toEqual(['late-reply hold', 'late-reply hold'])
    expect(world.kit.system.deadLetters.latest[0]).toMatchObject({ payload: 'second' })
    await world.kit.stop()
  })

  test('AK-12: a hundred asks of one asker are answered in order', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const answers: string[] = []
    const words = Array.from({ length: 100 }, (_, i) => String(i))
    for (const word of words) void desk.echo({ word }).then((answer) => answers.push(answer))
    await world.kit.settle()
    expect(answers).toEqual(words)
    await world.kit.stop()
  })
})

describe('a refusal', () => {
  test('AK-2, DL-2: a dead target rejects at once with its path, and one dead letter', async () => {
    const world = await World.open()
    const desk = world.desk('gone')
    await world.kit.run(world.kit.system.stop(desk))
    const asked = desk.echo({ word: 'hello' })
    expect(await world.codeNow(asked)).toBe('no_such_actor')
    await expect(asked).rejects.toMatchObject({ detail: { path: '/gone' } })
    expect(world.letters).toEqual(['no-such-actor echo'])
    expect(world.kit.clock.now()).toBe(0)
    await world.kit.stop()
  })

  test('AK-4, C6: a handler that throws tells its asker at once, and the cause', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const asked = desk.fail({ why: 'broken' })
    expect(await world.codeNow(asked)).toBe('faulted')
    await expect(asked).rejects.toMatchObject({ cause: new TypeError('broken') })
    expect(await world.codeNow(desk.echo({ word: 'next' }))).toBe('next')
    await world.kit.stop()
  })

  test('AK-5: the deadline names path, message and milliseconds; the target goes on', async () => {
    const world = await World.open()
    const desk = world.desk('slow')
    const asked = desk.wait({ key: 'k' }, { deadline: 200 })
    await world.kit.settle()
    await world.kit.advance(199)
    expect(await world.codeNow(asked)).toBe('pending')
    await world.kit.advance(1)
    await expect(asked).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/wait to \/slow had no answer within 200 ms/),
      detail: { path: '/slow', message: 'wait', deadlineMs: 200 },
    })
    world.gates.get('k')?.('late')
    expect(await world.codeNow(desk.echo({ word: 'alive' }))).toBe('alive')
    await world.kit.stop()
  })

  test('AK-6: a reply after the deadline is a dead letter and reaches nobody', async () => {
    const world = await World.open()
    const asked = world.desk('a').wait({ key: 'k' }, { deadline: 10 })
    expect(await world.codeOf(asked)).toBe('timeout')
    world.gates.get('k')?.('too late')
    await world.kit.settle()
    expect(world.kit.system.deadLetters.latest).toMatchObject([
      { reason: 'late-reply', message: 'wait', payload: 'too late', sender: '/a' },
    ])
    await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    await world.kit.stop()
  })

  test.for([0, -5, Number.NaN, -Infinity])(
    'AK-7: a deadline of %d is refused at once, and nothing is sent',
    async (deadline) => {
      const world = await World.open()
      const asked = world.desk('a').echo({ word: 'no' }, { deadline })
      expect(await world.codeNow(asked)).toBe('invalid_deadline')
      expect(world.ran).toEqual([])
      await world.kit.stop()
    },
  )

  test('AK-7: an ask on a budget that is spent is refused, and nothing is sent', async () => {
    const world = await World.open()
    const [a, b] = [world.desk('a'), world.desk('b')]
    let nested = ''
    const late = async (): Promise<string> => {
      await new Promise<string>((resolve) => world.gates.set('until', resolve))
      const asked = b.echo({ word: 'no' })
      nested = await asked.catch(codeIn)
      return nested
    }
    const asked = a.through({ to: late }, { deadline: 50 })
    await world.kit.settle()
    await world.kit.advance(60)
    world.gates.get('until')?.('now')
    expect(await world.codeNow(asked)).toBe('timeout')
    expect([nested, world.ran]).toEqual(['timeout', []])
    await world.kit.stop()
  })

  test('a null payload is refused where it is sent', async () => {
    const world = await World.open()
    const desk = world.desk('a') as unknown as { echo(payload: null): Promise<string> }
    expect(await world.codeNow(desk.echo(null))).toBe('invalid_message')
    await world.kit.stop()
  })

  test('a stopping actor answers those who wait with its stop, each once', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const running = desk.wait({ key: 'k' })
    const queued = desk.echo({ word: 'q' })
    await world.kit.settle()
    const stopping = world.kit.system.stop(desk, { grace: 10 })
    const late = desk.echo({ word: 'l' })
    await world.kit.run(stopping)
    const codes = [running, queued, late].map((asked) => world.codeNow(asked))
    expect(await Promise.all(codes)).toEqual(['stopped', 'stopped', 'stopped'])
    expect(world.letters).toEqual(['stopped echo', 'stopped echo'])
    await world.kit.stop()
  })

  test('the end of the system answers every ask and stream that is still open', async () => {
    const world = await World.open()
    const { system } = world.kit
    const desk = world.desk('a')
    const held = desk.hold({ key: 'k' }, { deadline: '1h' as unknown as number })
    expect(await world.codeNow(held)).toBe('invalid_deadline')
    const open = desk.hold({ key: 'k' }, { deadline: 3_600_000 })
    await world.kit.settle()
    await world.kit.run(system.terminate())
    expect(await world.codeNow(open)).toBe('system_terminated')
    expect(await world.codeNow(desk.echo({ word: 'x' }))).toBe('system_terminated')
    expect(system.wheel.size).toBe(0)
  })
})

describe('a deadline that passes in the queue', () => {
  test('AK-9: the message is dropped unprocessed and counted as expired, once', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const first = desk.wait({ key: 'k' })
    const queued = desk.echo({ word: 'expired' }, { deadline: 50 })
    await world.kit.settle()
    await world.kit.advance(60)
    world.gates.get('k')?.('done')
    expect(await world.codeNow(first)).toBe('done')
    expect(await world.codeNow(queued)).toBe('timeout')
    expect(world.ran).toEqual(['k'])
    expect(world.letters).toEqual(['expired echo'])
    expect(world.kit.system.deadLetters.count('expired')).toBe(1)
    await world.kit.stop()
  })

  test('AK-9: it is dropped also when a synchronous turn kept the wheel from turning', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const { clock } = world.kit
    const now = clock.now.bind(clock)
    let blockedMs = 0
    Object.defineProperty(clock, 'now', { value: () => now() + blockedMs })
    desk.run({ work: () => void (blockedMs = 100) })
    const queued = desk.echo({ word: 'late' }, { deadline: 50 })
    expect(await world.codeNow(queued)).toBe('timeout')
    expect(world.ran).toEqual([])
    await world.kit.stop()
  })

  test('AK-9: one that expired in the queue of a stopping actor is one dead letter', async () => {
    const world = await World.open()
    const desk = world.desk('a')
    const running = desk.wait({ key: 'k' }, { deadline: 20 })
    const queued = desk.echo({ word: 'x' }, { deadline: 20 })
    expect(await world.codeOf(running)).toBe('timeout')
    expect(await world.codeOf(queued)).toBe('timeout')
    await world.kit.run(world.kit.system.stop(desk, { grace: 10 }))
    expect(world.letters).toEqual(['expired echo'])
    await world.kit.stop()
  })
})
