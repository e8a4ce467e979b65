/**
 * Poison: real time and real randomness fail while a simulation runs, by name.
 *
 * Only code that runs in a simulation's async context is refused, so the test runner and its
 * timers go on. A leak would make two runs of one seed differ, which is much harder to find.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import * as nodeCrypto from 'node:crypto'
import { EdgeError } from '../../kernel/index.ts'

const inside = new AsyncLocalStorage<true>()
let running = 0
let restore: (() => void) | null = null

/** Run work during which nothing of the real world can be read; nested and parallel runs share. */
export async function inSimulation<T>(work: () => Promise<T>): Promise<T> {
  running++
  restore ??= poisonAll()
  try {
    return await inside.run(true, work)
  } finally {
    running--
    if (running === 0) {
      restore()
      restore = null
    }
  }
}

function poisonAll(): () => void {
  const undo = [
    poison(Math, 'Math', 'random'),
    poison(globalThis.performance, 'performance', 'now'),
    ...['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((name) =>
      poison(globalThis, 'globalThis', name),
    ),
    ...['randomUUID', 'getRandomValues'].map((name) => poison(globalThis.crypto, 'crypto', name)),
    ...['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync'].map((name) =>
      poison(nodeCryptoModule, 'node:crypto', name),
    ),
    poison(process, 'process', 'hrtime'),
    poisonDate(),
  ]
  return () => {
    for (const undoOne of undo) undoOne()
  }
}

/** The object behind the module; named imports made before keep the real function. */
const nodeCryptoModule: object =
  (nodeCrypto as unknown as { default?: object }).default ?? nodeCrypto

function forbid(name: string): never {
  throw new EdgeError(
    'real_world_touched',
    `${name} was used in a simulation: take time and randomness from ctx or a port`,
    { detail: { name } },
  )
}

type Callable = (...given: unknown[]) => unknown

function poison(owner: object, ownerName: string, name: string): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name)
  const real = Reflect.get(owner, name) as Callable
  function poisoned(this: unknown, ...given: unknown[]): unknown {
    if (inside.getStore() === true) forbid(`${ownerName}.${name}`)
    return Reflect.apply(real, this, given)
  }
  const value = Object.assign(poisoned, real)
  Object.defineProperty(owner, name, { value, writable: true, configurable: true })
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name)
    else Object.defineProperty(owner, name, before)
  }
}

/** Dates of a given moment stay possible: only the present one is refused. */
function poisonDate(): () => void {
  const real = globalThis.Date
  const undoNow = poison(real, 'Date', 'now')
  globalThis.Date = new Proxy(real, {
    construct(target, given, made) {
      if (given.length === 0 && inside.getStore() === true) forbid('new Date()')
      return Reflect.construct(target, given, made) as object
    },
    apply(target, self, given) {
      if (inside.getStore() === true) forbid('Date()')
      return Reflect.apply(target, self, given) as unknown
    },
  })
  return () => {
    globalThis.Date = real
    undoNow()
  }
}
