/**
 * Mesh errors: the refusals of remote messaging, each where its words are chosen once.
 */
import { EdgeError } from '../kernel/index.ts'
import type { Address, Message } from '../kernel/index.ts'

export function unreachable(node: string, why: string): EdgeError {
  return new EdgeError(
    'node_unreachable',
    `Node ${node} cannot be reached: ${why}; whether it did what was asked is unknown`,
    { detail: { node } },
  )
}

export function linkFull(address: Address, message: Message): EdgeError {
  return new EdgeError(
    'overloaded',
    `${message.name} to ${address.path} on ${address.node} was not sent: too much already waits ` +
      'for that node; send less at a time',
    { detail: { path: address.path, node: address.node, message: message.name } },
  )
}

export function noActorAt(path: string): EdgeError {
  return new EdgeError('no_such_actor', `There is no actor ${path}; look it up again or spawn it`, {
    detail: { path },
  })
}

export function unknownProtocol(id: string, path: string): EdgeError {
  return new EdgeError(
    'unknown_protocol',
    `The actor ${path} does not speak ${id}; both nodes need a version that has it`,
    { detail: { protocol: id, path } },
  )
}

export function unknownMessage(protocol: string, name: string): EdgeError {
  return new EdgeError(
    'unknown_message',
    `Protocol ${protocol} has no message ${JSON.stringify(name)} on that node; ` +
      'it runs another version',
    { detail: { protocol, message: name } },
  )
}

export function remoteDeadlock(path: string, name: string): EdgeError {
  return new EdgeError(
    'deadlock',
    `Ask ${name} to ${path} could never be answered: that actor is itself waiting in this call ` +
      'chain; tell it instead, or declare the message with { interleave: true }',
    { detail: { path, message: name } },
  )
}
