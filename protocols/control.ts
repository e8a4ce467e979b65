/**
 * Control: what the command line says to a node on the same machine, and what it answers.
 *
 * One JSON object a line over a socket that only the node's owner can open. It carries no token:
 * whoever may open the socket may read the node's key as well.
 */
import * as z from 'zod'

export const controlRequest = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('status') }),
  z.strictObject({ op: z.literal('ticket') }),
  z.strictObject({ op: z.literal('doctor') }),
  z.strictObject({ op: z.literal('stop'), leave: z.boolean() }),
])
export type ControlRequest = Readonly<z.infer<typeof controlRequest>>

export interface ControlFailure {
  readonly code: string
  readonly message: string
}
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: ControlFailure }

/** One node as `status` lists it. */
export interface NodeStatus {
  readonly node_id: string
  readonly peer_id: string
  readonly name: string
  readonly status: string
  readonly runtime_status: string
  readonly liveness: string
  readonly admin: string
  readonly condition: string
  readonly self: boolean
  readonly addresses: readonly string[]
  readonly round_trip_ms: number | null
  readonly last_heartbeat: string | null
}

export interface StatusReport {
  readonly nodes: readonly NodeStatus[]
  readonly seen_by: string
  readonly as_of: string
  readonly view_hash: string
}

/** What a running node writes into its data directory so that others on the machine find it. */
export const runRecord = z.strictObject({
  pid: z.int().positive(),
  name: z.string(),
  nodeId: z.string(),
  peerId: z.string(),
  socket: z.string(),
  addresses: z.array(z.string()),
  startedAt: z.string(),
})
export type RunRecord = Readonly<z.infer<typeof runRecord>>
