/**
 * Responder: the thread that answers for a node while its main thread is busy.
 *
 * It does nothing else, so nothing delays it. A question that was not made with the cluster's key
 * is not answered, and no more are answered in a second than a large cluster asks.
 */
import { createSocket } from 'node:dgram'
import { parentPort, workerData } from 'node:worker_threads'
import type { ResponderOrder, ResponderWord } from './order.ts'
import { openPacket, sealPacket } from './packet.ts'

const order = workerData as ResponderOrder
const nsPerMs = 1_000_000n
const secondMs = 1_000

const socket = createSocket(order.host.includes(':') ? 'udp6' : 'udp4')
let secondBegan = 0
let answered = 0

socket.on('message', (bytes, { address, port }) => {
  const question = openPacket(bytes, 'question', order)
  if (question === undefined || !mayAnswer()) return
  const answer = { kind: 'answer', nonce: question.nonce, busyMs: busyMs() } as const
  // Whoever asked does not hear of a failure: it asks somebody else.
  socket.send(sealPacket(answer, order), port, address, () => undefined)
})
socket.on('error', ({ message }) => say({ kind: 'failed', message }))
socket.on('listening', () => say({ kind: 'listening', port: socket.address().port }))
socket.bind(order.port, order.host)

function busyMs(): number {
  return Number((process.hrtime.bigint() - Atomics.load(order.beats, 0)) / nsPerMs)
}

function mayAnswer(): boolean {
  const nowMs = performance.now()
  if (nowMs - secondBegan > secondMs) {
    secondBegan = nowMs
    answered = 0
  }
  answered += 1
  return answered <= order.answersPerSecond
}

function say(word: ResponderWord): void {
  parentPort?.postMessage(word)
}
