/**
 * Membership busy: a main thread that user code holds is not a dead node.
 */
import { expect, test } from 'vitest'

import { membershipLimits } from '../../protocols/limits.ts'
import { MemberMesh } from './member-mesh.ts'

const five = [1, 2, 3, 4, 5]
const others = [1, 2, 3, 4]

test('a node whose main thread is held for ten seconds is busy, not dead', async () => {
  const mesh = new MemberMesh(41)
  await mesh.form(5)
  mesh.block(5)
  await mesh.pass(10_000)
  expect(await mesh.allHold(others, 5, 'alive')).toBe(true)
  const { members, counters } = await mesh.view(1)
  const busy = members.find(({ name }) => name === 'edge-5')
  expect(busy?.busyMs).toBeGreaterThan(4_000)
  expect(counters.heardBusy).toBeGreaterThan(0)
  mesh.unblock(5)
  await mesh.pass(20_000)
  expect(mesh.deaths(others)).toEqual([])
  for (const number of five) expect(await mesh.allHold(five, number, 'alive')).toBe(true)
  const shown = (await mesh.view(1)).members.flatMap(({ busyMs }) => busyMs ?? [])
  expect(shown).toEqual([])
})

test('of two nodes, the one that is held is not declared dead by the other', async () => {
  const mesh = new MemberMesh(42)
  await mesh.form(2)
  mesh.block(2)
  await mesh.pass(10_000)
  expect(await mesh.holds(1, 2)).toBe('alive')
})

test('a main thread that is held beyond the limit counts as dead', async () => {
  const mesh = new MemberMesh(43)
  const limits = { model: membershipLimits, maxNodes: 100, busyMs: 5_000 }
  await mesh.form(5, { init: { limits } })
  mesh.block(5)
  await mesh.pass(4_500)
  expect(await mesh.allHold(others, 5, 'alive')).toBe(true)
  const deadMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 20_000)
  expect(deadMs).toBeLessThan(6_000)
})

test('a stopped process answers on no thread: it is dead within five seconds', async () => {
  const mesh = new MemberMesh(44)
  await mesh.form(5)
  mesh.stop(5)
  const deadMs = await mesh.until(() => mesh.allHold(others, 5, 'dead'), 20_000)
  expect(deadMs).toBeLessThanOrEqual(5_000)
})

test('without a responder a held main thread is taken for a dead node', async () => {
  const mesh = new MemberMesh(45)
  await mesh.form(5)
  await mesh.node(5).liveness.close()
  mesh.block(5)
  await mesh.pass(10_000)
  expect(await mesh.allHold(others, 5, 'dead')).toBe(true)
})
