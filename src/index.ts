/**
 * Shoal: the public door, what programs import.
 */
import type { ConfigInput } from '../protocols/config.ts'
import { nodeRuntime } from './adapters/node-runtime/index.ts'
import { ActorSystem as KernelSystem, type SystemOptions } from './kernel/index.ts'
import type { NodeOptions } from './node-start.ts'
import type { ShoalNode } from './node.ts'

export {
  type ActorDef,
  actor,
  addressOf,
  type AnyRef,
  ask,
  type AskOptions,
  decide,
  type Duration,
  EdgeError,
  escalate,
  eventKey,
  feed,
  firstOf,
  groupRouter,
  hasCode,
  isRef,
  logDeadLetters,
  machine,
  type Narrow,
  on,
  type Policy,
  pool,
  type Protocol,
  protocol,
  type Ref,
  type RefOf,
  restart,
  refuse,
  resume,
  sameActor,
  sendByName,
  ServiceKey,
  serviceKey,
  type SpawnOptions,
  stopped,
  stopping,
  stream,
  tell,
  child,
  type ChildSpec,
  type Context,
  CoordinatedShutdown,
  durationMs,
  Feed,
  type PhaseOptions,
  Scope,
  type ShutdownTask,
  Supervision,
  supervised,
  supervisor,
  type SupervisorSpec,
} from './kernel/index.ts'

/** A system of actors on this process's own clock, event loop and randomness. */
export type ActorSystem = KernelSystem
export const ActorSystem = {
  start: (options: Omit<SystemOptions, 'runtime'>): Promise<KernelSystem> =>
    KernelSystem.start({ runtime: nodeRuntime(), ...options }),
}

export { type KnownError, RemoteError, transferring } from './adapters/comlink/index.ts'
export { startWatchdog, type Watchdog, type WatchdogOptions } from './adapters/watchdog/index.ts'
export type { Job, JobContext, Workers, WorkersStats } from './ports/workers.ts'
export { workerActor } from './worker-actors.ts'
export { openWorkers } from './worker-jobs.ts'

export { type Kind, kind } from '../actors/node.ts'
export { Membership } from '../protocols/membership-actor.ts'
export type { Member, MemberChange, MemberView } from '../protocols/membership-actor.ts'
export { defineConfig } from './define-config.ts'
export type { ConfigInput }
export type { NodeOptions } from './node-start.ts'
export type { RemoteNode, ShoalNode } from './node.ts'

/** Start a node of the mesh. What only a node needs is loaded now, not with the package. */
export async function startNode(
  config: ConfigInput = {},
  options: NodeOptions = {},
): Promise<ShoalNode> {
  return (await import('./node-start.ts')).startNode(config, options)
}
