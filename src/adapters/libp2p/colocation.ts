/**
 * Colocation: the connection limits and gossip scores under which nodes behind one address find
 * each other.
 *
 * The usual limits of a public network take many peers on one address for an attack: five new
 * connections a second, and a score that falls with the square of their number until nothing is
 * delivered, without an error. Nodes of one cluster on one host or behind one NAT look the same.
 */

export interface ColocationInput {
  /** How many nodes the cluster may have. */
  readonly nodesMax: number
  /** How many of them may share one address; all of them unless said otherwise. */
  readonly nodesPerAddressMax?: number
  /** Anybody may try to connect: keep the penalty, above what the cluster itself needs. */
  readonly openNetwork?: boolean
}

export interface ColocationProfile {
  readonly nodesPerAddressMax: number
  readonly connectionsMax: number
  readonly inboundPerAddressPerSecond: number
  readonly inboundPendingMax: number
  /** Zero switches the penalty off. */
  readonly addressPenaltyWeight: number
  /** Peers on one address that cost nothing. */
  readonly addressPenaltyFrom: number
  readonly warnings: readonly string[]
}

const fewNodes = 32
/** The penalty of the gossip layer, per square of the surplus. */
const penaltyWeight = -5

export function colocationProfile(input: ColocationInput): ColocationProfile {
  const nodes = Math.max(2, Math.floor(input.nodesMax))
  const perAddress = Math.min(nodes, Math.max(1, Math.floor(input.nodesPerAddressMax ?? nodes)))
  // After a restart of the others all of them dial within a second, and some dial twice.
  const burst = Math.max(fewNodes, perAddress * 2)
  return {
    nodesPerAddressMax: perAddress,
    // Room for a second connection to each peer while two dials cross, and for strangers.
    connectionsMax: nodes * 2 + fewNodes,
    inboundPerAddressPerSecond: burst,
    inboundPendingMax: Math.min(burst, 256),
    addressPenaltyWeight: input.openNetwork === true ? penaltyWeight : 0,
    addressPenaltyFrom: perAddress,
    warnings: warningsOf(input, nodes),
  }
}

function warningsOf(input: ColocationInput, nodes: number): string[] {
  const perAddress = input.nodesPerAddressMax ?? nodes
  const warnings: string[] = []
  if (perAddress > nodes) {
    warnings.push(
      `nodesPerAddressMax is ${perAddress}, but the cluster has at most ${nodes} nodes: ` +
        'lower it or raise nodesMax',
    )
  }
  if (input.openNetwork === true && perAddress < nodes) {
    warnings.push(
      `more than ${perAddress} nodes on one address lose their gossip score: ` +
        'raise nodesPerAddressMax if they share a NAT',
    )
  }
  return warnings
}
