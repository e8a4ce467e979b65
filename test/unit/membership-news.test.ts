/**
 * Membership news: what is told first, how often, and that messages fit their budget on the wire.
 */
import * as fc from 'fast-check'
import { Packr } from 'msgpackr'
import { describe, expect, test } from 'vitest'
import { parseSwimMessage } from '../../protocols/membership.ts'
import type { Heartbeat, MemberClaim, News, SwimMessage } from '../../protocols/membership.ts'
import { NewsQueue } from '../../src/model/membership-news.ts'
import { envelopeBytes, sizeOfClaim, sizeOfHeartbeat } from '../../src/model/membership-size.ts'

const packr = new Packr({ useRecords: false })
const limits = { budgetBytes: 100_000, claimTells: 3, heartbeatTells: 2 }

const id = fc.oneof(
  fc.string({ minLength: 1, maxLength: 60 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
)
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const incarnation = fc.integer({ min: 0, max: 2 ** 52 })
const claim = fc
  .record({
    id,
    incarnation,
    liveness: fc.constantFrom('alive', 'suspect', 'dead', 'left'),
    by: optional(id),
    witness: optional(id),
    evidence: optional(fc.constantFrom('refused', 'closed')),
    card: optional(
      fc.record({
        name: id,
        addresses: fc.array(id, { maxLength: 16 }),
        zone: id,
        weight: fc.double({ min: 0, max: 1_000, noNaN: true }).map((value) => value + 0),
        capabilities: fc.array(id, { maxLength: 32 }),
        version: id,
        admin: fc.constantFrom('open', 'draining', 'maintenance'),
        condition: fc.constantFrom('ok', 'degraded', 'syncing'),
        revision: fc.maxSafeNat(),
      }),
    ),
  })
  .map((raw) => withoutHoles(raw) as unknown as MemberClaim)
/** Without the negative zero, which the wire does not keep apart. */
const figure = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value + 0)
const result = fc.constantFrom('ok', 'warn', 'fail')
const heartbeat = fc
  .record({
    id,
    incarnation,
    sequence: fc.maxSafeNat(),
    sentAtMs: fc.maxSafeNat(),
    resources: fc.record({
      cpuPercent: figure,
      memoryMb: figure,
      memoryMaxMb: figure,
      diskFreeMb: figure,
      loopDelayMs: figure,
      queued: figure,
    }),
    check: optional(
      fc.record({
        disk: result,
        clock: result,
        certificates: result,
        queues: result,
        loop: result,
      }),
    ),
    coordinate: optional(
      fc.record({
        vector: fc.array(figure, { minLength: 1, maxLength: 8 }),
        height: figure,
        error: figure,
      }),
    ),
  })
  .map((raw) => withoutHoles(raw) as unknown as Heartbeat)

describe('what is told', () => {
  test('a claim is told its number of times and then no more', () => {
    const queue = new NewsQueue(10)
    queue.pushClaim(alive('a'))
    const told = [1, 2, 3, 4].map(() => queue.take(limits)?.claims.length ?? 0)
    expect(told).toEqual([1, 1, 1, 0])
    expect(queue.urgent).toBe(0)
  })

  test('what was told least goes first when not all fits', () => {
    const queue = new NewsQueue(10)
    queue.pushClaim(alive('a'))
    queue.take(limits)
    queue.pushClaim(alive('b'))
    const one = { ...limits, budgetBytes: sizeOfClaim(alive('a')) }
    expect(queue.take(one)?.claims.map(({ id }) => id)).toEqual(['b'])
  })

  test('newer news about a member replaces older, accusations of several accusers stand', () => {
    const queue = new NewsQueue(10)
    queue.pushClaim(suspect('x', 'a'))
    queue.pushClaim(suspect('x', 'b'))
    queue.pushClaim(suspect('x', 'b'))
    expect(queue.take(limits)?.claims.map(({ by }) => by)).toEqual(['a', 'b'])
    queue.pushClaim({ id: 'x', incarnation: 1, liveness: 'dead', by: 'a' })
    expect(queue.take(limits)?.claims.map(({ liveness }) => liveness)).toEqual(['dead'])
  })

  test('heartbeats never keep claims waiting, and call for no message of their own', () => {
    const queue = new NewsQueue(200)
    for (let n = 0; n < 100; n += 1) queue.pushHeartbeat(beat(`node-${n}`))
    expect(queue.urgent).toBe(0)
    queue.pushClaim(alive('late'))
    queue.take(limits)
    expect(queue.take({ ...limits, budgetBytes: 600 })?.claims).toHaveLength(1)
  })

  test('CM-5: the queue is bounded and drops what was told most', () => {
    const queue = new NewsQueue(3)
    for (const name of ['a', 'b', 'c']) queue.pushClaim(alive(name))
    queue.take(limits)
    for (const name of ['d', 'e']) queue.pushClaim(alive(name))
    expect(queue.urgent).toBe(3)
    const ids = queue.take(limits)?.claims.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['d', 'e']))
  })
})

describe('what it weighs', () => {
  test('the bound of a claim is never below its encoded size', () => {
    fc.assert(
      fc.property(claim, (one) => {
        expect(packr.pack(one).length).toBeLessThanOrEqual(sizeOfClaim(one))
      }),
    )
  })

  test('the bound of a heartbeat is never below its encoded size', () => {
    fc.assert(
      fc.property(heartbeat, (one) => {
        expect(packr.pack(one).length).toBeLessThanOrEqual(sizeOfHeartbeat(one))
      }),
    )
  })

  test('a message filled to its budget fits it once encoded, frame included', () => {
    const pieces = fc.record({
      claims: fc.array(claim, { maxLength: 40 }),
      heartbeats: fc.array(heartbeat, { maxLength: 20 }),
    })
    fc.assert(
      fc.property(pieces, ({ claims, heartbeats }) => {
        const queue = new NewsQueue(100)
        for (const one of claims) queue.pushClaim(one)
        for (const one of heartbeats) queue.pushHeartbeat(one)
        const news = queue.take({ ...limits, budgetBytes: 1_400 - envelopeBytes })
        const message = { type: 'ping-req', seq: 2 ** 32 - 1, ...(news && { news }) }
        expect(packr.pack(message).length).toBeLessThanOrEqual(1_400)
      }),
    )
  })
})

describe('what arrives', () => {
  const swimMessage = fc
    .record({
      claims: fc.array(claim, { maxLength: 3 }),
      heartbeats: fc.array(heartbeat, { maxLength: 2 }),
    })
    .chain((news: News) =>
      fc.constantFrom<SwimMessage>(
        { type: 'ping', seq: 1 },
        { type: 'ack', seq: 2, news },
        { type: 'nack', seq: 3 },
        { type: 'gossip', news },
        { type: 'sync-digest', hash: 'ab', size: 5 },
        { type: 'sync-buckets', bits: 1, sums: [1, 2, 3, 4] },
        { type: 'sync-records', bits: 0, buckets: [0], news, answer: true, more: false },
      ),
    )

  test('what is sent is what is read', () => {
    fc.assert(
      fc.property(swimMessage, (message) => {
        expect(parseSwimMessage(packr.unpack(packr.pack(message)))).toEqual(message)
      }),
    )
  })

  test('T12: anything else is refused and never thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(parseSwimMessage(value)).toBeUndefined()
      }),
    )
  })

  test.for([
    { type: 'ping', seq: -1 },
    { type: 'ping', seq: 1, extra: true },
    { type: 'pong', seq: 1 },
    { type: 'gossip', news: { claims: [{ ...alive('a'), incarnation: 2 ** 53 }], heartbeats: [] } },
    { type: 'gossip', news: { claims: [{ ...alive('a'), liveness: 'zombie' }], heartbeats: [] } },
    { type: 'sync-buckets', bits: 9, sums: [] },
    { type: 'sync-buckets', bits: 8, sums: Array.from({ length: 513 }, () => 0) },
  ])('refused: %o', (message) => {
    expect(parseSwimMessage(message)).toBeUndefined()
  })
})

function withoutHoles(raw: object): object {
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))
}

function alive(name: string): MemberClaim {
  return { id: name, incarnation: 1, liveness: 'alive' }
}

function suspect(name: string, by: string): MemberClaim {
  return { id: name, incarnation: 1, liveness: 'suspect', by }
}

function beat(name: string): Heartbeat {
  const resources = {
    cpuPercent: 1,
    memoryMb: 1,
    memoryMaxMb: 1,
    diskFreeMb: 1,
    loopDelayMs: 1,
    queued: 1,
  }
  return { id: name, incarnation: 1, sequence: 1, sentAtMs: 1, resources }
}
