/**
 * Clock: time, alarms and the event loop as a system sees them; the kernel declares them.
 */
export type { Alarm, Carrier, Clock, Runtime, Scheduler } from '../kernel/index.ts'
