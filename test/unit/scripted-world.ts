/**
 * ScriptedWorld: a test system whose actors write one journal, with all that a test looks at.
 */
import type { ActorFailed, AnyRef, DeadLetter, Policy } from '../../src/kernel/index.ts'
import { testSystem } from '../../src/testing/index.ts'
import { act, scripted, type ScriptOptions, type ScriptRef } from './scripted-actor.ts'

export const boom = new Error('boom')
export const gate = <T = void>() => Promise.withResolvers<T>()

export async function world(options: { readonly supervise?: Policy } = {}) {
  const kit = await testSystem({ seed: 1, ...options })
  const journal: string[] = []
  const letters: DeadLetter[] = []
  const failures: ActorFailed[] = []
  /** Turns and hooks that were not waited for any longer. */
  const abandoned: string[] = []
  const { events, deadLetters } = kit.system
  deadLetters.listen((letter) => void letters.push(letter))
  events.subscribe('actor.failed', (event) => void failures.push(event))
  events.subscribe('actor.abandoned', ({ path, message }) => {
    abandoned.push(`${path} ${message}`)
  })
  /** Have somebody write down what is heard of the end of an actor. */
  const watch = (ref: AnyRef): void => {
    kit.spawn(scripted(journal, { name: 'watcher' })).act(act((ctx) => ctx.watch(ref)))
  }
  /** An actor with a child of its own; the journal starts empty. */
  const family = async (parent: ScriptOptions, child: ScriptOptions) => {
    const ref = kit.spawn(scripted(journal, { name: 'parent', ...parent }))
    const born = ref.call(act((ctx) => ctx.spawn(scripted(journal, { name: 'child', ...child }))))
    const childRef = (await kit.run(born)) as ScriptRef
    await kit.settle()
    journal.length = 0
    return { parent: ref, child: childRef }
  }
  return { kit, journal, letters, failures, abandoned, watch, family }
}
