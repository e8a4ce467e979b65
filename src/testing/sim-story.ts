/**
 * SimStory: what nodes say to each other, as lines that a person can read.
 *
 * One line per message that tells its receiver something: who asks whom for what, who is said to
 * be alive or dead. Probes and gossip that bring no news are counted and left out.
 */
import { type Frame, kind, parseFrame } from '../../protocols/actor-link.ts'
import { type MemberClaim, parseSwimMessage, type SwimMessage } from '../../protocols/membership.ts'
import {
  actorBulkProtocol,
  actorProtocol,
  memberProtocol,
  swimProtocol,
} from '../../protocols/net.ts'
import { createMemoryCodec } from '../adapters/memory/index.ts'
import type { Codec, RefCodec } from '../ports/codec.ts'
import { type SimFrame, secondsText } from './sim-trace.ts'
import type { SimWorld } from './sim-world.ts'
import { textOf } from './value-text.ts'

/** What one side of a link has introduced so far. */
interface Names {
  readonly messages: Map<number, readonly string[]>
  readonly actors: Map<number, { readonly path: string; readonly protocol: number }>
}

/** A ref in a story is its path. */
const refsAsText: RefCodec = {
  isRef: () => false,
  dehydrate: () => null,
  hydrate: (data) => `ref ${Array.isArray(data) ? data.slice(0, 2).join('') : String(data)}`,
}

export class SimStory {
  readonly #lines: string[] = []
  readonly #codec: Codec
  readonly #names = new Map<string, Names>()
  readonly #known = new Map<string, string>()
  #uneventful = 0

  private constructor(codec: Codec) {
    this.#codec = codec
  }

  /** Begin to write down what happens in a world. */
  static of(world: SimWorld, openCodec?: (refs: RefCodec) => Codec): SimStory {
    const open = openCodec ?? ((refs: RefCodec) => createMemoryCodec({ refs }))
    const story = new SimStory(open(refsAsText))
    world.trace.onEvent = (atMs, text) => story.say(atMs, `— ${text}`)
    world.trace.onFrame = (frame) => story.#frame(frame)
    return story
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  /** A line of the scenario's own. */
  say(atMs: number, text: string): void {
    this.#lines.push(`${secondsText(atMs)}  ${text}`)
  }

  /** Close a chapter: how much passed that nobody needs to read. */
  chapter(atMs: number, title: string): void {
    if (this.#uneventful > 0) {
      this.say(atMs, `(${this.#uneventful} probes, answers and pieces of gossip without news)`)
    }
    this.#uneventful = 0
    this.#lines.push('', `## ${title}`, '')
  }

  #frame(frame: SimFrame): void {
    const texts = this.#textsOf(frame)
    if (texts.length === 0) this.#uneventful++
    const route = `${nameOf(frame.from)} → ${nameOf(frame.to)}`
    for (const text of texts) this.say(frame.atMs, `${route}  ${text}`)
  }

  #textsOf(frame: SimFrame): readonly string[] {
    switch (frame.protocol) {
      case swimProtocol.ids[0]:
      case memberProtocol.ids[0]:
        return this.#memberTexts(frame)
      case actorProtocol.ids[0]:
        return this.#actorTexts(frame)
      case actorBulkProtocol.ids[0]:
        return [`a piece of ${frame.bytes.length} bytes`]
      default:
        return this.#memberTexts(frame).map((text) => `on the topic, ${text}`)
    }
  }

  #memberTexts({ bytes, to }: SimFrame): readonly string[] {
    const message = parseSwimMessage(this.#codec.decode(bytes))
    if (message === undefined) return ['something that is no message of membership']
    return claimsOf(message)
      .filter((claim) => this.#isNews(to, claim))
      .map((claim) => `${message.type}: ${claimText(claim)}`)
  }

  #isNews(to: string, { id, incarnation, liveness }: MemberClaim): boolean {
    const key = `${to} ${id}`
    const said = `${incarnation} ${liveness}`
    if (this.#known.get(key) === said) return false
    this.#known.set(key, said)
    return true
  }

  #actorTexts({ bytes, from, to }: SimFrame): readonly string[] {
    const frame = parseFrame(this.#codec.decode(bytes))
    if (frame === undefined) return ['something that is no frame of actors']
    const key = `${from}>${to}`
    if (frame[0] === kind.hello) this.#names.set(key, { messages: new Map(), actors: new Map() })
    const names = this.#names.get(key)
    return names === undefined ? [] : actorTexts(frame, names)
  }
}

function actorTexts(frame: Frame, names: Names): readonly string[] {
  switch (frame[0]) {
    case kind.hello:
      return [`hello, I am ${frame[1]}`]
    case kind.define:
      names.messages.set(frame[1], frame[3])
      return []
    case kind.bind:
      names.actors.set(frame[1], { path: frame[2], protocol: frame[4] })
      return []
    case kind.tell:
    case kind.ask:
    case kind.stream: {
      const actor = names.actors.get(frame[1])
      const name = names.messages.get(actor?.protocol ?? -1)?.[frame[3]] ?? `message ${frame[3]}`
      const verb = frame[0] === kind.ask ? 'asks' : 'tells'
      return [`${verb} ${actor?.path ?? '?'} ${name} ${textOf(frame[4])}`]
    }
    case kind.reply:
      return [`answers ${textOf(frame[2])}`]
    case kind.fail:
      return [`answers with a failure: ${textOf(frame[2])}`]
    case kind.watch:
      return [`watches ${frame[2]}`]
    case kind.ended:
      return [`says that the watched actor ended: ${frame[2]}`]
    default:
      return []
  }
}

function claimsOf(message: SwimMessage): readonly MemberClaim[] {
  return 'news' in message && message.news !== undefined ? message.news.claims : []
}

function claimText({ id, incarnation, liveness, by }: MemberClaim): string {
  const accuser = by === undefined || by === id ? '' : `, says ${nameOf(by)}`
  return `${nameOf(id)} is ${liveness} in life ${incarnation}${accuser}`
}

function nameOf(peerId: string): string {
  return peerId.replace(/^peer-/, 'edge-')
}
