/**
 * ScriptedActor: an actor that writes its life into a journal and does what a test tells it.
 *
 * `act` and `call` run a function of the test as a turn of the actor, with its state and context,
 * so that each test shows all that happens in one place.
 */
import {
  actor,
  type AnyRef,
  ask,
  type Context,
  type MailboxOptions,
  type Policy,
  protocol,
  type Ref,
  type Signals,
  type Stopped,
  tell,
} from '../../src/kernel/index.ts'

export interface ScriptState {
  /** What has been noted in this incarnation. */
  readonly notes: string[]
}

export type ScriptContext = Context<(typeof Script)['messages'], ScriptState>
export type Act = (ctx: never, state: ScriptState) => unknown

export const Script = protocol('test.script/1', {
  note: tell<string>(),
  fail: tell<unknown>(),
  act: tell<Act>(),
  beside: tell<Act>({ interleave: true }),
  call: ask<Act, unknown>(),
  notes: ask<void, readonly string[]>(),
})

export type ScriptRef = Ref<(typeof Script)['messages']>

export interface ScriptOptions {
  readonly name?: string
  readonly supervise?: Policy
  readonly mailbox?: MailboxOptions
  readonly startTimeoutMs?: number
  readonly turnDeadlineMs?: number
  readonly stashCapacity?: number
  /** Runs before the state is there; may throw, wait, or say `stopped`. */
  readonly onStart?: (
    ctx: ScriptContext,
  ) => void | Stopped | Promise<void> | Promise<void | Stopped>
  readonly signals?: Signals<(typeof Script)['messages'], ScriptState>
}

/** An act with the context typed; the protocol cannot name the context of its own messages. */
export function act(work: (ctx: ScriptContext, state: ScriptState) => unknown): Act {
  return work
}

export function scripted(journal: string[], options: ScriptOptions = {}) {
  const { name = 'a', onStart, signals, ...rest } = options
  const write = (text: string): void => void journal.push(`${name} ${text}`)
  const run = (work: Act, ctx: unknown, state: ScriptState): unknown => work(ctx as never, state)
  return actor<(typeof Script)['messages'], ScriptState>(Script, {
    ...rest,
    state: (_none, ctx) => {
      write(`starts ${ctx.incarnation}`)
      const state: ScriptState = { notes: [] }
      const result = onStart?.(ctx)
      if (result instanceof Promise) return result.then((said) => said ?? state)
      return result ?? state
    },
    on: {
      note: (state, text) => {
        state.notes.push(text)
        write(text)
      },
      fail: (_state, error) => {
        throw error as Error
      },
      act: (state, work, ctx) => run(work, ctx, state) as void,
      beside: (state, work, ctx) => run(work, ctx, state) as void,
      call: (state, work, ctx) => run(work, ctx, state),
      notes: (state) => [...state.notes],
    },
    signals: {
      preRestart: (_state, error) => write(`preRestart ${textOf(error)}`),
      postStop: () => write('postStop'),
      dispose: () => write('dispose'),
      terminated: (_state, { ref, reason, cause }) => {
        const why = cause === undefined ? '' : ` ${textOf(cause)}`
        write(`hears ${nameOf(ref)} ${reason}${why}`)
      },
      ...signals,
    },
  })
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The last part of where a ref leads. */
export function nameOf(ref: AnyRef): string {
  return /([^/#]*)#/.exec(String(ref))?.[1] ?? ''
}
