/**
 * Membership over the net: nodes in one process, in virtual time, with everything but sockets.
 */
import { describe, expect, test } from 'vitest'

import type { Connections } from '../../actors/connections.ts'
import type { AnyRef, Ref } from '../../src/kernel/index.ts'
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

describe('CM-6, R184: losing a node', () => {
  test('a killed node is dead everywhere within two seconds', async () => {
    const mesh = new MemberMesh(2)
    await mesh.form(5)
    mesh.kill(5)
    const tookMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 10_000)
    expect(tookMs).toBeLessThanOrEqual(2_000)
    expect(mesh.deaths(others)).toHaveLength(4)
  })

  test('a stopped node, whose connections stay, is dead within five seconds', async () => {
    const mesh = new MemberMesh(3)
    await mesh.form(5)
    mesh.stop(5)
    const tookMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 20_000)
    expect(tookMs).toBeLessThanOrEqual(5_000)
    expect(mesh.deaths(others)).toHaveLength(4)
  })
})

describe('CM-6, R184: detection by seeds', () => {
  test.for([
    { fault: 'kill', withinMs: 2_000 },
    { fault: 'stop', withinMs: 5_000 },
  ] as const)('of 5, $fault: dead everywhere within $withinMs ms, 25 seeds', async (trial) => {
    const times: number[] = []
    for (let seed = 100; seed < 125; seed += 1) {
      const mesh = new MemberMesh(seed)
      await mesh.form(5)
      await mesh.pass(seed * 37)
      mesh[trial.fault](5)
      const tookMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 20_000)
      expect(mesh.deaths(others), `seed ${seed}`).toHaveLength(4)
      times.push(tookMs)
    }
    expect(Math.max(...times)).toBeLessThanOrEqual(trial.withinMs)
  })
})

describe('leaving and coming back', () => {
  test('CM-1: who leaves with a word has left, and nobody holds it for dead', async () => {
    const mesh = new MemberMesh(4)
    await mesh.form(5)
    const goodbye = mesh.node(5).membership.leave()
    await mesh.run(goodbye)
    expect(await mesh.allHold(others, 5, 'left')).toBe(true)
    await mesh.run(mesh.node(5).system.terminate())
    await mesh.run(mesh.node(5).net.close())
    await mesh.pass(30_000)
    expect(await mesh.allHold(others, 5, 'left')).toBe(true)
    expect(mesh.deaths(others)).toEqual([])
    const kept = mesh.node(1).system.find('/membership/connections')
    const ids = await mesh.run(connectionsOf(kept).kept())
    expect(ids).toEqual(['peer-2', 'peer-3', 'peer-4'])
  })

  test('CM-2: a dead node comes back as a new life, and its old one stays dead', async () => {
    const mesh = new MemberMesh(5)
    await mesh.form(5)
    const first = (await mesh.view(5)).self
    mesh.kill(5)
    await mesh.until(() => mesh.allHold(others, 5, 'dead'), 5_000)
    await mesh.start(5, { seeds: [2] })
    await mesh.until(() => mesh.allHold(five, 5, 'alive'), 5_000)
    const { members } = await mesh.view(1)
    const back = members.find(({ peerId }) => peerId === 'peer-5')
    expect(back?.incarnation).toBeGreaterThan(first.incarnation)
    expect(back?.system).not.toBe(first.system)
    await mesh.pass(60_000)
    expect(await mesh.allHold(five, 5, 'alive')).toBe(true)
  })

  test('CM-2: a node that restarts before anybody noticed replaces its earlier life', async () => {
    const mesh = new MemberMesh(6)
    await mesh.form(5)
    mesh.kill(5)
    await mesh.start(5)
    await mesh.pass(5_000)
    expect(await mesh.allHold(five, 5, 'alive')).toBe(true)
    const lives = await Promise.all(five.map((number) => mesh.view(number)))
    const systems = lives.map(
      ({ members }) => members.find(({ name }) => name === 'edge-5')?.system,
    )
    expect(new Set(systems)).toEqual(new Set([mesh.node(5).system.name]))
  })

  test('a node whose seeds are gone finds the others by what it remembers', async () => {
    const mesh = new MemberMesh(7)
    await mesh.form(4)
    await mesh.pass(11_000)
    mesh.kill(1)
    mesh.kill(4)
    await mesh.start(4, { seeds: [1] })
    const met = async (): Promise<boolean> =>
      (await mesh.allHold([4], 2, 'alive')) && (await mesh.allHold([4], 3, 'alive'))
    expect(await mesh.until(met, 10_000)).toBeLessThan(3_000)
    await mesh.pass(5_000)
    expect(await mesh.allHold([2, 3, 4], 4, 'alive')).toBe(true)
  })

  test('a node without peers and without a network starts and serves', async () => {
    const mesh = new MemberMesh(8)
    await mesh.start(1, { seeds: [7, 8] })
    await mesh.pass(60_000)
    const { members, phase, self } = await mesh.view(1)
    expect(members).toHaveLength(1)
    expect(phase).toBe('joined')
    expect(self.heartbeat?.resources.memoryMaxMb).toBe(4_096)
    await mesh.start(7, { seeds: [] })
    const metMs = await mesh.until(() => mesh.allHold([1], 7, 'alive'), 90_000)
    expect(metMs).toBeLessThanOrEqual(61_000)
  })
})

describe('what looks like a death and is none', () => {
  test('FD-5: a link that is cut in one direction makes nobody flap', async () => {
    const mesh = new MemberMesh(9)
    await mesh.form(5)
    mesh.cut('peer-2', 'peer-3')
    await mesh.pass(60_000)
    expect(mesh.deaths(five)).toEqual([])
    mesh.mend('peer-2', 'peer-3')
    await mesh.pass(10_000)
    for (const number of five) expect(await mesh.allHold(five, number, 'alive')).toBe(true)
  })

  test('FD-3: an observer that slept for two seconds condemns nobody', async () => {
    const mesh = new MemberMesh(10)
    await mesh.form(5)
    mesh.node(2).runtime.shut()
    await mesh.pass(1_800)
    mesh.node(2).runtime.open()
    await mesh.pass(10_000)
    expect(mesh.deaths(five)).toEqual([])
    const { counters, self } = await mesh.view(2)
    expect(counters.stalls).toBeGreaterThanOrEqual(1)
    expect(self.condition).toBe('degraded')
    await mesh.pass(31_000)
    expect((await mesh.view(2)).self.condition).toBe('ok')
  })

  test('CM-3: a node that slept for longer than half a lease fences itself', async () => {
    const mesh = new MemberMesh(11)
    await mesh.form(5)
    mesh.stop(4)
    await mesh.pass(2_500)
    mesh.resume(4)
    await mesh.pass(1_000)
    const fence = mesh.node(4).heard.find(({ type }) => type === 'member.fenced')
    expect(fence?.change).toMatchObject({ reason: 'stalled', member: { self: true } })
    await mesh.pass(20_000)
    for (const number of five) expect(await mesh.allHold(five, number, 'alive')).toBe(true)
  })

  test('CM-3: a node that was declared dead learns of it, fences itself and returns', async () => {
    const mesh = new MemberMesh(12)
    await mesh.form(5)
    const before = (await mesh.view(4)).self.incarnation
    mesh.stop(4)
    await mesh.until(() => mesh.allHold([1, 2, 3, 5], 4, 'dead'), 10_000)
    mesh.resume(4)
    const backMs = await mesh.until(() => mesh.allHold(five, 4, 'alive'), 70_000)
    expect(backMs).toBeLessThan(10_000)
    expect((await mesh.view(4)).self.incarnation).toBeGreaterThan(before)
    const reasons = mesh.node(4).heard.filter(({ type }) => type === 'member.fenced')
    expect(reasons.map(({ change }) => change.reason)).toContain('declared-dead')
  })
})

describe('splits', () => {
  test('both sides go on, and one view follows when they meet again', async () => {
    const mesh = new MemberMesh(13)
    await mesh.form(5)
    mesh.split([1, 2])
    const apartMs = await mesh.until(
      async () =>
        (await mesh.allHold([1, 2], 3, 'dead')) && (await mesh.allHold([3, 4, 5], 1, 'dead')),
      20_000,
    )
    expect(apartMs).toBeLessThan(20_000)
    await mesh.pass(60_000)
    expect(await mesh.allHold([1, 2], 2, 'alive')).toBe(true)
    mesh.heal([1, 2])
    const healedMs = await mesh.until(async () => {
      for (const number of five) if (!(await mesh.allHold(five, number, 'alive'))) return false
      return true
    }, 90_000)
    expect(healedMs).toBeLessThanOrEqual(30_000)
    const hashes = await Promise.all(five.map(async (number) => (await mesh.view(number)).viewHash))
    expect(new Set(hashes).size).toBe(1)
  })
})

function connectionsOf(ref: AnyRef | null): Ref<typeof Connections.messages> {
  if (ref === null) throw new Error('the node has no such actor')
  return ref as Ref<typeof Connections.messages>
}
