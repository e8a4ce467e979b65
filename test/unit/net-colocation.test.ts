/**
 * Colocation: the limits that nodes behind one address need, as `doctor` shows them.
 */
import { describe, expect, test } from 'vitest'

import { colocationProfile } from '../../src/adapters/libp2p/index.ts'

describe('the colocation profile', () => {
  test.for([
    {
      input: { nodesMax: 100 },
      profile: {
        nodesPerAddressMax: 100,
        connectionsMax: 232,
        inboundPerAddressPerSecond: 200,
        inboundPendingMax: 200,
        addressPenaltyWeight: 0,
        addressPenaltyFrom: 100,
        warnings: [],
      },
    },
    {
      input: { nodesMax: 3 },
      profile: { connectionsMax: 38, inboundPerAddressPerSecond: 32, inboundPendingMax: 32 },
    },
    {
      input: { nodesMax: 300, nodesPerAddressMax: 10, openNetwork: true },
      profile: {
        nodesPerAddressMax: 10,
        connectionsMax: 632,
        inboundPerAddressPerSecond: 32,
        addressPenaltyWeight: -5,
        addressPenaltyFrom: 10,
      },
    },
    { input: { nodesMax: 1_000 }, profile: { inboundPendingMax: 256, connectionsMax: 2_032 } },
    { input: { nodesMax: 0 }, profile: { nodesPerAddressMax: 2, connectionsMax: 36 } },
  ])('for $input', ({ input, profile }) => {
    expect(colocationProfile(input)).toMatchObject(profile)
  })

  test('T7, T8: every node of a cluster on one address fits, whatever its size', () => {
    for (let nodesMax = 2; nodesMax <= 400; nodesMax += 1) {
      const profile = colocationProfile({ nodesMax, openNetwork: true })
      expect(profile.addressPenaltyFrom).toBeGreaterThanOrEqual(nodesMax)
      expect(profile.connectionsMax).toBeGreaterThanOrEqual(nodesMax * 2)
      expect(profile.inboundPerAddressPerSecond).toBeGreaterThanOrEqual(nodesMax)
    }
  })

  test('says so when the figures contradict each other', () => {
    const { warnings } = colocationProfile({ nodesMax: 3, nodesPerAddressMax: 10 })
    expect(warnings).toEqual([expect.stringContaining('nodesPerAddressMax is 10')])
    const open = colocationProfile({ nodesMax: 30, nodesPerAddressMax: 10, openNetwork: true })
    expect(open.warnings).toEqual([expect.stringContaining('share a NAT')])
  })
})
