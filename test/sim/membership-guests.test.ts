/**
 * Membership guests: what a mesh makes of strangers, of members that break its protocol, and of
 * faults of its own.
 */
import { describe, expect, test } from 'vitest'

import { encodeNothing } from './broken-codec.ts'
import { MemberMesh, peerIdOf } from './member-mesh.ts'
import { createCodec } from '../../src/adapters/msgpackr/index.ts'
import { membershipLimits } from '../../protocols/limits.ts'
import { swimProtocol } from '../../protocols/net.ts'
import type { MemberClaim } from '../../protocols/membership.ts'

const three = [1, 2, 3]

function gossip(...claims: readonly MemberClaim[]): Uint8Array {
  return createCodec().encode({ type: 'gossip', news: { claims, heartbeats: [] } })
}

describe('strangers', () => {
  test('a node with another secret is met by nobody and meets nobody', async () => {
    const mesh = new MemberMesh(21)
    await mesh.form(3)
    await mesh.start(9, { secret: 2 })
    await mesh.pass(10_000)
    expect(await mesh.allHold(three, 9, 'unknown')).toBe(true)
    expect((await mesh.view(9)).members).toHaveLength(1)
    expect(mesh.node(1).net.stats().hellosRefused).toBeGreaterThan(0)
  })

  test('a cluster that is full takes in nobody more, and says so', async () => {
    const mesh = new MemberMesh(22)
    const init = { limits: { model: membershipLimits, maxNodes: 3 } }
    await mesh.form(3, { init })
    await mesh.start(4, { init })
    await mesh.pass(5_000)
    expect(await mesh.allHold(three, 4, 'unknown')).toBe(true)
    expect((await mesh.view(1)).counters.crowded).toBeGreaterThan(0)
  })
})

describe('members that break the protocol', () => {
  test('frames that are no message are counted, and the third costs the connection', async () => {
    const mesh = new MemberMesh(23)
    await mesh.form(3)
    const { net } = mesh.node(3)
    // A channel can be opened by the lower id alone: node 1 is the one that breaks the protocol.
    const bad = mesh.node(1)
    for (let strike = 1; strike <= 3; strike += 1) {
      const channel = await mesh.run(bad.net.open(net.peerId, swimProtocol))
      channel.send(Uint8Array.of(0xc1, 0xff, strike))
      await mesh.pass(50)
      expect((await mesh.view(3)).counters.malformed).toBe(strike)
    }
    expect(net.peer(bad.peerId)).toBeUndefined()
    expect(net.stats().bans).toBe(1)
    await mesh.pass(20_000)
    expect(await mesh.allHold([2], 3, 'alive')).toBe(true)
  })

  test('RM-8: gossip that is replayed or comes out of order changes nothing', async () => {
    const mesh = new MemberMesh(24)
    await mesh.form(3)
    const { incarnation } = (await mesh.view(2)).self
    const about = { id: peerIdOf(2), by: peerIdOf(1) }
    const forger = await mesh.run(mesh.node(1).net.open(peerIdOf(3), swimProtocol))
    const accusation = gossip({ ...about, incarnation, liveness: 'suspect' })
    forger.send(accusation)
    await mesh.until(async () => (await mesh.view(2)).self.incarnation > incarnation, 5_000)
    await mesh.pass(2_000)
    const refuted = (await mesh.view(2)).self.incarnation
    for (let replay = 0; replay < 20; replay += 1) forger.send(accusation)
    await mesh.pass(10_000)
    expect(await mesh.allHold(three, 2, 'alive')).toBe(true)
    expect((await mesh.view(2)).self.incarnation).toBe(refuted)
    expect(mesh.deaths(three)).toEqual([])
  })
})

describe('CM-5: faults of its own', () => {
  test('CM-5: a step that throws once costs that step; the loop goes on', async () => {
    const mesh = new MemberMesh(25)
    const codec = encodeNothing(createCodec())
    await mesh.start(1)
    await mesh.start(2, { init: { codec } })
    await mesh.start(3)
    await mesh.pass(3_000)
    codec.failures = 3
    await mesh.pass(20_000)
    expect(codec.failures).toBe(0)
    expect(mesh.node(2).heard.filter(({ type }) => type === 'actor.failed')).toHaveLength(3)
    for (const number of three) expect(await mesh.allHold(three, number, 'alive')).toBe(true)
    mesh.kill(3)
    expect(await mesh.until(() => mesh.allHold([1, 2], 3, 'dead'), 10_000)).toBeLessThan(2_500)
  })
})
