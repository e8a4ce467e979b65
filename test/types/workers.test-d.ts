/**
 * WorkersTypes: what the compiler must refuse at the border of a thread (JS-23).
 *
 * Nothing here runs: the type checker reads it with the rest of the tree, and each expected error
 * that does not come is an error itself.
 */
import { actor, ask, protocol, type Ref, stream, tell, workerActor } from '../../src/index.ts'
import type { Cloneable, JobContext, Workers } from '../../src/ports/workers.ts'

const module = new URL('file:///nowhere.ts')

const Fine = protocol('test.fine/1', {
  set: tell<{
    readonly when: Date
    readonly names: ReadonlyMap<string, readonly number[]>
    readonly bytes: Uint8Array
    readonly maybe?: bigint | null
    readonly nested: { readonly set: Set<string>; readonly list: readonly [1, 'two'] }
    readonly error: RangeError
    readonly unknown: unknown
  }>(),
  get: ask<void, { readonly at: number } | null>(),
  all: stream<{ readonly prefix: string }, Uint8Array>(),
  pass: ask<
    { readonly to: Ref<{ readonly hello: ReturnType<typeof tell<{ a: number }>> }> },
    void
  >(),
})
workerActor(Fine, { module, export: 'fine' })
workerActor(Fine, { module, export: 'fine', init: { start: 1, names: new Set(['a']) } })

const Callback = protocol('test.callback/1', { on: tell<{ readonly call: () => void }>() })
// @ts-expect-error a function cannot cross to a thread
workerActor(Callback, { module, export: 'callback' })

const Promised = protocol('test.promised/1', { get: ask<void, { readonly later: Promise<1> }>() })
// @ts-expect-error a promise cannot come back from a thread
workerActor(Promised, { module, export: 'promised' })

const Symbolic = protocol('test.symbolic/1', { all: stream<void, readonly symbol[]>() })
// @ts-expect-error a symbol cannot be an item of a stream from a thread
workerActor(Symbolic, { module, export: 'symbolic' })

class Account {
  readonly balance = 0
  deposit(): void {}
}
const Banking = protocol('test.banking/1', { open: tell<{ readonly account: Account }>() })
// @ts-expect-error an object with methods loses them on the way
workerActor(Banking, { module, export: 'banking' })

const Deep = protocol('test.deep/1', {
  put: tell<{ readonly list: readonly { readonly map: Map<string, () => void> }[] }>(),
})
// @ts-expect-error it is refused however deep it lies
workerActor(Deep, { module, export: 'deep' })

// @ts-expect-error what a state is made from crosses as well
workerActor(Fine, { module, export: 'fine', init: { call: () => 1 } })

// Here, in the same thread, all of these are fine.
export const local = actor(Callback, { state: () => null, on: { on: (_, { call }) => call() } })

declare const workers: Workers
declare function double(input: { readonly value: number }, job: JobContext): Promise<number>
declare function useless(input: { readonly call: () => void }): void

export const doubled: Promise<number> = workers.run<typeof double>({
  module,
  export: 'double',
  input: { value: 1 },
})
// @ts-expect-error the input is not what the function takes
void workers.run<typeof double>({ module, export: 'double', input: { value: 'one' } })
// @ts-expect-error the result is not what the function comes to
export const text: Promise<string> = workers.run<typeof double>({
  module,
  export: 'double',
  input: { value: 1 },
})
// @ts-expect-error the input of this function cannot cross to a thread
void workers.run<typeof useless>({ module, export: 'useless', input: { call: () => {} } })

export const kept: Cloneable<{ readonly a: readonly Date[] }> = { a: [new Date(0)] }
// @ts-expect-error a weak map cannot cross
export const weak: Cloneable<{ readonly a: WeakMap<object, number> }> = { a: new WeakMap() }
