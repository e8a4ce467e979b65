/**
 * NodeActor: stands for its node towards other nodes.
 *
 * Told by: nodes of the same mesh. Tells: nobody. It holds no state of its own, so a crash costs
 * nothing; the actors it spawned for others live below it and end with it.
 */
import type { NodeInfo, SpawnRequest } from '../protocols/node.ts'
import { Node } from '../protocols/node.ts'
import { actor, EdgeError, refuse, restart } from '../src/kernel/index.ts'
import type { ActorDef, AnyRef, Messages } from '../src/kernel/index.ts'

/** A definition that other nodes may spawn here, with the check of what they send along. */
export interface Kind {
  readonly def: ActorDef<Messages, unknown>
  readonly parse: (init: unknown) => unknown
}

export interface NodeActorInit {
  readonly info: Omit<NodeInfo, 'kinds'>
  readonly kinds: Readonly<Record<string, Kind>>
  readonly find: (path: string) => AnyRef | null
}

/** Allow a definition to be spawned from elsewhere; `parse` must refuse what is not an init. */
export function kind<M extends Messages, A>(
  def: ActorDef<M, A>,
  parse: (init: unknown) => A,
): Kind {
  // What `parse` returns is what the definition takes; outside this pair the type is of no use.
  return { def: def as unknown as ActorDef<Messages, unknown>, parse }
}

export const nodeActor = actor(Node, {
  state: (init: NodeActorInit) => init,
  supervise: restart({ max: 10, within: '10s', children: 'keep' }),
  on: {
    info: ({ info, kinds }) => ({ ...info, kinds: Object.keys(kinds) }),
    find: ({ find }, { path }) => ({ ref: find(path) }),
    spawn: ({ kinds }, request, ctx) => {
      const allowed = Object.hasOwn(kinds, request.kind) ? kinds[request.kind] : undefined
      if (allowed === undefined) return refuse(kindNotAllowed(request, Object.keys(kinds)))
      const options = request.name === undefined ? {} : { name: request.name }
      return { ref: ctx.spawn(allowed.def, allowed.parse(request.init), options) }
    },
  },
})

function kindNotAllowed(request: SpawnRequest, allowed: readonly string[]): EdgeError {
  const known = allowed.length === 0 ? 'it allows none' : `it allows: ${allowed.join(', ')}`
  return new EdgeError(
    'kind_not_allowed',
    `This node does not spawn ${JSON.stringify(request.kind)} for others; ${known}`,
    { detail: { kind: request.kind } },
  )
}
