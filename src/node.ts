/**
 * Node: one running peer of the mesh, as the program that started it holds it.
 *
 * It answers for the node to programs and to the command line, and takes everything down in
 * order: it leaves with a word, ends its actors, and closes its parts last.
 */
import type { ControlRequest } from '../protocols/control.ts'
import type { Member, Membership, MemberView } from '../protocols/membership-actor.ts'
import { Node as NodeProtocol, nodePath } from '../protocols/node.ts'
import type { NodeInfo, SpawnRequest } from '../protocols/node.ts'
import { formatTicket } from '../protocols/ticket.ts'
import type { NodeConfig } from './config.ts'
import { EdgeError } from './kernel/index.ts'
import type { ActorSystem, Messages, Protocol, Ref, RefOf } from './kernel/index.ts'
import type { Mesh, MeshCounters } from './mesh/index.ts'
import type { NodeParts } from './node-parts.ts'
import { statusReport } from './status.ts'

export interface NodeInit {
  readonly config: NodeConfig
  readonly system: ActorSystem
  readonly info: NodeInfo
  readonly membership: RefOf<typeof Membership>
  readonly parts: NodeParts
  readonly mesh: Mesh
}

/** A node of the mesh, as a program on this one sees it. */
export interface RemoteNode {
  readonly member: Member
  /** A ref to the actor at a path there. */
  ref<M extends Messages>(protocol: Protocol<M>, path: string): Ref<M>
  /** Spawn an actor of a kind that it allows. */
  spawn<M extends Messages>(protocol: Protocol<M>, request: SpawnRequest): Promise<Ref<M>>
}

export class ShoalNode implements AsyncDisposable {
  readonly config: NodeConfig
  readonly system: ActorSystem
  readonly info: NodeInfo
  readonly membership: RefOf<typeof Membership>
  /** Resolves once the node has stopped, however that came. */
  readonly whenStopped: Promise<void>
  readonly #parts: NodeParts
  readonly #mesh: Mesh
  readonly #closers: (() => Promise<void> | void)[] = []
  #stopping: Promise<void> | null = null
  #resolveStopped!: () => void

  constructor(init: NodeInit) {
    this.config = init.config
    this.system = init.system
    this.info = init.info
    this.membership = init.membership
    this.#parts = init.parts
    this.#mesh = init.mesh
    this.whenStopped = new Promise((resolve) => {
      this.#resolveStopped = resolve
    })
  }

  get dataDir(): string {
    return this.#parts.dataDir.path
  }

  /** Where members can dial this node. */
  addresses(): readonly string[] {
    return this.#parts.net.addresses()
  }

  members(): Promise<MemberView> {
    return this.membership.view()
  }

  /** A node by its node id, peer id or name; refused when it is unknown. */
  async peer(id: string): Promise<RemoteNode> {
    const { members } = await this.members()
    const member = members.find(({ nodeId, peerId, name }) => [nodeId, peerId, name].includes(id))
    if (member === undefined) throw unknownNode(id, members)
    const ref = <M extends Messages>(protocol: Protocol<M>, path: string): Ref<M> =>
      this.#mesh.at(member.system, protocol, path)
    return {
      member,
      ref,
      spawn: async (protocol, request) => {
        this.#mesh.learn(protocol)
        const { ref: made } = await ref(NodeProtocol, nodePath).spawn(request)
        return made as Ref<never>
      },
    }
  }

  /** The one line with which another node joins this one. */
  ticket(): string {
    const { peerId } = this.info
    const addresses = this.addresses().map((address) => address.replace(/\/p2p\/[^/]+$/, ''))
    const { secret } = this.#parts
    return formatTicket({ cluster: this.config.cluster.name, peerId, secret, addresses })
  }

  answer(request: ControlRequest): Promise<unknown> {
    return this.#answers[request.op](request)
  }

  readonly #answers: Record<ControlRequest['op'], (said: ControlRequest) => Promise<unknown>> = {
    status: async () => statusReport(await this.members(), this.system.clock.wall()),
    ticket: () => Promise.resolve({ ticket: this.ticket() }),
    doctor: () => Promise.resolve(this.#parts.findings()),
    stop: (said) => {
      const leave = said.op === 'stop' && said.leave
      // The answer goes out before the socket is closed under it.
      setImmediate(() => void this.stop({ leave }))
      return Promise.resolve({ stopping: true, pid: process.pid })
    },
  }

  /** Leave with a word, unless told otherwise, and take everything down in order. */
  stop(options: { readonly leave?: boolean } = {}): Promise<void> {
    this.#stopping ??= this.#stop(options.leave ?? true)
    return this.#stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Frames and links of the mesh since the start. */
  meshCounters(): Readonly<MeshCounters> {
    return { ...this.#mesh.counters }
  }

  /** Run when the node stops, after its actors have ended. */
  onStop(closer: () => Promise<void> | void): void {
    this.#closers.push(closer)
  }

  async #stop(leave: boolean): Promise<void> {
    // A membership that cannot answer any more must not keep the node from stopping.
    if (leave) await this.membership.leave(undefined, { deadline: 2_000 }).catch(() => undefined)
    this.#mesh.close()
    await this.system.terminate()
    for (const close of this.#closers.toReversed()) await close()
    await this.#parts.close()
    this.#resolveStopped()
  }
}

function unknownNode(id: string, members: readonly Member[]): EdgeError {
  const known = members.map(({ name }) => name).join(', ')
  return new EdgeError(
    'unknown_node',
    `No member has the id or name ${JSON.stringify(id)}; the members are: ${known}`,
    { detail: { id } },
  )
}
