/**
 * SupervisedTree: a scripted world with one supervisor, `/sup`, and children that write a journal.
 */
import {
  type AnyRef,
  type ChildSpec,
  type EventTypes,
  type RefOf,
  type Supervision,
  supervisor,
  type SupervisorSpec,
} from '../../src/kernel/index.ts'
import { scripted, type ScriptOptions, type ScriptRef } from './scripted-actor.ts'
import { world } from './scripted-world.ts'

export type SupervisorRef = RefOf<typeof Supervision>

export async function tree() {
  const all = await world()
  const { kit, journal } = all
  const decided: EventTypes['supervisor.decided'][] = []
  kit.system.events.subscribe('supervisor.decided', (event) => void decided.push(event))
  const spec = (
    id: string,
    more: Partial<ChildSpec> = {},
    script: ScriptOptions = {},
  ): ChildSpec => ({
    id,
    start: scripted(journal, { name: id, ...script }),
    ...more,
  })
  /** Start a supervisor; the journal is empty afterwards. */
  const supervise = async (options: SupervisorSpec): Promise<SupervisorRef> => {
    const ref = kit.spawn(supervisor(options), undefined, { name: 'sup' })
    await kit.settle()
    journal.length = 0
    return ref
  }
  const child = (id: string): ScriptRef => kit.system.find(`/sup/${id}`) as ScriptRef
  /** What the journal says of beginnings and ends. */
  const lives = (): readonly string[] =>
    journal.filter((line) => / (starts|postStop|preRestart)/.test(line))
  const alive = (ref: AnyRef): boolean => kit.system.cellOf(ref).phase !== 'ended'
  return { ...all, decided, spec, supervise, child, lives, alive }
}
