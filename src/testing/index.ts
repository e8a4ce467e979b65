/**
 * Testing: the public test kit, `shoal/testing`.
 */
export { SeededRandom } from './seeded-random.ts'
export { TestKit, type TestOptions, testSystem } from './test-system.ts'
export { type TurnOrder, VirtualRuntime, type VirtualRuntimeOptions } from './virtual-runtime.ts'
export { type VirtualAlarm, VirtualTime } from './virtual-time.ts'
