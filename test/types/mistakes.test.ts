/**
 * Tests of mistakes that the compiler has to find: rule JS-23 of the actor contract.
 *
 * Each mistake stands beside its correction. The mistake must be found in its own line, and the
 * correction must compile, so that no mistake is found for a wrong reason.
 */
import { beforeAll, expect, test } from 'vitest'
import { type CheckResult, sourceOf, typeCheck } from './type-checker.ts'

const head = `
import { actor, ask, type Narrow, protocol, type RefOf, stream, tell }
  from '${sourceOf('src/index.ts')}'
import type { WorkerActor } from '${sourceOf('src/adapters/comlink/index.ts')}'

export const Cart = protocol('shop.cart/1', {
  add: tell<{ item: string; count: number }>(),
  total: ask<{ currency: string }, number>(),
  changes: stream<void, { item: string }>(),
})
export type CartMessages = (typeof Cart)['messages']
export type Till = Narrow<CartMessages, 'total'>
export declare const cart: RefOf<typeof Cart>
export declare const workerActor: WorkerActor
export const state = (): { sum: number } => ({ sum: 0 })
`
const headLines = head.split('\n').length

interface Mistake {
  readonly name: string
  readonly wrong: string
  readonly right: string
  /** What the compiler says, in part. */
  readonly says: RegExp
}

const mistakes: readonly Mistake[] = [
  {
    name: 'wrong payload',
    wrong: `cart.add({ item: 'apple', count: '2' })`,
    right: `cart.add({ item: 'apple', count: 2 })`,
    says: /TS2322 Type 'string' is not assignable to type 'number'/,
  },
  {
    name: 'missing payload',
    wrong: `cart.add()`,
    right: `cart.add({ item: 'apple', count: 1 })`,
    says: /TS2554 Expected 1 arguments, but got 0/,
  },
  {
    name: 'unknown message',
    wrong: `cart.remove({ item: 'apple' })`,
    right: `cart.total({ currency: 'EUR' })`,
    says: /TS2339 Property 'remove' does not exist/,
  },
  {
    name: 'missing handler',
    wrong: `actor(Cart, { state, on: { add: () => {}, total: () => 0 } })`,
    right: `actor(Cart, { state, on: { add: () => {}, total: () => 0, changes: () => [] } })`,
    says: /Property 'changes' is missing/,
  },
  {
    name: 'handler of no message',
    wrong: `actor(Cart, {
  state, on: { add: () => {}, total: () => 0, changes: () => [], remove: () => {} } })`,
    right: `actor(Cart, {
  state, on: { add: () => {}, total: () => 0, changes: () => [] } })`,
    says: /'remove' does not exist in type/,
  },
  {
    name: 'wrong reply',
    wrong: `actor(Cart, { state, on: { add: () => {}, total: () => 'ten', changes: () => [] } })`,
    right: `actor(Cart, { state, on: { add: () => {}, total: () => 10, changes: () => [] } })`,
    says: /Type 'string' is not assignable to type '.*Answer<number>/,
  },
  {
    name: 'a value from a tell',
    wrong: `export const count: number = cart.add({ item: 'apple', count: 1 })`,
    right: `export const sum: Promise<number> = cart.total({ currency: 'EUR' })`,
    says: /TS2322 Type 'void' is not assignable to type 'number'/,
  },
  {
    name: 'a handler of a tell that answers',
    wrong: `actor(Cart, { state, on: { add: () => 3, total: () => 1, changes: () => [] } })`,
    right: `actor(Cart, { state, on: { add: () => {}, total: () => 1, changes: () => [] } })`,
    says: /Type 'number' is not assignable to type/,
  },
  {
    name: 'then as the name of a message',
    wrong: `export const Bad = protocol('shop.bad/1', { then: tell() })`,
    right: `export const Good = protocol('shop.good/1', { thereafter: tell() })`,
    says: /TS2322 .*not assignable to type 'never'/,
  },
  {
    name: 'a message that a narrowed ref does not have',
    wrong: `export const use = (till: Till) => till.add({ item: '', count: 1 })`,
    right: `export const use = (till: Till) => till.total({ currency: '' })`,
    says: /TS2339 Property 'add' does not exist/,
  },
  {
    name: 'a narrowed ref where the whole is wanted',
    wrong: `export const widen = (till: Till): RefOf<typeof Cart> => till`,
    right: `export const narrow = (): Till => cart`,
    says: /TS2322 Type .* is not assignable to type/,
  },
  {
    name: 'a payload that cannot be cloned to a worker',
    wrong: `const Job = protocol('shop.job/1', { run: ask<{ done: () => void }, number>() })
workerActor(Job, { module: 'job.ts', export: 'job' })`,
    right: `const Job = protocol('shop.job/1', { run: ask<{ size: number }, number>() })
workerActor(Job, { module: 'job.ts', export: 'job' })`,
    says: /these messages cannot cross to a thread/,
  },
]

let result: CheckResult
beforeAll(async () => {
  const texts = mistakes.flatMap(({ wrong, right }, at) => [
    [`wrong-${at}.ts`, `${head}${wrong}\n`],
    [`right-${at}.ts`, `${head}${right}\n`],
  ])
  result = await typeCheck(Object.fromEntries(texts) as Record<string, string>)
})

test.for(mistakes.map((mistake, at) => ({ ...mistake, at })))(
  'JS-23: $name is a compile error, its correction none',
  ({ at, says }) => {
    const found = result.complaints.get(`wrong-${at}.ts`) ?? []
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(says)
    expect(Number.parseInt(found[0] ?? '', 10)).toBeGreaterThanOrEqual(headLines)
    expect(result.complaints.get(`right-${at}.ts`) ?? []).toEqual([])
  },
)
