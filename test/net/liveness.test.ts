/**
 * Liveness over UDP: keeps the contract, outlives a blocked main thread, and answers members only.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { openLiveness } from '../../src/adapters/liveness/index.ts'
import { livenessKey, newNonce, sealPacket } from '../../src/adapters/liveness/packet.ts'
import type { Liveness } from '../../src/ports/liveness.ts'
import { livenessContract } from '../contract/liveness.ts'

const addresses = ['/ip4/127.0.0.1/tcp/4001']
const secretOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

async function open(peerId: string, secret = 1): Promise<Liveness> {
  const options = { secret: secretOf(secret), cluster: 'test', peerId, host: '127.0.0.1' }
  const liveness = await openLiveness(options)
  if (liveness === undefined) throw new Error('the responder cannot listen')
  return liveness
}

livenessContract('udp', async () => ({
  open: (peerId, { secret } = {}) => open(peerId, secret),
  pass: (ms) => sleep(ms),
  addresses,
  close: () => Promise.resolve(),
}))

test('it answers while the main thread is blocked, and says for how long', async () => {
  const a = await open('a')
  const socket = createSocket('udp4')
  a.beat()
  const port = Number(a.responder.split('/')[1])
  const seal = { key: livenessKey(secretOf(1), 'test'), peerId: 'a' }
  const question = sealPacket({ kind: 'question', nonce: newNonce(), busyMs: 0 }, seal)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const heard = once(socket, 'message')
  // The packet leaves before this thread blocks; the answer is made while it does.
  await new Promise<void>((resolve) => {
    socket.send(question, port, '127.0.0.1', () => resolve())
  })
  block(600)
  const [bytes] = (await heard) as [Uint8Array]
  const busyMs = Buffer.from(bytes).readUInt32BE(20)
  expect(busyMs).toBeLessThan(500)
  socket.close()
  await a.close()
})

test('a stranger with another secret, a forged answer and noise get nothing', async () => {
  const [member, stranger] = [await open('a'), await open('s', 2)]
  const target = { peerId: 'a', responder: member.responder, addresses }
  expect(await stranger.ask(target, 200)).toBeNull()
  expect(await member.ask({ ...target, peerId: 'b' }, 200)).toBeNull()
  const socket = createSocket('udp4')
  const port = Number(member.responder.split('/')[1])
  for (const noise of [Buffer.alloc(0), Buffer.alloc(40), Buffer.alloc(1_400, 7)]) {
    socket.send(noise, port, '127.0.0.1')
  }
  await sleep(50)
  expect(await member.ask(target, 1_000)).not.toBeNull()
  socket.close()
  await member.close()
  await stranger.close()
})

test('a port that is taken leaves the node without a responder, and says so', async () => {
  const member = await open('a')
  const port = Number(member.responder.split('/')[1])
  const reports: string[] = []
  const second = await openLiveness(
    { secret: secretOf(1), cluster: 'test', peerId: 'b', host: '127.0.0.1', port },
    (why) => reports.push(why),
  )
  expect(second).toBeUndefined()
  expect(reports.join()).toContain('EADDRINUSE')
  await member.close()
})

function block(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs) continue
}
