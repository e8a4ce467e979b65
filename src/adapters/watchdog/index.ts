/**
 * Door of the watchdog: names the actor that blocks the main thread, while it blocks it.
 */
export { startWatchdog, type Watchdog, type WatchdogOptions } from './watchdog.ts'
export type { BlockReport } from './report.ts'
