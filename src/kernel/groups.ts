/**
 * Groups: actors that belong together under a name, as often as they joined.
 *
 * An actor that joined k times is a member k times and leaves once per join; one that ends leaves
 * altogether. Only actors of this system can join here; members elsewhere are entered by whoever
 * talks to their node, so each side of a partition lists its own and both list the union again
 * when the nodes have met. A group without members does not exist.
 */
import { EdgeError } from './errors.ts'
import type { Kernel } from './kernel.ts'
import type { AnyRef } from './ref.ts'
import { type Listed, Roster, type Standing } from './roster.ts'

export class Groups {
  readonly #home: Kernel
  readonly #roster: Roster

  constructor(home: Kernel) {
    this.#home = home
    this.#roster = new Roster(home, 'groups')
  }

  join(group: string, ref: AnyRef): void {
    const cell = this.#home.cellOf(ref)
    if (cell.phase === 'ended') throw endedError(group, cell.path)
    this.#roster.addAgain(group, ref)
  }

  /** Undo one join. */
  leave(group: string, ref: AnyRef): void {
    this.#home.cellOf(ref)
    if (!this.#roster.remove(group, ref)) throw notJoined(group, ref)
  }

  /** Members of all nodes, each as often as it joined. */
  members(group: string): readonly AnyRef[] {
    return this.#roster.standing(group).flatMap(repeated)
  }

  localMembers(group: string): readonly AnyRef[] {
    return this.#roster.standing(group).filter(isLocal).flatMap(repeated)
  }

  /** Groups that have members. */
  get names(): readonly string[] {
    return this.#roster.names
  }

  /** Hear of the members now and after each change. Returns its own undoing. */
  subscribe(group: string, listener: (members: readonly AnyRef[]) => void): () => void {
    const tell = (): void => listener(this.members(group))
    const leave = this.#roster.subscribe(group, tell)
    this.#home.events.guarded('groups', tell)
    return leave
  }

  /** What this system's own actors have joined, for those who tell other nodes. */
  get local(): Listed {
    return this.#roster.local
  }

  /** Hear the name of each group that changed. */
  onChange(listener: (group: string) => void): () => void {
    return this.#roster.subscribeAll(listener)
  }

  /** From now on these are the node's members. */
  replaceNode(node: string, joined: Listed): void {
    this.#roster.replaceNode(node, joined)
  }

  dropNode(node: string): void {
    this.#roster.dropNode(node)
  }
}

function isLocal({ node }: Standing): boolean {
  return node === ''
}

function repeated({ ref, times }: Standing): readonly AnyRef[] {
  return Array.from({ length: times }, () => ref)
}

function notJoined(group: string, ref: AnyRef): EdgeError {
  return new EdgeError(
    'not_joined',
    `${String(ref)} has not joined group ${JSON.stringify(group)}; join it first`,
    { detail: { group } },
  )
}

function endedError(group: string, path: string): EdgeError {
  return new EdgeError(
    'no_such_actor',
    `${path} has ended and cannot join group ${JSON.stringify(group)}; spawn it again`,
    { detail: { group, path } },
  )
}
