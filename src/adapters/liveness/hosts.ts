/**
 * Hosts: where a responder may be, from the addresses of its node.
 */
import { livenessHostsMax } from '../../../protocols/limits.ts'

const hostShape = /^\/(?:ip4|ip6|dns|dns4|dns6)\/([^/]+)/
const responderShape = /^udp\/(\d{1,5})$/

export interface Place {
  readonly host: string
  readonly port: number
}

/** A few different hosts, each with the responder's port. */
export function placesOf(responder: string, addresses: readonly string[]): readonly Place[] {
  const port = Number(responderShape.exec(responder)?.[1] ?? 0)
  if (port < 1 || port > 65_535) return []
  const hosts = addresses.flatMap((address) => hostShape.exec(address)?.[1] ?? [])
  const usable = hosts.filter((host) => host !== '0.0.0.0' && host !== '::')
  return [...new Set(usable)].slice(0, livenessHostsMax).map((host) => ({ host, port }))
}
