/**
 * Node: what can be said to the actor that stands for a node, at the path /node of its system.
 *
 * Other nodes find actors through it and spawn those kinds that the node allows. No code travels:
 * a kind is a definition that the node itself was started with.
 */
import { ask, protocol } from '../src/kernel/index.ts'
import type { AnyRef } from '../src/kernel/index.ts'

export const nodePath = '/node'

export interface NodeInfo {
  readonly nodeId: string
  readonly peerId: string
  readonly name: string
  readonly system: string
  readonly version: string
  readonly startedAt: string
  /** Kinds of actors that others may spawn here. */
  readonly kinds: readonly string[]
}

export interface SpawnRequest {
  readonly kind: string
  readonly init?: unknown
  readonly name?: string
}

export const Node = protocol('shoal.node/1', {
  info: ask<void, NodeInfo>(),
  /** The actor at a path now, or null. */
  find: ask<{ readonly path: string }, { readonly ref: AnyRef | null }>(),
  /** Refused for a kind that this node does not allow. */
  spawn: ask<SpawnRequest, { readonly ref: AnyRef }>(),
})
