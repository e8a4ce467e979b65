/**
 * Testing: the public test kit, `shoal/testing`.
 *
 * `testSystem` starts a system that one seed decides and the test moves; probes stand in for
 * actors; `behaviourKit` runs a definition without any system; `forSeeds` runs a scenario over
 * many seeds and names the one that fails.
 */
export { BehaviourKit, type BehaviourOptions, behaviourKit } from './behaviour-kit.ts'
export type { Asked, Effect, EffectKind, EffectOf, Scheduled, Spawned } from './effect.ts'
export { sameValue } from './equality.ts'
export { EventLog } from './event-log.ts'
export type { Delivery } from './links.ts'
export {
  type MembershipProfile,
  membershipProfiles,
  type ProfileName,
} from '../model/membership-profile.ts'
export { runCalmTrial, runDetectionTrial } from '../model/membership-trial.ts'
export { MembershipWorld } from '../model/membership-world.ts'
export { Probe, type WithinOptions } from './probe.ts'
export type { AnyMessages, Received } from './probe-actor.ts'
export { SeededRandom } from './seeded-random.ts'
export { forSeeds, type SeedOptions, type SeedResult } from './seeds.ts'
export { TestKit, type TestOptions, testSystem } from './test-system.ts'
export type { Breach, Ledger } from './invariants.ts'
export { type Wire, type Weather } from './network-model.ts'
export { type Fault, type FaultKind, faultKinds } from './sim-faults.ts'
export type { NodeLife, SimNode } from './sim-node.ts'
export { parseReplay, type PlanOptions, planOf, type SimPlan } from './sim-plan.ts'
export { SimStory } from './sim-story.ts'
export type { SimFrame, SimTrace } from './sim-trace.ts'
export type { SimWorld, WorldOptions } from './sim-world.ts'
export {
  type Scenario,
  simulate,
  type Simulated,
  type SimulateOptions,
  simulatePlan,
} from './simulate.ts'
export { type SeedsOptions, type SeedsReport, simulateSeeds } from './simulate-seeds.ts'
export { type TurnOutcome, TurnReport } from './turn-report.ts'
export { messageText, textOf } from './value-text.ts'
export { type TurnOrder, VirtualRuntime, type VirtualRuntimeOptions } from './virtual-runtime.ts'
export { type VirtualAlarm, VirtualTime } from './virtual-time.ts'
