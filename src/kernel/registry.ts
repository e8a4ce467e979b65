/**
 * NameRegistry: well-known names of this system, each held by at most one living actor.
 *
 * A name is free again when its holder has ended, before any watcher hears of that end, so that
 * whoever is told may take the name at once.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { Messages, Protocol } from './protocol.ts'
import { type AnyRef, protocolOf, type Ref } from './ref.ts'

export type RegistryHome = Kernel & {
  onForget(listener: (cell: Cell) => void): () => void
}

export class NameRegistry {
  readonly #home: RegistryHome
  readonly #holders = new Map<string, Cell>()
  readonly #names = new Map<Cell, Set<string>>()
  #listening = false

  constructor(home: RegistryHome) {
    this.#home = home
  }

  /** Taking a name twice for the same actor changes nothing. */
  register(name: string, ref: AnyRef): void {
    const cell = this.#home.cellOf(ref)
    const holder = this.#holders.get(name)
    if (holder === cell) return
    if (name === '') throw new EdgeError('invalid_name', 'An empty text cannot be registered')
    if (holder !== undefined) throw nameTaken(name, holder)
    if (cell.phase === 'ended') throw endedError(name, cell)
    this.#listen()
    this.#holders.set(name, cell)
    const names = this.#names.get(cell) ?? new Set()
    this.#names.set(cell, names.add(name))
  }

  /** True when the name was held. */
  unregister(name: string): boolean {
    const holder = this.#holders.get(name)
    if (holder === undefined) return false
    this.#holders.delete(name)
    const names = this.#names.get(holder)
    names?.delete(name)
    if (names?.size === 0) this.#names.delete(holder)
    return true
  }

  whereis(name: string): AnyRef | null
  /** The ref as one that speaks this protocol; another kind of holder is an error. */
  whereis<M extends Messages>(name: string, protocol: Protocol<M>): Ref<M> | null
  whereis(name: string, protocol?: Protocol): AnyRef | null {
    const ref = this.#holders.get(name)?.ref ?? null
    if (ref !== null && protocol !== undefined) checkSpeaks(ref, protocol, name)
    return ref
  }

  get names(): readonly string[] {
    return [...this.#holders.keys()]
  }

  /** Systems that register nothing pay nothing at the end of each actor. */
  #listen(): void {
    if (this.#listening) return
    this.#listening = true
    this.#home.onForget((cell) => this.#release(cell))
  }

  #release(cell: Cell): void {
    const names = this.#names.get(cell)
    if (names === undefined) return
    for (const name of names) this.#holders.delete(name)
    this.#names.delete(cell)
  }
}

/** Refuse to treat a ref as speaking a protocol that it was not made for. */
export function checkSpeaks(ref: AnyRef, protocol: Protocol, name: string): void {
  const spoken = protocolOf(ref)
  if (spoken === null || spoken.id === protocol.id) return
  throw new EdgeError(
    'protocol_mismatch',
    `${JSON.stringify(name)} speaks ${spoken.id}, not ${protocol.id}; look for another name or ` +
      'use the protocol it speaks',
    { detail: { name, speaks: spoken.id, wanted: protocol.id } },
  )
}

function nameTaken(name: string, holder: Cell): EdgeError {
  return new EdgeError(
    'name_taken',
    `The name ${JSON.stringify(name)} is held by ${holder.path}; unregister it first, or wait ` +
      'until that actor has ended',
    { detail: { name, path: holder.path } },
  )
}

function endedError(name: string, { path }: Cell): EdgeError {
  return new EdgeError(
    'no_such_actor',
    `${path} has ended and cannot be registered as ${JSON.stringify(name)}; spawn it again`,
    { detail: { name, path } },
  )
}
