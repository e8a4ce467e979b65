/**
 * Tests of the test kit: virtual time, seeded order, driving promises.
 */
import { expect, test } from 'vitest'
import { actor, ask, protocol, tell } from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'

const Counter = protocol('test.counter/1', {
  add: tell<{ by: number }>(),
  get: ask<void, number>(),
  later: ask<{ afterMs: number }, number>(),
  fire: tell(),
})
const counter = actor(Counter, {
  state: () => ({ count: 0, reply: [] as ((n: number) => void)[] }),
  on: {
    add: (s, { by }) => void (s.count += by),
    get: async (s) => {
      await null
      await null
      return s.count
    },
    later: (s, { afterMs }, ctx) => {
      ctx.after('x', afterMs, 'fire', undefined)
      return ctx.replyLater<number>((r) => s.reply.push((n) => r.succeed(n)))
    },
    fire: (s, _, ctx) => s.reply.pop()?.(ctx.now()),
  },
})

test('kit runs, settles and advances', async () => {
  const kit = await testSystem({ seed: 1 })
  const ref = kit.system.spawn(counter)
  ref.add({ by: 2 })
  expect(await kit.run(ref.get())).toBe(2)
  expect(await kit.run(ref.later({ afterMs: 1000 }))).toBe(1000)
  expect(kit.clock.now()).toBe(1000)
  const late = ref.later({ afterMs: 9000 })
  await kit.advance('4.9s')
  await expect(Promise.race([late, 'pending'])).resolves.toBe('pending')
  await kit.advance('100ms')
  await expect(late).rejects.toMatchObject({ code: 'timeout' })
  await kit.stop()
})
