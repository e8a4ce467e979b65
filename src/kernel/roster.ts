/**
 * Roster: which actors stand under which name, here and on other nodes.
 *
 * It is what receptionist and groups share: a local actor stands there until it is taken off or
 * ends; what another node lists is replaced as a whole by whoever talks to that node, and goes
 * when the node goes. Subscribers hear of each change, never of none.
 */
import type { Events } from './events.ts'
import type { Kernel } from './kernel.ts'
import type { Exit, Recipient, Watcher } from './recipient.ts'
import { AnyRef, formatAddress } from './ref.ts'

/** One actor under one name. */
export interface Standing {
  readonly ref: AnyRef
  /** The node that it lives on; empty for this system. */
  readonly node: string
  /** How often it stands there; a set counts once. */
  readonly times: number
}

/** What one node lists: names, and the actors under each as often as they stand there. */
export type Listed = ReadonlyMap<string, readonly AnyRef[]>

type Listener = (name: string) => void

class Entry implements Standing, Watcher {
  readonly ref: AnyRef
  readonly node: string
  readonly #gone: (entry: Entry) => void
  times = 1

  constructor(ref: AnyRef, node: string, gone: (entry: Entry) => void) {
    this.ref = ref
    this.node = node
    this.#gone = gone
  }

  ended(_recipient: Recipient, _exit: Exit): void {
    this.#gone(this)
  }
}

export class Roster {
  readonly #home: Kernel
  readonly #events: Events
  readonly #label: string
  readonly #names = new Map<string, Map<string, Entry>>()
  readonly #unreachable = new Set<string>()
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #everywhere = new Set<Listener>()

  constructor(home: Kernel, label: string) {
    this.#home = home
    this.#events = home.events
    this.#label = label
  }

  get names(): readonly string[] {
    return [...this.#names.keys()]
  }

  standing(name: string): readonly Standing[] {
    return [...(this.#names.get(name)?.values() ?? [])]
  }

  find(name: string, ref: AnyRef): Standing | null {
    return this.#names.get(name)?.get(keyOf(ref)) ?? null
  }

  reachable(node: string): boolean {
    return !this.#unreachable.has(node)
  }

  /** A local actor; the caller has checked that it lives here. */
  add(name: string, ref: AnyRef): void {
    this.#enter(name, ref, '')
    this.#changed(name)
  }

  addAgain(name: string, ref: AnyRef): void {
    const entry = this.#names.get(name)?.get(keyOf(ref))
    if (entry === undefined) this.add(name, ref)
    else {
      entry.times++
      this.#changed(name)
    }
  }

  /** Take one standing away; false when there is none. */
  remove(name: string, ref: AnyRef): boolean {
    const entry = this.#names.get(name)?.get(keyOf(ref))
    if (entry === undefined) return false
    if (entry.times > 1) entry.times--
    else this.#strike(name, entry)
    this.#changed(name)
    return true
  }

  /** What this system itself lists, for those who tell other nodes. */
  get local(): Listed {
    const listed = new Map<string, readonly AnyRef[]>()
    for (const [name, entries] of this.#names) {
      const refs = [...entries.values()].flatMap(({ node, ref, times }) =>
        node === '' ? Array.from({ length: times }, () => ref) : [],
      )
      if (refs.length > 0) listed.set(name, refs)
    }
    return listed
  }

  /** From now on the node lists exactly this. */
  replaceNode(node: string, listed: Listed): void {
    const changed = new Set<string>()
    for (const [name, entries] of this.#names) {
      const before = this.#struckOf(name, entries, node)
      const now = (listed.get(name) ?? []).map(keyOf)
      if (before.toSorted().join() !== now.toSorted().join()) changed.add(name)
    }
    for (const [name, refs] of listed) {
      if (refs.length > 0 && !this.#names.has(name)) changed.add(name)
      for (const ref of refs) this.#enter(name, ref, node)
    }
    for (const name of changed) this.#changed(name)
  }

  /** The node has left: so has all that it listed. */
  dropNode(node: string): void {
    this.#unreachable.delete(node)
    this.replaceNode(node, new Map())
  }

  setReachable(node: string, reachable: boolean): void {
    if (this.reachable(node) === reachable) return
    if (reachable) this.#unreachable.delete(node)
    else this.#unreachable.add(node)
    for (const [name, entries] of this.#names) {
      if ([...entries.values()].some((entry) => entry.node === node)) this.#changed(name)
    }
  }

  /** Subscribing the same function twice delivers once. */
  subscribe(name: string, listener: Listener): () => void {
    const known = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, known.add(listener))
    return () => {
      known.delete(listener)
      if (known.size === 0 && this.#listeners.get(name) === known) this.#listeners.delete(name)
    }
  }

  /** Hear of every name that changed, for those who tell other nodes. */
  subscribeAll(listener: Listener): () => void {
    this.#everywhere.add(listener)
    return () => void this.#everywhere.delete(listener)
  }

  #enter(name: string, ref: AnyRef, node: string): void {
    const entries = this.#names.get(name) ?? new Map<string, Entry>()
    this.#names.set(name, entries)
    const known = entries.get(keyOf(ref))
    if (known !== undefined) {
      known.times++
      return
    }
    const entry = new Entry(ref, node, (gone) => {
      this.#strike(name, gone)
      this.#changed(name)
    })
    entries.set(keyOf(ref), entry)
    AnyRef.recipientOf(ref).addWatcher(entry)
  }

  #strike(name: string, entry: Entry): void {
    const entries = this.#names.get(name)
    const key = keyOf(entry.ref)
    if (entries?.get(key) !== entry) return
    entries.delete(key)
    AnyRef.recipientOf(entry.ref).removeWatcher(entry)
    if (entries.size === 0) this.#names.delete(name)
  }

  /** Take off all that a node lists under a name; the keys as often as they stood there. */
  #struckOf(name: string, entries: ReadonlyMap<string, Entry>, node: string): readonly string[] {
    const struck: string[] = []
    for (const entry of entries.values()) {
      if (entry.node !== node) continue
      struck.push(...Array.from({ length: entry.times }, () => keyOf(entry.ref)))
      this.#strike(name, entry)
    }
    return struck
  }

  #changed(name: string): void {
    if (this.#home.terminated) return
    for (const listeners of [this.#listeners.get(name), this.#everywhere]) {
      for (const listener of listeners ?? []) {
        this.#events.guarded(this.#label, () => listener(name))
      }
    }
  }
}

function keyOf(ref: AnyRef): string {
  return formatAddress(AnyRef.recipientOf(ref).address)
}
