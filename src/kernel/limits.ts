/**
 * Limits: the bound of every queue, time-out and retry of the kernel, each with its reason.
 *
 * They are defaults: a spawn or a call may choose another value within the stated range.
 */

/** Waiting messages per actor: one million fits in memory on a small box, and a flood is seen. */
export const mailboxCapacity = 1_048_576
/** How long an ask waits when its caller names no budget: longer than any healthy answer. */
export const askDeadlineMs = 5_000
/** No ask may wait longer than a day: "for ever" is how systems hang. */
export const askDeadlineMsMax = 86_400_000
/** How long a stopping actor may finish its turn before it is abandoned (OTP's worker default). */
export const stopGraceMs = 5_000
/** How long a state factory may take before the start counts as failed. */
export const startTimeoutMs = 30_000
/** Messages an actor may set aside. */
export const stashCapacity = 10_000
/** Ticks of one timer that may wait in its actor's queue; later ones are skipped. */
export const timerTicksQueued = 1_000
/** Items a stream may have under way before its reader must ask for more. */
export const streamWindow = 16
/** Credit that a reader elsewhere may run up; more buys nothing. */
export const streamCreditMax = 1_024
/** Turns one actor runs before the next ready actor gets its chance. */
export const turnsPerSlice = 16
/** How long ready actors run before pending I/O gets its chance. */
export const burstMs = 4
/** Length of an actor's own name: it becomes part of paths, logs and frames. */
export const nameLengthMax = 255
/** Depth of the actor tree: deeper trees are a runaway recursion. */
export const treeDepthMax = 1_000
/** Dead letters kept for inspection; all of them are counted. */
export const deadLettersKept = 100
/** Restarts in a window when a supervisor declares no numbers: ten in ten seconds per child. */
export const restartsMax = 10
export const restartsWithinMs = 10_000
/** Routees of one pool: beyond this, pools of pools do better. */
export const poolSizeMax = 10_000
/** Messages a resizable pool passes on between two looks at its load. */
export const poolLookEvery = 10
/** How often a pool above its minimum looks whether fewer routees would do. */
export const poolShrinkEveryMs = 10_000
/** Dead letters that one interval of the log shows one by one; the rest is summed up. */
export const deadLettersLogged = 10
export const deadLetterLogEveryMs = 60_000
/** Next events that one turn of a state machine may queue: more is a loop. */
export const nextEventsMax = 1_000
/** Restarts remembered of an actor that may restart for ever: enough for any doubled delay. */
export const restartsKept = 64
/** A supervisor that declares a group budget with one number only gets the other from OTP. */
export const groupIntensity = 1
export const groupPeriodMs = 5_000
/** One phase of a shutdown: longer than a healthy task needs, short enough to be waited for. */
export const shutdownPhaseMs = 5_000
/** The actors' own phase: each level of a tree may use up its grace. */
export const shutdownActorsMs = 30_000
/** The whole shutdown: what a service manager allows before it kills (systemd waits 90 s). */
export const shutdownDeadlineMs = 60_000
/** Actors told to end without grace need turns, not time; then they are left behind. */
export const shutdownForcedMs = 1_000
/** A snapshot is to be looked at: this deep, so many entries each, so many values, so much text. */
export const snapshotDepth = 8
export const snapshotEntries = 1_000
export const snapshotValues = 10_000
export const snapshotText = 4_096
/** Fields of a payload that a crash report names, and how much of a long name. */
export const shapeFields = 32
export const shapeName = 64
/** Actors that one listing shows; all of them are counted. */
export const listedActors = 10_000
