/**
 * Tests of links: two actors that end together when one of them ends badly.
 */
import { expect, test } from 'vitest'
import type { ExitReason } from '../../src/kernel/index.ts'
import { act, scripted, type ScriptOptions, type ScriptRef, textOf } from './scripted-actor.ts'
import { boom, gate, world } from './scripted-world.ts'

/** Two linked actors, `a` and `b`. */
async function linked(options: { readonly a?: ScriptOptions; readonly b?: ScriptOptions } = {}) {
  const all = await world()
  const { kit, journal } = all
  const spawn = (name: 'a' | 'b'): ScriptRef =>
    kit.spawn(scripted(journal, { name, ...options[name] }), undefined, { name })
  const a = spawn('a')
  const b = spawn('b')
  a.act(act((ctx) => ctx.link(b)))
  await kit.settle()
  journal.length = 0
  const alive = (ref: ScriptRef): boolean => kit.system.cellOf(ref).phase !== 'ended'
  return { ...all, a, b, alive }
}

/** Ways for an actor to end. */
async function endOf(
  { kit }: Awaited<ReturnType<typeof world>>,
  ref: ScriptRef,
  reason: ExitReason,
): Promise<void> {
  if (reason === 'failed') ref.fail(boom)
  if (reason === 'normal') ref.act(act((ctx) => ctx.stop()))
  if (reason === 'killed') ref.act(act(() => gate().promise))
  await kit.settle()
  if (reason === 'shutdown') await kit.run(kit.system.stop(ref))
  if (reason === 'killed') await kit.run(kit.system.stop(ref, { grace: 0 }))
  await kit.settle()
}

test.for([
  { reason: 'failed', ends: true },
  { reason: 'killed', ends: true },
  { reason: 'normal', ends: false },
  { reason: 'shutdown', ends: false },
] as const)('WA-14: $reason of one ends the other: $ends, both ways', async ({ reason, ends }) => {
  for (const first of ['a', 'b'] as const) {
    const all = await linked()
    await endOf(all, all[first], reason)
    expect(all.alive(all[first])).toBe(false)
    expect(all.alive(first === 'a' ? all.b : all.a)).toBe(!ends)
  }
})

test.for(['failed', 'killed'] as const)(
  'WA-14: who traps hears of %s, with the cause, and lives',
  async (reason) => {
    const heard: string[] = []
    const all = await linked({
      b: {
        signals: {
          linkBroken: (_state, event) =>
            void heard.push(`${event.reason} ${textOf(event.cause ?? 'none')}`),
        },
      },
    })
    await endOf(all, all.a, reason)
    expect(all.alive(all.b)).toBe(true)
    expect(heard).toEqual([reason === 'failed' ? 'failed boom' : 'killed none'])
  },
)

test('WA-14: linking twice is one link, and one unlink undoes it', async () => {
  const heard: string[] = []
  const all = await linked({
    b: { signals: { linkBroken: (_state, { reason }) => void heard.push(reason) } },
  })
  all.b.act(act((ctx) => ctx.link(all.a)))
  all.a.act(act((ctx) => ctx.link(all.b)))
  await all.kit.settle()
  await endOf(all, all.a, 'failed')
  expect(heard).toEqual(['failed'])

  const again = await linked()
  again.a.act(act((ctx) => ctx.link(again.b)))
  again.b.act(act((ctx) => ctx.unlink(again.a)))
  await again.kit.settle()
  await endOf(again, again.a, 'failed')
  expect(again.alive(again.b)).toBe(true)
})

test('WA-14: a link to an actor that has ended breaks at once, as no-such-actor', async () => {
  const { kit, journal, watch } = await world()
  const gone = kit.spawn(scripted(journal, { name: 'gone' }))
  await kit.run(kit.system.stop(gone))
  const heard: string[] = []
  const trapping = kit.spawn(
    scripted(journal, {
      signals: { linkBroken: (_state, { reason }) => void heard.push(reason) },
    }),
  )
  const other = kit.spawn(scripted(journal, { name: 'other' }), undefined, { name: 'other' })
  watch(other)
  await kit.settle()
  for (const ref of [trapping, other]) ref.act(act((ctx) => ctx.link(gone)))
  await kit.settle()
  expect(heard).toEqual(['no-such-actor'])
  expect(journal).toContain('watcher hears other failed')
})

test('WA-14: the cause goes along a chain of links, link by link', async () => {
  const { kit, journal, failures } = await world()
  const causes: unknown[] = []
  const parent = kit.spawn(
    scripted(journal, {
      name: 'parent',
      signals: { terminated: (_state, { cause }) => void causes.push(cause) },
    }),
  )
  parent.act(
    act((ctx) => {
      const chain = ['one', 'two', 'three'].map((name) => ctx.spawn(scripted(journal, { name })))
      for (const [index, ref] of chain.entries()) {
        ctx.watch(ref)
        const next = chain[index + 1]
        if (next !== undefined) ref.act(act((own) => own.link(next)))
      }
      chain[0]?.fail(boom)
    }),
  )
  await kit.settle()
  expect(causes).toMatchObject([
    { message: 'boom' },
    { code: 'link_broken', cause: boom },
    { code: 'link_broken', cause: { code: 'link_broken', cause: boom } },
  ])
  expect(failures).toHaveLength(1)
})
