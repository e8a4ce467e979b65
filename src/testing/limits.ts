/**
 * Limits: how long the test kit goes on before it says that something never ends.
 */

/** Steps at one moment: a million turns are a big test, three million a livelock. */
export const stepsPerSettle = 3_000_000
/** Virtual time that `run` lets pass for one promise: longer than any ask may wait. */
export const runMs = 48 * 3_600_000
/** What a probe waits for an expected message, in virtual time. */
export const expectMs = 3_000
/** Slices between two looks at the promises when actors run first come, first served. */
export const slicesPerStep = 16
/** Lines of the event log at hand: what a person may want to read of a failed run. */
export const logLinesKept = 50_000
/** Messages that a failed expectation lists: enough to see what went wrong. */
export const probeLinesShown = 20
/** Items of a stream that a probe may give before its reader takes one. */
export const probeFeedItems = 1_000
/** Lines of the event log that the report of a failed seed repeats. */
export const logLinesShown = 25
/** Turns that one message may cause in a behaviour kit. */
export const behaviourSteps = 100_000
/** Events that a simulated world keeps: those that the report of a failure repeats, and more. */
export const simLinesKept = 200
