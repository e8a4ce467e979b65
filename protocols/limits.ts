/**
 * Limits: every bound of the wire, the queues and the time-outs, each with its reason.
 *
 * A number that is not here, in `src/kernel/limits.ts` or in configuration is not a limit.
 */
import type { MembershipLimits } from './membership.ts'

// Net: channels between two peers.

/** A probe with piggy-backed deltas; fits one Ethernet frame nearly always, sixteen at worst. */
export const swimFrameBytesMax = 16 * 1024
/** A chunk of membership records: about four thousand of them. */
export const memberFrameBytesMax = 1024 * 1024
/** One actor message; larger payloads travel in pieces. */
export const actorFrameBytesMax = 1024 * 1024
/** A hello is two nonces, two proofs and a few words. */
export const helloFrameBytesMax = 4 * 1024
/** A peer that does not prove itself within this time is not one of ours. */
export const helloTimeoutMs = 2_000
/** Strangers that may be in the middle of a hello; the next one is refused at once. */
export const helloPendingMax = 64
/** Less can be guessed. */
export const clusterSecretBytesMin = 16

/** Probes that wait are worthless: room for four of them. */
export const netControlQueueBytesMax = 64 * 1024
/** About a tenth of a second of a gigabit link: beyond this a slow reader is told, not fed. */
export const netSmallQueueBytesMax = 8 * 1024 * 1024
/** Bulk is pulled piece by piece; a deep queue would only hide that. */
export const netBulkQueueBytesMax = 4 * 1024 * 1024
/** All queues to one peer, and all its bytes that we hold unread, stay below this each. */
export const netPeerBytesMax = 16 * 1024 * 1024
/** A channel per purpose and one that replaces it; more is a flood. */
export const netChannelsPerPeerMax = 8
/** Channels that a peer may open per second, and at once. */
export const netOpensPerSecond = 32
export const netOpensBurst = 64
/** A frame that trickles in for longer holds memory for nothing. */
export const netReadTimeoutMs = 10_000
/** A peer that takes no byte for this long is stopped or gone. */
export const netWriteTimeoutMs = 15_000
/** Opening a channel takes about two round trips. */
export const netOpenTimeoutMs = 5_000
/** Connect, TLS and hello over a slow link. */
export const netDialTimeoutMs = 5_000
/** Where writes are cut: below it copying is cheaper than another write. */
export const netFlushBytes = 48 * 1024
/** A larger frame is not copied into the write buffer. */
export const netCopyBytesMax = 16 * 1024
/** Bulk gives way to other lanes after each piece of this size. */
export const netBulkPieceBytes = 64 * 1024
/** What a stream may have in flight: 10 ms at 200 Mbit/s; bounds how long bulk delays a probe. */
export const netWindowBytes = 256 * 1024

/** Violations before a peer is sent away, for how long at first, and at most. */
export const netStrikesMax = 3
export const netBanMs = 60_000
export const netBanMsMax = 3_600_000

/** Redialling: first after half a second, then twice as long each time, never rarer than this. */
export const redialMsMin = 500
export const redialMsMax = 60_000
/** Dials that one node starts per second. */
export const dialsPerSecond = 10
/** Dials under way at first, and once they have turned out to be quick. */
export const dialsPendingFirst = 2
export const dialsPendingMax = 8
/** The peer with the higher id waits this long, so that both do not dial at once. */
export const dialYieldMs = 200
/** It waits longer where dials take longer, but not for ever: the other may not know of it. */
export const dialYieldMsMax = 5_000
/** A second connection to the same peer may finish what it carries. */
export const duplicateGraceMs = 2_000

// Topics.

/** Gossip carries hints; a large fact is fetched. */
export const topicMessageBytesMax = 64 * 1024
/** Ed25519 verification allows some 7,000 a second and core for the whole cluster. */
export const topicPerOriginPerSecond = 50
export const topicPerOriginAbusePerSecond = 200
/** Origins whose rate is remembered; the least recent is forgotten first. */
export const topicOriginsMax = 4_096
/** Frames of gossip that wait for their validators, per peer. */
export const gossipUnreadBytesMax = 512 * 1024
/** How often deaf gossip is looked for: attached anew after one look, redialled after three. */
export const gossipLookMs = 5_000

// Codec.

/** One message body after reassembly; half of what a peer may have unread, so two can cross. */
export const codecBytesMax = 8 * 1024 * 1024
/** Deeper data is a tree that should be a list; recursion stays far from the end of the stack. */
export const codecDepthMax = 64
/** A byte on the wire can become an object of sixty; this bounds what a hostile body builds. */
export const codecValuesMax = 100_000

// Membership.

export const membershipLimits: MembershipLimits = {
  /** A control message fits one Ethernet frame, so that it never waits behind its own tail. */
  messageBytes: 1_400,
  /** One step of a push-pull: a few milliseconds of encoding. */
  syncBytes: 64 * 1024,
  /** News that waits to be told; push-pull repairs what is dropped beyond. */
  queuedNews: 4_096,
  /** Dead members that stay visible, and removed identities that are remembered. */
  deadRecords: 1_024,
  tombstones: 4_096,
  /** Pings under way for others. */
  relays: 256,
  /** Members looked at at once besides the ordinary probe. */
  checks: 32,
  /** Positions of peers that were measured. */
  coordinates: 1_024,
}

/** Frames of one channel that wait for the membership actor; reading pauses beyond. */
export const memberInboxFrames = 64
/** Frames that it takes in one turn: others get theirs within a few milliseconds. */
export const memberFramesPerTurn = 128
/** Messages for one peer that wait while its channels open: older ones are worthless. */
export const memberWaitingMax = 4
/** A probe of a member without a connection: a dial on a LAN takes a twentieth of it. */
export const memberDialTimeoutMs = 1_000
/** A membership channel that ended while its peer stayed is opened again after so long. */
export const memberReopenMs = 500
/** How often the loop is looked at: short against the time-out of a probe. */
export const stallLookMs = 100
/** Changes that a slow reader may be behind; then its stream ends and it begins anew. */
export const memberChangesMax = 4_096
/** Clusters up to this size tell urgent news on a topic too: beyond, gossip is cheaper. */
export const memberTopicNodesMax = 300
/** Connections that are kept: a full mesh of so many nodes costs each about 30 MB. */
export const connectionsMax = 64
/** How long a connection is kept after messages last waited for it. */
export const wantedConnectionMs = 60_000
/** Peers whose addresses survive a restart, and for how long without being counted on. */
export const rememberedPeersMax = 128
export const rememberedPeerMs = 30 * 86_400_000
/** How often what is remembered is written: a flash disk wears out. */
export const rememberEveryMs = 10_000

/** Questions that a responder answers in a second: a cluster of a thousand asks far fewer. */
export const livenessAnswersPerSecond = 1_000
/** Questions of this node that wait for an answer. */
export const livenessPendingMax = 256
/** Hosts at which one responder is looked for: a node has few networks. */
export const livenessHostsMax = 3
/** A main thread that did not come back for so long is as good as dead. */
export const busyMsMax = 30_000
/** How long the word that a member is busy is shown. */
export const busyShownMs = 10_000

// Configuration.

/** A configuration is read whole; a hundred times a long one. */
export const configFileBytesMax = 1024 * 1024
/** Problems that one message lists; more would hide the first. */
export const configProblemsMax = 10

// Tickets and the data directory.

/** A ticket is one line in a terminal; sixteen long addresses and a long secret fit. */
export const ticketLengthMax = 8 * 1024
/** As many addresses as a hello tells. */
export const ticketAddressesMax = 16
/** The small files of a node: keys, identity, secret. */
export const hostFileBytesMax = 64 * 1024
/** How often a holder touches its lock, for those that cannot see its process. */
export const lockTouchMs = 10_000
/** A lock untouched for longer belongs to nobody: three touches missed. */
export const lockFreshMs = 35_000
/** Tries while others start at the same moment; a second in all. */
export const lockTriesMax = 50

// Host and logs.

/** Half the heartbeat interval: a heartbeat never tells figures older than that. */
export const hostSampleMs = 15_000
/** Deeper fields of a log line are cut; secrets below would be missed otherwise. */
export const logDepthMax = 6
/** Entries of one object or list in a log line. */
export const logEntriesMax = 100
/** A longer text in a log line is cut, with its length. */
export const logTextMax = 8 * 1024
/** Lines that the in-memory log keeps. */
export const memoryLogLinesMax = 10_000

// Workers.

/** One payload to or from a thread; larger buffers are transferred, which costs nothing. */
export const threadPayloadBytesMax = 64 * 1024 * 1024
/** A clone of a million values takes a tenth of a second: more would block both threads. */
export const threadValuesMax = 1_000_000
/** Messages under way to a worker actor; the rest waits in its queue here, under its policy. */
export const threadWindow = 1_024
/** Frames of one post: enough to make the cost of a post small, few enough to begin at once. */
export const threadFramesPerPost = 512
/** A thread whose event loop does not answer for so long while it works is stuck. */
export const threadStuckMs = 5_000
/** Loading a module and making its state: a model of some hundred megabytes fits in it. */
export const threadStartMs = 30_000
/** Part of a stop's grace that the thread gets before it is ended by force. */
export const threadGraceShare = 0.8
/** Jobs that wait for a slot: seconds of work; more is refused while it still helps. */
export const jobQueueMax = 1_024
/** How long a job may take when its caller says nothing, waiting included; and at most. */
export const jobDeadlineMs = 30_000
export const jobDeadlineMsMax = 86_400_000
/** How long a job that was told to end may take before its thread is ended. */
export const jobCancelGraceMs = 100
/** An idle thread costs 5 MB; starting one costs 40 ms. */
export const jobThreadIdleMs = 10_000
/** Heap of a job's thread, in mebibytes, below which a thread cannot start. */
export const jobMemoryMbMin = 8
/** How long a closing pool waits for jobs that cannot be ended by force. */
export const jobCloseGraceMs = 5_000
/** How long a turn may block the main thread before the watchdog names it. */
export const watchdogIntervalMs = 1_000
/** A main thread that comes back after a suspension of the machine beats within this time. */
export const watchdogDoubtMs = 50
/** Frames of the stack that a report shows. */
export const watchdogFramesMax = 20

/** Actor frames larger than this take the bulk lane: small ones must not wait behind them. */
export const actorBulkFromBytes = 16 * 1024
/** One piece of a large frame: small enough that other traffic fits in between. */
export const actorPieceBytes = 64 * 1024
/** Frames that wait while a link is being opened; beyond it messages are undeliverable. */
export const actorWaitingFrames = 10_000
/** How long messages wait for a link before their senders hear that the node is unreachable. */
export const actorLinkOpenMs = 5_000
/** Messages held back because an earlier one is still on the other lane. */
export const actorHeldFrames = 65_536
/** Answers that arrive from a forwarding's new home before word of the forwarding does. */
export const actorEarlyAnswers = 256
/** Asks given up lately, remembered so that their late answers are recognised. */
export const actorAbandonedAsks = 1_024
/** Actors of one peer that one link may name at a time. */
export const actorBindingsMax = 1_000_000
/** Remote actors a system remembers, so that two refs to one actor watch as one. */
export const actorRemembered = 50_000
