/**
 * Echo: the actor that every measured node carries.
 * It is found under a path, as any actor of another node is.
 */
import { actor, ask, protocol, tell } from 'shoal'

export const echoPath = '/echo'

export const Echo = protocol('bench.echo/1', {
  echo: ask<Uint8Array, Uint8Array>(),
  count: tell<Uint8Array>(),
  counted: ask<void, number>(),
})

export const echo = actor(Echo, {
  state: () => ({ count: 0 }),
  on: {
    echo: (_state, body) => body,
    count: (state) => void (state.count += 1),
    counted: (state) => state.count,
  },
})
