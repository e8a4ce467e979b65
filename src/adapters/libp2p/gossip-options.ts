/**
 * Gossip options: the settings under which gossip neither partitions a cluster nor drowns in it.
 *
 * Several defaults are made for large public networks of quiet strangers; each line that differs
 * says why, unless its name does.
 */
import { StrictSign } from '@libp2p/gossipsub'
import type { GossipsubOpts } from '@libp2p/gossipsub'
import type { Topic } from '../../../protocols/net.ts'
import type { ColocationProfile } from './colocation.ts'

type ScoreParams = GossipsubOpts['scoreParams']

export function gossipOptions(
  topics: readonly Topic[],
  colocation: ColocationProfile,
): Partial<GossipsubOpts> {
  const names = topics.map((topic) => topic.name)
  return {
    globalSignaturePolicy: StrictSign,
    allowedTopics: names,
    fallbackToFloodsub: false,
    floodPublish: true,
    batchPublish: true,
    // Alone is not an error; the caller sees zero recipients.
    allowPublishToZeroTopicPeers: true,
    // One peer-store write per topic and peer otherwise.
    tagMeshPeers: false,
    doPX: false,
    // Keep the order of one peer's messages, and let its stream wait for our validators.
    awaitRpcHandler: true,
    awaitRpcMessageHandler: true,
    maxInboundDataLength: 256 * 1024,
    maxOutboundBufferSize: 4 * 1024 * 1024,
    D: 6,
    Dlo: 4,
    Dhi: 9,
    heartbeatInterval: 700,
    seenTTL: 120_000,
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    scoreParams: scoreParamsOf(names, colocation),
    decodeRpcLimits: {
      maxSubscriptions: 256,
      maxMessages: 256,
      maxIhaveMessageIDs: 2000,
      maxIwantMessageIDs: 2000,
      maxIdontwantMessageIDs: 256,
      maxControlMessages: 256,
      maxPeerInfos: 16,
    },
  }
}

/**
 * The usual topic scores punish quiet topics and count milliseconds in the mesh as merit, and
 * without topic scores a rejected message costs nothing at all.
 */
function scoreParamsOf(names: readonly string[], profile: ColocationProfile): ScoreParams {
  const topic = {
    topicWeight: 1,
    timeInMeshWeight: 0.01,
    timeInMeshQuantum: 1000,
    timeInMeshCap: 3600,
    firstMessageDeliveriesWeight: 0,
    firstMessageDeliveriesDecay: 0.5,
    firstMessageDeliveriesCap: 1,
    meshMessageDeliveriesWeight: 0,
    meshMessageDeliveriesDecay: 0.5,
    meshMessageDeliveriesCap: 1,
    meshMessageDeliveriesThreshold: 1,
    meshMessageDeliveriesWindow: 10,
    meshMessageDeliveriesActivation: 5000,
    meshFailurePenaltyWeight: 0,
    meshFailurePenaltyDecay: 0.5,
    invalidMessageDeliveriesWeight: -20,
    invalidMessageDeliveriesDecay: 0.9,
  }
  return {
    topics: Object.fromEntries(names.map((name) => [name, topic])),
    IPColocationFactorWeight: profile.addressPenaltyWeight,
    IPColocationFactorThreshold: profile.addressPenaltyFrom,
  }
}
