/**
 * Kernel: the door through which other folders use it.
 */
export { reportKilled } from './abandon.ts'
export * from './actor.ts'
export { type AskOptions, PendingAsk } from './ask.ts'
export { Context, type SpawnArguments, type TimerOptions } from './context.ts'
export { Cell, noSuchActorError, type Phase, terminatedError } from './cell.ts'
export {
  type DeadLetterEntry,
  type DeadLetterLogOptions,
  logDeadLetters,
} from './dead-letter-log.ts'
export * from './dead-letters.ts'
export { Deadline } from './deadline.ts'
export { durationMs, type Duration } from './duration.ts'
export { Envelope, TracedTell, type Withdrawal } from './envelope.ts'
export * from './errors.ts'
export * from './events.ts'
export { Feed, feed, type FeedOptions } from './feed.ts'
export { Groups } from './groups.ts'
export { nextId } from './ids.ts'
export type {
  ActorLine,
  ActorListing,
  ActorNode,
  ActorView,
  FailureView,
  Inspector,
  Target,
} from './inspect.ts'
export type { Operator } from './inspect-operator.ts'
export { digestOf, type ErrorView, shapeOf, shownAs, snapshotOf } from './inspect-snapshot.ts'
export type { CrashReport } from './crash-report.ts'
export type { Kernel, Transit } from './kernel.ts'
export { machine, type MachineSpec, type StateHandlers, type StateSpec } from './machine.ts'
export { Machine } from './machine-state.ts'
export type { ActorMetrics, Metrics, SystemMetrics } from './metrics.ts'
export type { MailboxOptions, OnFull, Rider, Sender } from './mailbox.ts'
export { pool, type PoolOptions, type Resize } from './pool.ts'
export type { SpawnOptions } from './props.ts'
export * from './protocol.ts'
export { Pump, type Sink, type StreamEnvelope, type Tap } from './pump.ts'
export type { Address, Exit, ExitReason, Home, Recipient, Tracer, Watcher } from './recipient.ts'
export {
  type Listing,
  Receptionist,
  type Registered,
  ServiceKey,
  serviceKey,
} from './receptionist.ts'
export type { Outcome, Replier } from './reentry.ts'
export {
  addressOf,
  AnyRef,
  formatAddress,
  isRef,
  type Method,
  type Methods,
  type Narrow,
  type Ref,
  refClass,
  type RefOf,
  sameActor,
  protocolOf,
  sendByName,
} from './ref.ts'
export { NameRegistry } from './registry.ts'
export type { Listed } from './roster.ts'
export { groupRouter, type GroupRouting } from './router.ts'
export type { HashKey, Routing, RoutingStrategy } from './routing.ts'
export { Refusal, refuse } from './refusal.ts'
export * from './runtime.ts'
export { Scope } from './scope.ts'
export {
  CoordinatedShutdown,
  type PhaseReport,
  type ShutdownOptions,
  type ShutdownReport,
  type ShutdownTask,
} from './shutdown.ts'
export { type PhaseOptions, phasesOf } from './shutdown-phases.ts'
export { StreamReader } from './stream.ts'
export {
  decide,
  decideRestart,
  escalate,
  firstOf,
  on,
  type Policy,
  restart,
  type RestartOptions,
  resume,
  type Rule,
  stopping,
  supervised,
} from './supervision.ts'
export type { TellsTaking } from './subscription.ts'
export { supervisor } from './supervisor.ts'
export {
  child,
  type ChildSpec,
  type ChildType,
  type RestartType,
  type Shutdown,
} from './supervisor-child.ts'
export { type ChildCounts, type ChildView, Supervision } from './supervisor-protocol.ts'
export { type AutoShutdown, type RestartStrategy, type SupervisorSpec } from './supervisor-spec.ts'
export { ActorSystem, type StopSettings, type SystemOptions, type SystemRights } from './system.ts'
export { TimerWheel, WheelEntry } from './timer-wheel.ts'
export { type RunningTurn, runningTurn } from './turn.ts'
