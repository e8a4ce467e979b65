/**
 * Desk: an actor to be asked in tests, and the world it lives in.
 *
 * It answers at once, later, never or not at all, and the test decides which and when.
 */
import {
  actor,
  ask,
  EdgeError,
  protocol,
  type Ref,
  type Replier,
  restart,
  tell,
} from '../../src/kernel/index.ts'
import { type TestKit, testSystem } from '../../src/testing/index.ts'

const Desk = protocol('test.desk/1', {
  echo: ask<{ word: string }, string>(),
  fail: ask<{ why: string }, string>(),
  /** Answered when the test opens the gate. */
  wait: ask<{ key: string }, string>(),
  hold: ask<{ key: string }, string>(),
  through: ask<{ to: () => Promise<string> }, string>(),
  open: ask<{ to: () => Promise<string> }, string>({ interleave: true }),
  run: tell<{ work: () => unknown }>(),
})
export type Desks = (typeof Desk)['messages']

export class World {
  readonly kit: TestKit
  readonly ran: string[] = []
  readonly gates = new Map<string, (value: string) => void>()
  readonly held = new Map<string, Replier<string>>()
  readonly signals = new Map<string, AbortSignal>()

  constructor(kit: TestKit) {
    this.kit = kit
  }

  static async open(): Promise<World> {
    return new World(await testSystem({ seed: 7 }))
  }

  desk(name: string): Ref<Desks> {
    const def = actor(Desk, {
      state: () => null,
      on: {
        echo: (_state, { word }) => {
          this.ran.push(word)
          return word
        },
        fail: (_state, { why }) => {
          throw new TypeError(why)
        },
        wait: async (_state, { key }, ctx) => {
          this.ran.push(key)
          this.signals.set(key, ctx.signal)
          return new Promise<string>((resolve) => this.gates.set(key, resolve))
        },
        hold: (_state, { key }, ctx) => ctx.replyLater((replier) => this.held.set(key, replier)),
        through: async (_state, { to }) => to(),
        open: async (_state, { to }) => to(),
        run: (_state, { work }) => void work(),
      },
      supervise: restart(),
    })
    return this.kit.system.spawn(def, undefined, { name })
  }

  get letters(): readonly string[] {
    return this.kit.system.deadLetters.latest.map(({ reason, message }) => `${reason} ${message}`)
  }

  async codeOf(asked: Promise<unknown>): Promise<string> {
    return this.kit.run(asked.then(String, codeIn))
  }

  /** What became of it without letting time pass. */
  async codeNow(asked: Promise<unknown>): Promise<string> {
    let code = 'pending'
    asked.then(
      (value) => (code = String(value)),
      (error: unknown) => (code = codeIn(error)),
    )
    await this.kit.settle()
    return code
  }
}

export function codeIn(error: unknown): string {
  return error instanceof EdgeError ? error.code : String(error)
}
