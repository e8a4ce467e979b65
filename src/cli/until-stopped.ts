/**
 * UntilStopped: keeps a command in the foreground until a signal or the node itself ends it.
 */

/** A second signal does not wait for anybody. */
export async function untilStopped(
  stop: (why: string) => Promise<void>,
  stopped: Promise<unknown>,
): Promise<void> {
  let asked = false
  const onSignal = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(1)
    asked = true
    // A stop that fails is reported like any failure of the command.
    void stop(signal).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    })
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  await stopped
  process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
}
