/**
 * ServiceGate: the registrar that libp2p's own services see; strangers do not exist for them.
 *
 * Gossip attaches to every peer that libp2p identifies, and ping and identify answer anybody.
 * Here their handlers refuse connections that are not proven, and gossip hears of a peer when we
 * say so: after its hello, on the one connection that is kept. The registrar's own `use()` is no
 * way to do this: it appends a handler to a shared list on every inbound stream.
 */
import type {
  AbortOptions,
  Connection,
  PeerId,
  Stream,
  StreamHandler,
  StreamHandlerOptions,
  StreamHandlerRecord,
  StreamMiddleware,
  Topology,
} from '@libp2p/interface'
import type { GossipSubComponents } from '@libp2p/gossipsub'

type Registrar = GossipSubComponents['registrar']

export interface GateRule {
  /** Whether a service may serve this connection. */
  readonly admits: (connection: Connection) => boolean
  readonly onRefused: (connection: Connection) => void
  /** Resolves when a hello that is under way went well; a service that waits asks for it. */
  readonly admission: (connection: Connection) => Promise<unknown>
  /** What a service reads from; a place to bound it. */
  readonly wrap?: (stream: Stream, connection: Connection) => Stream
}

export class ServiceGate implements Registrar {
  readonly #inner: Registrar
  readonly #rule: GateRule
  readonly #waits: boolean
  readonly #topologies = new Map<string, Topology>()
  #registered = 0

  /** A service that `waits` is asked for things in the same breath as the hello. */
  constructor(inner: Registrar, rule: GateRule, options: { readonly waits?: boolean } = {}) {
    this.#inner = inner
    this.#rule = rule
    this.#waits = options.waits === true
  }

  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void> {
    const serve: StreamHandler = (stream, connection) =>
      handler(this.#rule.wrap?.(stream, connection) ?? stream, connection)
    const gated: StreamHandler = (stream, connection) => {
      if (this.#rule.admits(connection)) return serve(stream, connection)
      if (this.#waits) return this.#serveLater(stream, connection, serve)
      this.#refuse(stream, connection)
    }
    return this.#inner.handle(protocol, gated, options)
  }

  async #serveLater(stream: Stream, connection: Connection, serve: StreamHandler): Promise<void> {
    try {
      await this.#rule.admission(connection)
    } catch {
      this.#refuse(stream, connection)
      return
    }
    await serve(stream, connection)
  }

  #refuse(stream: Stream, connection: Connection): void {
    this.#rule.onRefused(connection)
    stream.abort(new Error('peer has not proven itself'))
  }

  unhandle(protocol: string, options?: AbortOptions): Promise<void> {
    return this.#inner.unhandle(protocol, options)
  }

  /** Services register once per protocol version; a peer is announced to each topology once. */
  register(_protocol: string, topology: Topology): Promise<string> {
    this.#registered += 1
    const id = `gate-${this.#registered}`
    this.#topologies.set(id, topology)
    return Promise.resolve(id)
  }

  unregister(id: string): void {
    this.#topologies.delete(id)
  }

  announce(peer: PeerId, connection: Connection): void {
    for (const topology of new Set(this.#topologies.values())) {
      void topology.onConnect?.(peer, connection)
    }
  }

  withdraw(peer: PeerId): void {
    for (const topology of new Set(this.#topologies.values())) void topology.onDisconnect?.(peer)
  }

  getProtocols(): string[] {
    return this.#inner.getProtocols()
  }

  getHandler(protocol: string): StreamHandlerRecord {
    return this.#inner.getHandler(protocol)
  }

  use(protocol: string, middleware: StreamMiddleware[]): void {
    this.#inner.use(protocol, middleware)
  }

  unuse(protocol: string): void {
    this.#inner.unuse(protocol)
  }

  getMiddleware(protocol: string): StreamMiddleware[] {
    return this.#inner.getMiddleware(protocol)
  }

  getTopologies(protocol: string): Topology[] {
    return this.#inner.getTopologies(protocol)
  }
}

/** The components of a libp2p node with the gate in place of its registrar. */
export function behindGate<Components extends object>(
  components: Components,
  gateOf: (registrar: Registrar) => ServiceGate,
): { readonly components: Components; readonly gate: ServiceGate } {
  const gate = gateOf(Reflect.get(components, 'registrar') as Registrar)
  const gated = new Proxy(components, {
    get: (target, name) => (name === 'registrar' ? gate : (Reflect.get(target, name) as unknown)),
  })
  return { components: gated, gate }
}
