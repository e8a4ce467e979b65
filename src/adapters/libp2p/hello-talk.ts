/**
 * HelloTalk: one hello on one stream, from either side, answered as the frames arrive.
 *
 * Everything happens in the stream's message event: the peer's next stream may follow its last
 * word in the same packet, and must find it proven. The secret itself never leaves this file; the
 * key is derived from it once, and proofs are compared in constant time.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Stream } from '@libp2p/interface'
import { Deframer, frameOf, oversized } from '../../../protocols/frame.ts'
import { encodeHello, helloTranscript, parseHello } from '../../../protocols/hello.ts'
import type {
  HelloAbout,
  HelloFrame,
  HelloRefusal,
  HelloRole,
  HelloTranscript,
} from '../../../protocols/hello.ts'
import { helloFrameBytesMax } from '../../../protocols/limits.ts'
import type { PeerId } from '../../ports/net.ts'
import { LiveTimer } from './live-timer.ts'

export interface HelloKey {
  readonly cluster: string
  readonly key: Uint8Array
}

export type HelloFailure = HelloRefusal | 'refused' | 'timeout' | 'closed'

export type HelloResult =
  | { readonly proven: true; readonly about: HelloAbout }
  | { readonly proven: false; readonly failure: HelloFailure; readonly said?: HelloRefusal }

export interface HelloInit {
  readonly stream: Stream
  readonly role: HelloRole
  readonly key: HelloKey
  readonly self: PeerId
  readonly remote: PeerId
  readonly about: HelloAbout
  readonly timeoutMs: number
  /** A listener may refuse a peer that is proven. */
  readonly refuse: () => HelloRefusal | undefined
  readonly onResult: (result: HelloResult) => void
}

/** A key of its own purpose, so that the secret can serve others as well. */
export function helloKey(cluster: string, secret: Uint8Array): HelloKey {
  return { cluster, key: createHmac('sha256', secret).update(`shoal hello 1 ${cluster}`).digest() }
}

export class HelloTalk {
  readonly #init: HelloInit
  readonly #deframer = new Deframer(helloFrameBytesMax)
  readonly #nonce = randomBytes(32).toString('base64')
  readonly #timer: LiveTimer
  #remoteNonce = ''
  #remoteAbout: HelloAbout | undefined
  #expected: HelloFrame['kind']
  #over = false

  constructor(init: HelloInit) {
    this.#init = init
    this.#expected = init.role === 'dialer' ? 'prove' : 'open'
    this.#timer = new LiveTimer(init.timeoutMs, () => this.#fail('timeout'))
    init.stream.addEventListener('message', this.#onMessage)
    init.stream.addEventListener('close', this.#onClose)
    if (init.role === 'dialer') this.#say({ kind: 'open', nonce: this.#nonce })
  }

  readonly #onMessage = (event: { readonly data: Uint8Array | Iterable<Uint8Array> }): void => {
    const pieces = event.data instanceof Uint8Array ? [event.data] : event.data
    for (const piece of pieces) {
      const at = this.#deframer.push(piece, 0, (frame) => this.#hear(frame))
      if (at === oversized) this.#refuse('malformed')
    }
  }

  readonly #onClose = (): void => this.#fail('closed')

  /** Answers whether more may follow. */
  #hear(bytes: Uint8Array): boolean {
    if (this.#over) return false
    const frame = parseHello(bytes)
    if (frame?.kind === 'refuse')
      this.#end({ proven: false, failure: 'refused', said: frame.reason })
    else if (frame === undefined || frame.kind !== this.#expected) this.#refuse('malformed')
    else this.#advance(frame)
    return !this.#over
  }

  #advance(frame: HelloFrame): void {
    switch (frame.kind) {
      case 'open':
        return this.#prove(frame.nonce)
      case 'prove':
        return this.#answer(frame)
      case 'answer':
        return this.#welcome(frame)
      case 'welcome':
        return this.#end({ proven: true, about: this.#remoteAbout as HelloAbout })
      case 'refuse':
    }
  }

  #prove(remoteNonce: string): void {
    this.#remoteNonce = remoteNonce
    this.#expected = 'answer'
    const proof = this.#proofOf('listener').toString('base64')
    this.#say({ kind: 'prove', nonce: this.#nonce, proof, about: this.#init.about })
  }

  #answer(frame: Extract<HelloFrame, { kind: 'prove' }>): void {
    this.#remoteNonce = frame.nonce
    if (!this.#proves('listener', frame.proof)) {
      this.#refuse('not_proven')
      return
    }
    this.#remoteAbout = frame.about
    this.#expected = 'welcome'
    const proof = this.#proofOf('dialer').toString('base64')
    this.#say({ kind: 'answer', proof, about: this.#init.about })
  }

  #welcome(frame: Extract<HelloFrame, { kind: 'answer' }>): void {
    const refusal = this.#proves('dialer', frame.proof) ? this.#init.refuse() : 'not_proven'
    if (refusal !== undefined) {
      this.#refuse(refusal)
      return
    }
    this.#say({ kind: 'welcome' })
    this.#end({ proven: true, about: frame.about })
  }

  #proves(prover: HelloRole, proof: string): boolean {
    return timingSafeEqual(this.#proofOf(prover), Buffer.from(proof, 'base64'))
  }

  #proofOf(prover: HelloRole): Buffer {
    const { key } = this.#init.key
    return createHmac('sha256', key).update(helloTranscript(prover, this.#transcript())).digest()
  }

  #transcript(): HelloTranscript {
    const { role, self, remote, key } = this.#init
    const mine = role === 'dialer'
    return {
      cluster: key.cluster,
      dialer: mine ? self : remote,
      listener: mine ? remote : self,
      dialerNonce: mine ? this.#nonce : this.#remoteNonce,
      listenerNonce: mine ? this.#remoteNonce : this.#nonce,
    }
  }

  #refuse(reason: HelloRefusal): void {
    if (this.#over) return
    this.#say({ kind: 'refuse', reason })
    this.#end({ proven: false, failure: reason })
  }

  #fail(failure: 'timeout' | 'closed'): void {
    this.#end({ proven: false, failure })
  }

  #say(frame: HelloFrame): void {
    const { stream } = this.#init
    if (stream.writeStatus === 'writable') stream.send(frameOf(encodeHello(frame)))
  }

  #end(result: HelloResult): void {
    if (this.#over) return
    this.#over = true
    this.#timer.clear()
    const { stream, onResult } = this.#init
    stream.removeEventListener('message', this.#onMessage)
    stream.removeEventListener('close', this.#onClose)
    // Whoever takes the result closes the connection when the hello failed.
    stream.close().catch((error: Error) => stream.abort(error))
    onResult(result)
  }
}
