/**
 * The demo: three real processes that find each other, are seen alike by all, and are stopped.
 */
import { expect, test } from 'vitest'
import type { StatusReport } from '../../protocols/control.ts'
import { poll } from '../../src/poll.ts'
import { freePorts, scratch, shoal, Staying } from './shoal-process.ts'

const p2pPort = 4_001

function idsOf(report: StatusReport): string[] {
  return report.nodes.map(({ node_id }) => node_id).toSorted()
}

async function statusOf(dir: string, name: string): Promise<StatusReport> {
  const { out } = await shoal(['status', '--json', '--data-dir', dir, '--name', name])
  return JSON.parse(out) as StatusReport
}

async function demo(dir: string): Promise<{ mesh: Staying; report: StatusReport }> {
  const offset = (await freePorts(3)) - p2pPort
  const mesh = new Staying(['demo', '--json', '--port-offset', String(offset)], {
    EDGE_DATA_DIR: dir,
  })
  return { mesh, report: JSON.parse(await mesh.line()) as StatusReport }
}

test('a demo is three alive nodes, and every one of them lists the same three', async () => {
  await using dir = await scratch()
  const { mesh, report } = await demo(dir.path)
  await using stays = mesh
  expect(report.nodes.map(({ status }) => status)).toEqual(['active', 'active', 'active'])
  for (const name of ['node-1', 'node-2', 'node-3']) {
    expect(idsOf(await statusOf(dir.path, name))).toEqual(idsOf(report))
  }
  const { code, out } = await shoal(['down', '--data-dir', dir.path])
  expect([code, out]).toEqual([0, 'stopped: node-1, node-2, node-3\n'])
  expect(await stays.end()).toBe(0)
})

test('two demos with other directories and ports live side by side and stay apart', async () => {
  await using one = await scratch()
  await using two = await scratch()
  const first = await demo(one.path)
  await using a = first.mesh
  const second = await demo(two.path)
  await using b = second.mesh
  expect(a.child.pid).not.toBe(b.child.pid)
  const shared = idsOf(first.report).filter((id) => idsOf(second.report).includes(id))
  expect(shared).toEqual([])
  expect((await statusOf(one.path, 'node-1')).nodes).toHaveLength(3)
})

test('a node that is killed is failed in the status of the others, the rest stay active', async () => {
  await using dir = await scratch()
  const { mesh } = await demo(dir.path)
  await using stays = mesh
  expect(stays.child.exitCode).toBe(null)
  const pid = await pidOf(dir.path, 'node-3')
  process.kill(pid, 'SIGKILL')
  const states = await poll(() => failedIn(dir.path), { everyMs: 50, withinMs: 20_000 })
  expect(states).toEqual(['node-1 active', 'node-2 active', 'node-3 failed'])
})

/** The states of all nodes as soon as one of them has failed. */
async function failedIn(dir: string): Promise<string[] | undefined> {
  const { nodes } = await statusOf(dir, 'node-1')
  const states = nodes.map(({ name, status }) => `${name} ${status}`).toSorted()
  return states.some((state) => state.endsWith('failed')) ? states : undefined
}

async function pidOf(dir: string, name: string): Promise<number> {
  const { out } = await shoal(['doctor', '--json', '--data-dir', dir])
  const { findings } = JSON.parse(out) as { findings: { detail: string }[] }
  const found = findings.map(({ detail }) => detail).find((detail) => detail.startsWith(name))
  return Number(/process (\d+)/.exec(found ?? '')?.[1])
}
