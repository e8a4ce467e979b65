/**
 * ClockOffset: what lies between a system's clock and the one that all threads share.
 *
 * Each thread counts milliseconds from its own start; the monotonic clock of the process is the
 * same for all, so a deadline crosses a thread in its terms.
 */
import type { Clock } from '../../kernel/index.ts'

export function clockOffsetMs(clock: Clock): number {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1_000 + nanoseconds / 1e6 - clock.now()
}
