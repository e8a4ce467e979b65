/**
 * ProbeActor: the actor behind a probe; it keeps whatever it receives for the test to look at.
 */
import {
  type ActorDef,
  actor,
  feed,
  type Feed,
  type Handlers,
  type Input,
  type Messages,
  type Protocol,
  protocol,
  type Replier,
  tell,
  type TellSpec,
  type Terminated,
} from '../kernel/index.ts'
import * as limits from './limits.ts'

/** A message that a probe received: its name and its payload. */
export type Received<M extends Messages> = {
  readonly [K in keyof M & string]: { readonly name: K; readonly payload: Input<M[K]> }
}[keyof M & string]

/** What a probe without a protocol understands. */
export type AnyMessages = { readonly message: TellSpec<unknown> }
export const AnyProtocol: Protocol<AnyMessages> = protocol('test.probe/1', {
  message: tell<unknown>(),
})

export interface Kept {
  readonly name: string
  readonly payload: unknown
  /** Answers it, when it was asked. */
  readonly replier: Replier<unknown> | null
  /** Takes the items, when it was asked as a stream. */
  readonly items: Feed<unknown> | null
}

/** What has arrived and was not looked at yet. */
export class ProbeBox {
  readonly messages: Kept[] = []
  readonly terminated: Terminated[] = []
}

export function probeActor<M extends Messages>(
  spoken: Protocol<M>,
  box: ProbeBox,
): ActorDef<M, void> {
  const on = Object.fromEntries(
    spoken.table.map(({ name, kind }) => [name, keep(box, name, kind)]),
  ) as unknown as Handlers<M, null>
  return actor<M, null>(spoken, {
    state: () => null,
    on,
    signals: { terminated: (_state, event) => void box.terminated.push(event) },
    mailbox: { capacity: Infinity },
  })
}

interface Replying {
  replyLater(keep: (replier: Replier<unknown>) => void): unknown
}

/** Handlers of every message look alike, so they are made from the protocol's table. */
function keep(
  box: ProbeBox,
  name: string,
  kind: 'tell' | 'ask' | 'stream',
): (state: null, payload: unknown, ctx: Replying) => unknown {
  return (_state, payload, ctx) => {
    if (kind === 'tell') {
      box.messages.push({ name, payload, replier: null, items: null })
      return undefined
    }
    if (kind === 'stream') {
      const items = feed<unknown>({ capacity: limits.probeFeedItems })
      box.messages.push({ name, payload, replier: null, items })
      return items
    }
    return ctx.replyLater((replier) => {
      box.messages.push({ name, payload, replier, items: null })
    })
  }
}
