/**
 * Membership and remote actors together: a lost node ends its actors for those who watch them.
 */
import { describe, expect, test } from 'vitest'

import type { MemberChange } from '../../protocols/membership-actor.ts'
import { actor, ask, protocol, tell } from '../../src/kernel/index.ts'
import type { AnyRef, Ref } from '../../src/kernel/index.ts'
import { MemberMesh, peerIdOf } from './member-mesh.ts'
import type { MeshNode } from './member-mesh.ts'

const Echo = protocol('test.echo/1', { echo: ask<{ readonly text: string }, string>() })
const echo = actor(Echo, { state: () => null, on: { echo: (_, { text }) => text } })

const Guard = protocol('test.guard/1', { watch: tell<{ readonly ref: AnyRef }>() })

/** Writes down how what it watches ends. */
const guard = actor(Guard, {
  state: (ends: string[]) => ends,
  on: { watch: (_, { ref }, ctx) => ctx.watch(ref) },
  signals: { terminated: (ends, { reason }) => void ends.push(reason) },
})

interface Watched {
  readonly ref: Ref<typeof Echo.messages>
  readonly ends: string[]
}

async function watchEcho(mesh: MemberMesh, from: number, on: number): Promise<Watched> {
  mesh.node(on).system.spawn(echo, undefined, { name: 'echo' })
  const ref = echoAt(mesh.node(from), mesh.node(on).system.name)
  expect(await mesh.run(ref.echo({ text: 'first' }))).toBe('first')
  const ends: string[] = []
  mesh.node(from).system.spawn(guard, ends).watch({ ref })
  await mesh.pass(100)
  return { ref, ends }
}

function echoAt({ mesh }: MeshNode, system: string): Ref<typeof Echo.messages> {
  return mesh.at(system, Echo, '/echo')
}

async function codeOf(mesh: MemberMesh, answer: Promise<string>): Promise<string> {
  const outcome = answer.then(
    () => 'answered',
    (error: unknown) => (error as { readonly code: string }).code,
  )
  return mesh.run(outcome)
}

describe('WA-11: an actor on a node that is lost', () => {
  test('WA-11: its watcher hears node-lost once, and no return revives the ref', async () => {
    const mesh = new MemberMesh(31)
    await mesh.form(3)
    const { ref, ends } = await watchEcho(mesh, 1, 3)
    mesh.kill(3)
    await mesh.until(() => ends.length > 0, 5_000)
    expect(ends).toEqual(['node-lost'])
    const again = await mesh.start(3)
    again.system.spawn(echo, undefined, { name: 'echo' })
    await mesh.until(() => mesh.allHold([1, 2], 3, 'alive'), 5_000)
    await mesh.pass(5_000)
    expect(ends).toEqual(['node-lost'])
    expect(await codeOf(mesh, ref.echo({ text: 'old' }))).toBe('node_unreachable')
    const fresh = echoAt(mesh.node(1), again.system.name)
    expect(await mesh.run(fresh.echo({ text: 'new' }))).toBe('new')
  })

  test('WA-11: a restart that nobody noticed ends the earlier life all the same', async () => {
    const mesh = new MemberMesh(32)
    await mesh.form(3)
    const { ends } = await watchEcho(mesh, 1, 3)
    mesh.kill(3)
    await mesh.start(3)
    await mesh.pass(5_000)
    expect(mesh.deaths([1, 2])).toEqual([])
    expect(ends).toEqual(['node-lost'])
  })

  test('a lost connection alone ends nothing', async () => {
    const mesh = new MemberMesh(33)
    await mesh.form(3)
    const { ref, ends } = await watchEcho(mesh, 1, 3)
    mesh.network.cut(peerIdOf(1), peerIdOf(3))
    await mesh.pass(5_000)
    expect(ends).toEqual([])
    expect(await mesh.run(ref.echo({ text: 'still there' }))).toBe('still there')
  })

  test('WA-11: after a split heals, refs from before stay dead and new ones work', async () => {
    const mesh = new MemberMesh(34)
    await mesh.form(3)
    const { ref, ends } = await watchEcho(mesh, 1, 3)
    const system = mesh.node(3).system.name
    mesh.split([3])
    await mesh.until(() => ends.length > 0, 20_000)
    mesh.heal([3])
    await mesh.until(() => mesh.allHold([1, 2, 3], 3, 'alive'), 60_000)
    await mesh.pass(10_000)
    expect(ends).toEqual(['node-lost'])
    expect(await codeOf(mesh, ref.echo({ text: 'old' }))).toBe('node_unreachable')
    expect(await mesh.run(echoAt(mesh.node(1), system).echo({ text: 'new' }))).toBe('new')
    expect(await mesh.run(echoAt(mesh.node(2), system).echo({ text: 'too' }))).toBe('too')
  })

  test('who leaves with a word ends its actors for the others', async () => {
    const mesh = new MemberMesh(35)
    await mesh.form(3)
    const { ends } = await watchEcho(mesh, 1, 3)
    await mesh.run(mesh.node(3).membership.leave())
    await mesh.pass(1_000)
    expect(ends).toEqual(['node-lost'])
  })
})

describe('reading membership', () => {
  test('a reader hears who is there, then every change in order', async () => {
    const mesh = new MemberMesh(36)
    await mesh.form(3)
    const told: string[] = []
    void read(mesh.node(1).membership.changes(), told)
    await mesh.pass(100)
    expect(told.toSorted()).toEqual(['known edge-1', 'known edge-2', 'known edge-3'])
    told.length = 0
    await mesh.start(4)
    await mesh.pass(2_000)
    mesh.kill(4)
    await mesh.pass(5_000)
    const words = told.filter((line) => line.endsWith('edge-4') && !line.startsWith('updated'))
    expect(words).toEqual(['up edge-4', 'suspect edge-4', 'dead edge-4'])
  })

  test('membership of another node is read like the own one', async () => {
    const mesh = new MemberMesh(37)
    await mesh.form(3)
    const { Membership } = await import('../../protocols/membership-actor.ts')
    const remote = mesh.node(1).mesh.at(mesh.node(2).system.name, Membership, '/membership')
    const view = await mesh.run(remote.view())
    expect(view.self.name).toBe('edge-2')
    expect(view.members).toHaveLength(3)
  })

  test('a drain is seen by all, and a heartbeat does not undo it', async () => {
    const mesh = new MemberMesh(38)
    await mesh.form(3)
    await mesh.run(mesh.node(2).membership.setAdmin({ admin: 'draining' }))
    await mesh.pass(65_000)
    for (const number of [1, 2, 3]) {
      const { members } = await mesh.view(number)
      const drained = members.find(({ name }) => name === 'edge-2')
      expect(drained?.admin).toBe('draining')
      expect(drained?.heartbeat?.stale).toBe(false)
      expect(drained?.heartbeat?.resources.cpuPercent).toBe(10)
    }
  })

  test('round trips are measured and estimated', async () => {
    const mesh = new MemberMesh(39)
    await mesh.form(3)
    await mesh.pass(60_000)
    const { members } = await mesh.view(1)
    const others = members.filter(({ self }) => !self)
    for (const { roundTripMs } of others) {
      expect(roundTripMs).toBeGreaterThan(0.1)
      expect(roundTripMs).toBeLessThan(5)
    }
  })
})

async function read(changes: AsyncIterable<MemberChange>, told: string[]): Promise<void> {
  for await (const { type, member } of changes) told.push(`${type} ${member.name}`)
}
