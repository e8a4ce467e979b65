/**
 * Directory: which local actors the other side of a link may speak to, and by which numbers.
 *
 * An actor is listed when a ref to it first crosses, and struck off when it ends. What a number
 * of the other side stands for is remembered as long as somebody here holds its ref.
 */
import {
  type Address,
  type AnySpec,
  AnyRef,
  Cell,
  type Message,
  type MessageOptions,
  type Protocol,
  protocol,
  type Recipient,
  refClass,
} from '../../src/kernel/index.ts'
import { FarRecipient } from './far-recipient.ts'
import { lodgerUid } from './frames.ts'
import type { Link } from './link.ts'

export interface Listed {
  readonly ref: AnyRef
  readonly to: Recipient
  readonly table: readonly Message[]
}

/** A ref in plain data: `yours` is the receiver's own actor. */
type RefForm =
  | { readonly yours: number }
  | { readonly uid: number; readonly address: Address; readonly protocol: ProtocolForm }

interface ProtocolForm {
  readonly id: string
  readonly table: readonly (readonly [
    name: string,
    kind: Message['kind'],
    options: MessageOptions,
  ])[]
}

export class Directory {
  readonly #link: Link
  readonly #listed = new Map<number, Listed>()
  readonly #numbers = new Map<Recipient, number>()
  readonly #far = new Map<number, WeakRef<AnyRef>>()
  readonly #forgotten = new FinalizationRegistry<number>((uid) => {
    if (this.#far.get(uid)?.deref() === undefined) this.#far.delete(uid)
  })
  readonly #protocols = new Map<string, Protocol>()
  readonly #stopListening: () => void
  #foreign = 0

  constructor(link: Link) {
    this.#link = link
    this.#stopListening = link.system.onForget((cell) => this.#strike(cell))
  }

  close(): void {
    this.#stopListening()
    this.#listed.clear()
    this.#numbers.clear()
  }

  listed(uid: number): Listed | undefined {
    return this.#listed.get(uid)
  }

  /** The actor in the thread and its stand-in outside have the same number on both sides. */
  listLodger(ref: AnyRef, speaks: Protocol): void {
    this.#list(lodgerUid, ref, speaks)
  }

  fits(ref: AnyRef): boolean {
    return protocolOf(AnyRef.recipientOf(ref)) !== undefined
  }

  formOf(ref: AnyRef): RefForm | undefined {
    const to = AnyRef.recipientOf(ref)
    if (to instanceof FarRecipient && to.link === this.#link) return { yours: to.uid }
    const known = this.#numbers.get(to)
    if (known === lodgerUid) return { yours: lodgerUid }
    const speaks = protocolOf(to)
    if (speaks === undefined) return undefined
    const uid = known ?? this.#list(this.#numberFor(to), ref, speaks)
    return { uid, address: to.address, protocol: protocolForm(speaks) }
  }

  refOf(form: unknown): AnyRef {
    const given = form as RefForm
    if ('yours' in given) return this.#listed.get(given.yours)?.ref ?? this.#deadRef(given.yours)
    const known = this.#far.get(given.uid)?.deref()
    if (known !== undefined) return known
    const speaks = this.#protocolOf(given.protocol)
    return this.#remember(given.uid, speaks, given.address)
  }

  #remember(uid: number, speaks: Protocol, address: Address): AnyRef {
    const far = new FarRecipient(this.#link, { uid, protocol: speaks, address })
    const Ref = refClass(speaks)
    const ref = new Ref(far)
    this.#far.set(uid, new WeakRef(ref))
    this.#forgotten.register(ref, uid)
    return ref
  }

  /** An actor of this side that has ended while its ref travelled. */
  #deadRef(uid: number): AnyRef {
    const address = { node: this.#link.system.name, path: `/ended-${uid}`, uid }
    const far = new FarRecipient(this.#link, { uid: -Infinity, protocol: silent, address })
    const Ref = refClass(silent)
    return new Ref(far)
  }

  #numberFor(to: Recipient): number {
    const own = to instanceof Cell && to.home === this.#link.system
    return own ? to.uid : --this.#foreign
  }

  #list(uid: number, ref: AnyRef, speaks: Protocol): number {
    const to = AnyRef.recipientOf(ref)
    this.#listed.set(uid, { ref, to, table: speaks.table })
    this.#numbers.set(to, uid)
    return uid
  }

  #strike(cell: Cell): void {
    const uid = this.#numbers.get(cell)
    if (uid === undefined) return
    this.#numbers.delete(cell)
    this.#listed.delete(uid)
  }

  #protocolOf(form: ProtocolForm): Protocol {
    const known = this.#protocols.get(form.id)
    if (known !== undefined) return known
    const messages: Record<string, AnySpec> = {}
    for (const [name, kind, options] of form.table) messages[name] = { kind, options }
    const made: Protocol = protocol(form.id, messages)
    this.#protocols.set(form.id, made)
    return made
  }
}

const silent = protocol('shoal.ended/1', {})

function protocolOf(to: Recipient): Protocol | undefined {
  if (to instanceof Cell) return to.props.def.protocol
  return 'protocol' in to ? (to.protocol as Protocol) : undefined
}

function protocolForm(speaks: Protocol): ProtocolForm {
  const table = speaks.table.map(({ name, kind, options }) => [name, kind, options] as const)
  return { id: speaks.id, table }
}
