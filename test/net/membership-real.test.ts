/**
 * Membership over sockets: two processes, of which one is held, stopped and ended.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Member } from '../../protocols/membership-actor.ts'
import { startNode } from '../../src/index.ts'
import type { ShoalNode } from '../../src/index.ts'

let folder = ''
let node: ShoalNode
let held: ChildProcess

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shoal-held-'))
  node = await startNode({
    node: { name: 'watcher' },
    dataDir: join(folder, 'a'),
    listen: { p2p: '127.0.0.1:0' },
    cluster: { mdns: false },
    logs: { level: 'error' },
  })
  const program = join(import.meta.dirname, 'held-node.program.ts')
  held = fork(program, [join(folder, 'b'), node.ticket()], {
    execArgv: ['--conditions=shoal-source'],
  })
  await once(held, 'message')
  await until((member) => member?.liveness === 'alive', 10_000)
})

afterEach(async () => {
  held.kill('SIGKILL')
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a process whose main thread is held for six seconds is busy, and lives', async () => {
  const seen = new Set<string>()
  held.send(6_000)
  const free = once(held, 'message')
  const busy: number[] = []
  for (let look = 0; look < 28; look += 1) {
    const member = await heldMember()
    seen.add(member?.liveness ?? 'unknown')
    if (member?.busyMs !== undefined) busy.push(member.busyMs)
    await sleep(250)
  }
  await free
  expect([...seen]).not.toContain('dead')
  expect(Math.max(...busy)).toBeGreaterThan(1_000)
})

test('a process that is stopped answers on no thread, and is dead within five seconds', async () => {
  held.kill('SIGSTOP')
  const tookMs = await until((member) => member?.liveness === 'dead', 15_000)
  expect(tookMs).toBeLessThan(5_500)
})

async function heldMember(): Promise<Member | undefined> {
  const { members } = await node.members()
  return members.find(({ name }) => name === 'held')
}

async function until(
  so: (member: Member | undefined) => boolean,
  withinMs: number,
): Promise<number> {
  const beganAtMs = performance.now()
  while (performance.now() - beganAtMs < withinMs) {
    if (so(await heldMember())) return performance.now() - beganAtMs
    await sleep(50)
  }
  return expect.fail(`waited ${withinMs} ms in vain`)
}
