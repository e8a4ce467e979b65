/**
 * Membership over the net: nodes in one process, in virtual time, with everything but sockets.
 */
import { describe, expect, test } from 'vitest'

import { MemberMesh } from './member-mesh.ts'

const five = [1, 2, 3, 4, 5]
const others = [1, 2, 3, 4]

describe('CM-1: forming', () => {
  test('CM-1: five nodes that know one seed agree on one view within two seconds', async () => {
    const mesh = new MemberMesh(1)
    for (const number of five) await mesh.start(number)
    const tookMs = await mesh.until(async () => {
      const views = await Promise.all(five.map((number) => mesh.view(number)))
      const hashes = new Set(views.map(({ viewHash }) => viewHash))
      return hashes.size === 1 && views.every(({ members }) => members.length === 5)
    }, 2_000)
    expect(tookMs).toBeLessThan(2_000)
    const { members, self } = await mesh.view(3)
    expect(
      members.map(({ name, nodeId, liveness, connected }) => [name, nodeId, liveness, connected]),
    ).toEqual(five.map((number) => [`edge-${number}`, `node-${number}`, 'alive', true]))
    expect(self).toMatchObject({ self: true, peerId: 'peer-3', admin: 'open', condition: 'ok' })
  })
})

describe('CM-6, R92: losing a node', () => {
  test('a killed node is dead everywhere within two seconds', async () => {
    const mesh = new MemberMesh(2)
    await mesh.form(5)
    mesh.kill(5)
    const tookMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 10_000)
    expect(tookMs).toBeLessThanOrEqual(2_000)
    expect(mesh.deaths(others)).toHaveLength(4)
  })

  test('a stopped node, whose connections stay, is dead everywhere within five seconds', async () => {
    const mesh = new MemberMesh(3)
    await mesh.form(5)
    mesh.stop(5)
    const tookMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 20_000)
    expect(tookMs).toBeLessThanOrEqual(5_000)
    expect(mesh.deaths(others)).toHaveLength(4)
  })
})
