/**
 * StandIn: the local actor that stands for one that lives in a thread.
 *
 * It is an ordinary child of its parent: its queue, its policy, its supervisor, its watchers and
 * its stop are those of any actor. Its turns hand messages over to the thread; a failure there is
 * a failure here; its restart restarts the actor in the thread, or the thread when that is gone.
 */
import type { Cell, EdgeError } from '../../kernel/index.ts'
import {
  type ActorDef,
  actor,
  AnyRef,
  type Context,
  type Message,
  type Messages,
  type Policy,
  type Protocol,
  type Recipient,
  restart,
  type Rider,
  type Rule,
  type Transit,
} from '../../kernel/index.ts'
import type { LodgerView } from '../../../workers/thread/control.ts'
import { Packer, Parcel } from '../../../workers/thread/payload.ts'
import { takeMark } from '../../../workers/thread/transfer.ts'
import { Lodging, type LodgingOptions } from './lodging.ts'
import { threadLimits } from './thread.ts'

type Ctx = Context<Messages, Lodging>

export interface StandInOptions extends Omit<LodgingOptions, 'self' | 'noteRule'> {
  readonly startTimeoutMs: number
}

/** A thread that dies is started again, soon at first; ten times in ten seconds are too many. */
const threadPolicy = restart({ max: 10, within: '10s', backoff: { min: 50, max: 5_000 } })

const everyLodging = new WeakMap<Recipient, Lodging>()

/** The actor behind a stand-in as it is in its thread; null while there is none. */
export async function lookInThread(ref: AnyRef): Promise<LodgerView | null> {
  const thread = everyLodging.get(AnyRef.recipientOf(ref))?.thread ?? null
  return thread === null || thread.ended ? null : thread.inspect()
}

export function standIn<M extends Messages>(
  speaks: Protocol<M>,
  options: StandInOptions,
): ActorDef<M> {
  const lodgings = new WeakMap<AnyRef, Lodging>()
  const rules = new WeakMap<object, Rule>()
  const lodgingOf = (ctx: Ctx): Lodging => {
    const known = lodgings.get(ctx.self)
    if (known !== undefined) return known
    const self = AnyRef.recipientOf(ctx.self) as Cell
    const made = new Lodging({
      ...options,
      self,
      noteRule: (error, rule) => rules.set(error, rule),
    })
    lodgings.set(ctx.self, made)
    everyLodging.set(self, made)
    return made
  }
  const pass = (lodging: Lodging, _payload: unknown, ctx: Ctx): unknown => lodging.pass(ctx)
  const handlers = Object.fromEntries(speaks.table.map(({ name }) => [name, pass]))
  const policy: Policy = (error) =>
    (typeof error === 'object' && error !== null ? rules.get(error) : undefined) ??
    (isThreadError(error) ? threadPolicy(error) : null)
  const def = actor<Messages, Lodging>(speaks, {
    state: (_, ctx) => lodgingOf(ctx).open(ctx),
    on: handlers,
    signals: { postStop: (lodging) => lodging.leave() },
    supervise: policy,
    startTimeoutMs: options.startTimeoutMs,
    stashCapacity: Infinity,
  })
  return { ...def, transit } as unknown as ActorDef<M>
}

const checker = new Packer(threadLimits, () => true)

/** Payloads are checked where they are sent, and leave their sender there. */
const transit: Transit = {
  send(to: Cell, message: Message, payload: unknown, rider: Rider): void {
    if (message.index < 0 || payload instanceof Parcel) to.deliver(message, payload, rider)
    else {
      const parcel = pack(message, payload, rider)
      if (parcel !== null) to.deliver(message, parcel, rider)
    }
  },
}

function pack(message: Message, payload: unknown, rider: Rider): Parcel | null {
  try {
    return checker.pack(payload, `payload of ${message.name}`, takeMark(payload))
  } catch (refusal) {
    if (rider === null || !rider.isEnvelope || !rider.expectsReply) throw refusal
    rider.fail(refusal as EdgeError)
    return null
  }
}

function isThreadError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return error.code === 'worker_exited' || error.code === 'worker_stuck'
}
