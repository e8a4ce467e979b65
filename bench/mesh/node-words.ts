/**
 * NodeWords: what a measuring process and a process with a node say to each other.
 */
import type { MemberChange } from 'shoal'

export interface StartOrder {
  readonly name: string
  readonly dataDir: string
  readonly listen: string
  readonly join?: string
}

export interface AskOrder {
  readonly peers: readonly string[]
  readonly count: number
  readonly inFlight: number
  readonly bytes: number
}

/** What a node can be told to do, and what it answers. */
export interface NodeOps {
  start(order: StartOrder): Promise<void>
  ticket(): Promise<string>
  /** Names of the members that are alive, itself included. */
  alive(): Promise<readonly string[]>
  setWeight(weight: number): Promise<void>
  /** Ask the actors of all these nodes; answers asks per second. */
  askAll(order: AskOrder): Promise<number>
}

export type NodeOp = keyof NodeOps

export interface Request {
  readonly id: number
  readonly op: NodeOp
  readonly argument: unknown
}

/** A change of the view with the wall clock that this process keeps by its monotonic one. */
export interface SeenChange {
  readonly type: MemberChange['type']
  readonly name: string
  readonly weight: number
  readonly wallMs: number
}

export type Word =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
  | { readonly kind: 'changed'; readonly change: SeenChange }

/** Time that two processes of one machine share and that no clock adjustment moves. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}
