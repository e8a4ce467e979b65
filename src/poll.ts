/**
 * Poll: looks again and again until there is something to see or the time is up.
 *
 * For what no event tells of: files and locks of other processes.
 */
export interface PollOptions {
  readonly everyMs: number
  readonly withinMs: number
}

/** Undefined when nothing was seen in time. */
export async function poll<T>(
  look: () => Promise<T | undefined>,
  { everyMs, withinMs }: PollOptions,
): Promise<T | undefined> {
  const until = performance.now() + withinMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined || performance.now() > until) return seen
    await new Promise((resolve) => void setTimeout(resolve, everyMs))
  }
}
