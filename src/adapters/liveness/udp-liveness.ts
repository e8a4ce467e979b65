/**
 * UdpLiveness: liveness over UDP, answered by a thread of its own.
 *
 * Datagrams need no connection that a busy main thread would have to serve. A node whose
 * responder cannot listen goes on without one: it is probed on its main thread alone.
 */
import { createSocket, type Socket } from 'node:dgram'
import { Worker } from 'node:worker_threads'
import { livenessAnswersPerSecond, livenessPendingMax } from '../../../protocols/limits.ts'
import type { Liveness, LivenessTarget } from '../../ports/liveness.ts'
import { placesOf } from './hosts.ts'
import type { ResponderOrder, ResponderWord } from './order.ts'
import { livenessKey, newNonce, nonceOf, openPacket, sealPacket } from './packet.ts'
import { responderSource } from './thread-source.ts'

export interface LivenessOptions {
  readonly secret: Uint8Array
  readonly cluster: string
  readonly peerId: string
  /** The host on which members listen. */
  readonly host: string
  /** Absent: any free port, which the record tells. */
  readonly port?: number
}

type Family = 'udp4' | 'udp6'

interface Question {
  readonly peerId: string
  readonly answer: (busyMs: number | null) => void
}

/** The thread holds one socket and a few packets. */
const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 }

/** Undefined when the responder cannot listen; why is told to `report`. */
export async function openLiveness(
  options: LivenessOptions,
  report: (why: string) => void = () => undefined,
): Promise<Liveness | undefined> {
  const { peerId, host, port = 0 } = options
  const key = livenessKey(options.secret, options.cluster)
  const beats = new BigInt64Array(new SharedArrayBuffer(8))
  Atomics.store(beats, 0, process.hrtime.bigint())
  const answersPerSecond = livenessAnswersPerSecond
  const order: ResponderOrder = { key, peerId, host, port, beats, answersPerSecond }
  const worker = new Worker(await responderSource(), {
    name: 'liveness',
    workerData: order,
    resourceLimits,
  })
  worker.unref()
  const word = await firstWord(worker)
  if (word.kind === 'listening') {
    worker.on('error', (error: Error) => report(`the liveness responder ended: ${error.message}`))
    return new UdpLiveness(worker, { key, beats, responder: `udp/${word.port}` })
  }
  report(`the liveness responder cannot listen on ${host}: ${word.message}`)
  await worker.terminate()
  return undefined
}

function firstWord(worker: Worker): Promise<ResponderWord> {
  return new Promise((resolve) => {
    worker.once('message', resolve)
    worker.once('error', (error: Error) => resolve({ kind: 'failed', message: error.message }))
  })
}

class UdpLiveness implements Liveness {
  readonly responder: string
  readonly #key: Uint8Array
  readonly #beats: BigInt64Array
  readonly #worker: Worker
  readonly #asked = new Map<string, Question>()
  readonly #sockets = new Map<Family, Socket>()

  constructor(
    worker: Worker,
    given: {
      readonly key: Uint8Array
      readonly beats: BigInt64Array
      readonly responder: string
    },
  ) {
    this.#worker = worker
    this.#key = given.key
    this.#beats = given.beats
    this.responder = given.responder
  }

  beat(): void {
    Atomics.store(this.#beats, 0, process.hrtime.bigint())
  }

  ask(target: LivenessTarget, timeoutMs: number): Promise<number | null> {
    const places = placesOf(target.responder, target.addresses)
    if (places.length === 0 || this.#asked.size >= livenessPendingMax) return Promise.resolve(null)
    const nonce = newNonce()
    const { peerId } = target
    const packet = sealPacket({ kind: 'question', nonce, busyMs: 0 }, { key: this.#key, peerId })
    const answered = Promise.withResolvers<number | null>()
    const id = nonceOf(packet)
    const answer = (busyMs: number | null): void => {
      clearTimeout(late)
      this.#asked.delete(id)
      answered.resolve(busyMs)
    }
    const late = setTimeout(() => answer(null), timeoutMs)
    this.#asked.set(id, { peerId, answer })
    // A packet that cannot be sent is one that nobody answers.
    for (const { host, port } of places) {
      const socket = this.#open(host.includes(':') ? 'udp6' : 'udp4')
      socket.send(packet, port, host, () => undefined)
    }
    return answered.promise
  }

  async close(): Promise<void> {
    for (const { answer } of this.#asked.values()) answer(null)
    for (const socket of this.#sockets.values()) socket.close()
    this.#sockets.clear()
    await this.#worker.terminate()
  }

  #open(family: Family): Socket {
    const known = this.#sockets.get(family)
    if (known !== undefined) return known
    const socket = createSocket(family)
    socket.unref()
    socket.on('message', (bytes) => this.#hear(bytes))
    socket.on('error', () => {
      if (this.#sockets.get(family) === socket) this.#sockets.delete(family)
      socket.close()
    })
    this.#sockets.set(family, socket)
    return socket
  }

  #hear(bytes: Uint8Array): void {
    const question = this.#asked.get(nonceOf(bytes))
    if (question === undefined) return
    const answer = openPacket(bytes, 'answer', { key: this.#key, peerId: question.peerId })
    if (answer !== undefined) question.answer(answer.busyMs)
  }
}
