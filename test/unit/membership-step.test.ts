/**
 * Membership step: what one node answers to each input, told as short stories.
 */
import { describe, expect, test } from 'vitest'
import { membershipLimits } from '../../protocols/limits.ts'
import type { MemberClaim, News, SwimMessage } from '../../protocols/membership.ts'
import { membershipProfiles } from '../../src/model/membership-profile.ts'
import { Story, alive, fullCard } from './membership-story.ts'

const profile = membershipProfiles.lan

describe('probing', () => {
  test('a ping is answered with an ack of the same number', () => {
    const story = new Story(['a'])
    story.message('a', { type: 'ping', seq: 99 })
    expect(story.sent('ack')).toMatchObject([{ to: 'a', message: { seq: 99 } }])
  })

  test('each member is pinged once per round, one per period', () => {
    const story = new Story(['a', 'b', 'c', 'd'])
    story.run(profile.probeIntervalMs * 8, ['a', 'b', 'c', 'd'])
    const pinged = story.sent('ping').map(({ to }) => to)
    expect(pinged).toHaveLength(8)
    expect(new Set(pinged.slice(0, 4)).size + new Set(pinged.slice(4)).size).toBeGreaterThan(5)
  })

  test('a helper pings for another and passes the ack on under the number of the asker', () => {
    const story = new Story(['a', 'b'])
    story.message('a', { type: 'ping-req', seq: 5, target: 'b' })
    const ping = story.sent('ping').find(({ to }) => to === 'b')
    const seq = (ping!.message as { seq: number }).seq
    story.message('b', { type: 'ack', seq })
    expect(story.sent('ack')).toMatchObject([{ to: 'a', message: { seq: 5 } }])
  })

  test('a helper that hears nothing says so before its asker gives up', () => {
    const story = new Story(['a', 'b'])
    story.message('a', { type: 'ping-req', seq: 5, target: 'b' })
    story.run(profile.probeTimeoutMs)
    expect(story.sent('nack')).toMatchObject([{ to: 'a', message: { seq: 5 } }])
  })

  test('a silent member is suspected, then dead, never sooner than the profile says', () => {
    const story = new Story(['a', 'b', 'c'])
    const begunMs = story.nowMs
    while (story.liveness('c') === 'alive') story.run(50, ['a', 'b'])
    const suspectedMs = story.nowMs
    expect(suspectedMs - begunMs).toBeGreaterThanOrEqual(profile.probeIntervalMs - 50)
    story.hear({ id: 'c', incarnation: 1, liveness: 'suspect', by: 'a' })
    while (story.liveness('c') === 'suspect') story.run(50, ['a', 'b'])
    expect(story.nowMs - suspectedMs).toBeGreaterThanOrEqual(1_900)
    expect(story.nowMs - suspectedMs).toBeLessThan(2_200)
    expect(story.events()).toEqual(['member.suspect c', 'member.dead c'])
  })

  test('missing nacks make the node doubt itself and probe more slowly', () => {
    const story = new Story(['a', 'b', 'c', 'd'])
    story.run(2_000)
    expect(story.state.awareness).toBeGreaterThan(0)
    expect(story.state.awareness).toBeLessThan(profile.awarenessMax)
    const { awareness } = story.state
    for (const id of ['a', 'b', 'c', 'd']) story.hear({ ...alive(id), incarnation: 9 })
    story.run(20_000, ['a', 'b', 'c', 'd'])
    expect(awareness).toBeGreaterThan(0)
    expect(story.state.awareness).toBe(0)
  })

  test('FD-2: however long all stay silent, self-doubt keeps its bound', () => {
    const story = new Story(['a', 'b', 'c', 'd'])
    story.run(60_000)
    expect(story.state.awareness).toBeLessThan(profile.awarenessMax)
  })
})

describe('closed connections', () => {
  test('D8: a closed connection starts a check at once and suspects nobody by itself', () => {
    const story = new Story(['a', 'b', 'c'])
    story.input({ type: 'link-down', peer: 'c' })
    expect(story.liveness('c')).toBe('alive')
    expect(story.sent('ping').map(({ to }) => to)).toEqual(['c'])
    expect(story.sent('ping-req').map(({ to }) => to)).toEqual(expect.arrayContaining(['a', 'b']))
    const { seq } = story.sent('ping')[0]!.message as { seq: number }
    story.message('c', { type: 'ack', seq })
    story.run(400, ['a', 'b', 'c'])
    expect(story.events()).toEqual([])
  })

  test('D8: an answer through one helper is enough, though the own dial was refused', () => {
    const story = new Story(['a', 'b', 'c'])
    story.input({ type: 'link-down', peer: 'c' })
    story.input({ type: 'link-failed', peer: 'c', refused: true })
    const { seq } = story.sent('ping-req')[0]!.message as { seq: number }
    story.message('a', { type: 'ack', seq })
    story.message('b', { type: 'nack', seq })
    story.run(400, ['a', 'b'])
    expect(story.liveness('c')).toBe('alive')
  })

  test('refused by its address and missed by all helpers, it is suspected without waiting', () => {
    const story = new Story(['a', 'b', 'c'])
    story.input({ type: 'link-down', peer: 'c' })
    story.input({ type: 'link-failed', peer: 'c', refused: true })
    const { seq } = story.sent('ping-req')[0]!.message as { seq: number }
    story.message('a', { type: 'nack', seq })
    story.message('b', { type: 'nack', seq })
    expect(story.liveness('c')).toBe('suspect')
    story.hear({ id: 'c', incarnation: 1, liveness: 'suspect', by: 'a', evidence: 'refused' })
    story.run(profile.refusedMs, ['a', 'b'])
    expect(story.liveness('c')).toBe('dead')
  })

  test('FD-5: a single refused observer of many does not condemn', () => {
    const story = new Story(['a', 'b', 'c'])
    story.hear({ id: 'c', incarnation: 1, liveness: 'suspect', by: 'a', evidence: 'refused' })
    story.run(profile.refusedMs + 200, ['a', 'b', 'c'])
    expect(story.liveness('c')).toBe('suspect')
  })
})

describe('what is said of this node', () => {
  test('a suspicion is refuted with a higher incarnation, in the very answer', () => {
    const story = new Story(['a', 'b'])
    const news: News = {
      claims: [{ id: 'me', incarnation: 7, liveness: 'suspect', by: 'b' }],
      heartbeats: [],
    }
    story.message('a', { type: 'ping', seq: 1, news })
    const [ack] = story.sent('ack')
    expect(ack?.message).toMatchObject({
      news: { claims: [{ id: 'me', incarnation: 8, liveness: 'alive' }] },
    })
    expect(story.effects).toContainEqual({ type: 'incarnation', incarnation: 8 })
    expect(story.effects.map(({ type }) => type)).not.toContain('fence')
  })

  test('whoever missed the refutation is told again', () => {
    const story = new Story(['a'])
    story.hear({ id: 'me', incarnation: 7, liveness: 'suspect', by: 'a' })
    story.run(5_000, ['a'])
    const claims = [{ id: 'me', incarnation: 7, liveness: 'suspect', by: 'a' }] as const
    story.effects.length = 0
    story.message('a', { type: 'ping', seq: 1, news: { claims, heartbeats: [] } })
    expect(story.state.incarnation).toBe(8)
    expect(story.sent('ack')[0]?.message).toMatchObject({
      news: { claims: [{ id: 'me', incarnation: 8, liveness: 'alive' }] },
    })
  })

  test('CM-3: declared dead by a live member, it fences and goes on as a new life', () => {
    const story = new Story(['a', 'b'])
    story.hear({ id: 'me', incarnation: 7, liveness: 'dead', by: 'a' })
    expect(story.effects).toContainEqual({ type: 'fence', reason: 'declared-dead' })
    expect(story.state.incarnation).toBe(8)
    expect(story.liveness('me')).toBe('alive')
  })

  test('I18: old words about it change nothing', () => {
    const story = new Story(['a'])
    story.hear({ id: 'me', incarnation: 6, liveness: 'dead', by: 'a' })
    expect(story.state.incarnation).toBe(7)
    expect(story.effects.map(({ type }) => type)).not.toContain('fence')
  })

  test('someone else with its identity is a conflict, and it speaks up above the other', () => {
    const story = new Story(['a'])
    story.hear({ ...alive('me'), incarnation: 30 })
    expect(story.effects).toContainEqual({ type: 'conflict', incarnation: 30 })
    expect(story.state.incarnation).toBe(31)
  })
})

describe('what is said of others', () => {
  test('a suspect is told so in the ping to it', () => {
    const story = new Story(['a'])
    story.hear({ id: 'a', incarnation: 1, liveness: 'suspect', by: 'b' })
    story.run(profile.probeIntervalMs * 2)
    const [ping] = story.sent('ping')
    expect(ping?.message).toMatchObject({
      news: { claims: [{ id: 'a', incarnation: 1, liveness: 'suspect', by: 'b' }] },
    })
  })

  test('a refutation clears the suspicion, and only a higher incarnation does', () => {
    const story = new Story(['a', 'b'])
    story.hear({ id: 'a', incarnation: 1, liveness: 'suspect', by: 'b' }, alive('a'))
    expect(story.liveness('a')).toBe('suspect')
    story.hear({ ...alive('a'), incarnation: 2 })
    expect(story.liveness('a')).toBe('alive')
    expect(story.events()).toEqual(['member.suspect a', 'member.cleared a'])
    expect(story.state.suspicions.size).toBe(0)
  })

  test('RM-8: the same news a second time makes no event and no further news', () => {
    const story = new Story(['a'])
    const claim: MemberClaim = { id: 'a', incarnation: 1, liveness: 'dead', by: 'b' }
    story.hear(claim)
    story.run(3_000)
    const { urgent } = story.state.news
    story.effects.length = 0
    story.hear(claim)
    expect([story.events(), story.state.news.urgent]).toEqual([[], urgent])
  })

  test('a card of a higher revision replaces the known one, a lower one does not', () => {
    const story = new Story(['a'])
    story.hear({ ...alive('a'), card: { ...fullCard, admin: 'draining', revision: 4 } })
    story.hear({ ...alive('a'), card: { ...fullCard, admin: 'maintenance', revision: 3 } })
    expect(story.state.table.get('a')?.card.admin).toBe('draining')
    expect(story.events()).toEqual(['member.updated a'])
  })

  test('CM-2: a removed identity does not return through stale gossip, a new life does', () => {
    const story = new Story(['a', 'b'])
    story.hear({ id: 'a', incarnation: 1, liveness: 'dead', by: 'b' })
    story.run(profile.deadKeepMs + 60_000, ['b'])
    expect(story.liveness('a')).toBeUndefined()
    expect(story.events()).toContain('member.removed a')
    story.hear(alive('a'), {
      id: 'a',
      incarnation: 1,
      liveness: 'suspect',
      by: 'b',
      card: fullCard,
    })
    expect(story.liveness('a')).toBeUndefined()
    story.hear({ ...alive('a'), incarnation: 2 })
    expect(story.liveness('a')).toBe('alive')
  })

  test('CM-5: dead members and removed identities are bounded, the oldest go first', () => {
    const story = new Story()
    const { deadRecords, tombstones } = membershipLimits
    for (let n = 0; n < deadRecords + tombstones + 500; n += 1) {
      const id = `n${n}`
      story.hear(alive(id), { id, incarnation: 1, liveness: 'dead', by: 'b' })
    }
    expect(story.state.graves.size).toBe(deadRecords)
    expect(story.state.tombstones.size).toBe(tombstones)
    expect(story.state.table.count('dead')).toBe(deadRecords)
    expect(story.state.tombstones.has('n0')).toBe(false)
    expect(story.state.news.size).toBeLessThanOrEqual(membershipLimits.queuedNews)
  })

  test('CM-5: nothing that a stranger sends makes the step throw', () => {
    const story = new Story(['a'])
    const news: News = {
      claims: [{ id: 'x', incarnation: 0, liveness: 'suspect' }],
      heartbeats: [],
    }
    const strange: readonly SwimMessage[] = [
      { type: 'ack', seq: 4_000_000_000 },
      { type: 'nack', seq: 12 },
      { type: 'ping-req', seq: 1, target: 'nobody', news },
      { type: 'ping-req', seq: 1, target: 'me' },
      { type: 'sync-buckets', bits: 3, sums: [1] },
      { type: 'sync-records', bits: 0, buckets: [9], news, answer: true, more: true },
      { type: 'sync-records', bits: 0, buckets: [], news, answer: false, more: true },
    ]
    for (const message of strange) expect(() => story.message('x', message)).not.toThrow()
  })
})

describe('FD-3: a node that stood still', () => {
  test('FD-3: after two seconds of stall nobody is suspected, and it calls itself degraded', () => {
    const story = new Story(['a', 'b', 'c', 'd'])
    story.run(300, ['a', 'b', 'c', 'd'])
    story.sleep(2_000)
    story.run(profile.probeIntervalMs, ['a', 'b', 'c', 'd'])
    expect(story.events()).toEqual(['member.updated me'])
    expect(story.state.card.condition).toBe('degraded')
    story.run(profile.degradedHoldMs + 1_000, ['a', 'b', 'c', 'd'])
    expect(story.state.card.condition).toBe('ok')
  })

  test('FD-3: a suspicion that ran out during the stall gets the lost time back', () => {
    const story = new Story(['a', 'b', 'c'])
    story.hear({ id: 'c', incarnation: 1, liveness: 'suspect', by: 'a' })
    story.hear({ id: 'c', incarnation: 1, liveness: 'suspect', by: 'me' })
    story.sleep(3_000)
    story.input({ type: 'tick' })
    expect(story.liveness('c')).toBe('suspect')
    story.hear({ ...alive('c'), incarnation: 2 })
    expect(story.liveness('c')).toBe('alive')
  })

  test('FD-3: a probe that was under way during the stall proves nothing about anyone', () => {
    const story = new Story(['a', 'b', 'c'])
    while (story.sent('ping').length === 0) story.run(50)
    story.sleep(1_500)
    story.input({ type: 'tick' })
    expect(story.state.awareness).toBe(1)
    expect(story.state.probes.size).toBeLessThanOrEqual(1)
  })

  test.for([
    [true, 'suspect'],
    [false, 'alive'],
  ] as const)('FD-3: right after a stall only a refused dial counts (%s)', ([refused, held]) => {
    const story = new Story(['a', 'b', 'c'])
    story.input({ type: 'stall', gapMs: 900 })
    story.input({ type: 'link-down', peer: 'c' })
    story.input({ type: 'link-failed', peer: 'c', refused })
    const { seq } = story.sent('ping-req')[0]!.message as { seq: number }
    story.message('a', { type: 'nack', seq })
    story.message('b', { type: 'nack', seq })
    expect(story.liveness('c')).toBe(held)
  })

  test('FD-3: a stall over half a lease fences', () => {
    const story = new Story(['a'])
    story.sleep(profile.leaseMs / 2 + 600)
    story.input({ type: 'tick' })
    expect(story.effects).toContainEqual({ type: 'fence', reason: 'stalled' })
  })

  test('a watchdog of the other thread counts as well', () => {
    const story = new Story(['a'])
    story.input({ type: 'stall', gapMs: 900 })
    expect(story.state.card.condition).toBe('degraded')
    expect(story.effects.map(({ type }) => type)).not.toContain('fence')
    story.input({ type: 'stall', gapMs: 2_500 })
    expect(story.effects.map(({ type }) => type)).toContain('fence')
  })
})

describe('joining and leaving', () => {
  test('joining asks up to three seeds for their view', () => {
    const story = new Story()
    story.input({ type: 'join', peers: ['a', 'b', 'c', 'd'] })
    expect(story.sent('sync-digest').map(({ to }) => to)).toEqual(['a', 'b', 'c'])
  })

  test('a new connection compares views once, begun by the lower id', () => {
    const story = new Story(['a', 'z'])
    story.input({ type: 'link-up', peer: 'a' })
    story.input({ type: 'link-up', peer: 'z' })
    expect(story.sent('sync-digest').map(({ to }) => to)).toEqual(['z'])
  })

  test('leaving is told, then over; the node still answers meanwhile', () => {
    const story = new Story(['a', 'b'])
    story.input({ type: 'leave' })
    story.message('a', { type: 'ping', seq: 3 })
    expect(story.sent('ack')).toHaveLength(1)
    story.run(1_500)
    expect(story.effects.at(-1)).toEqual({ type: 'left' })
    const told = story.sent('gossip').map(({ message }) => message)
    expect(told[0]).toMatchObject({ news: { claims: [{ id: 'me', liveness: 'left' }] } })
    expect(story.state.dueMs).toBe(Number.POSITIVE_INFINITY)
  })

  test('one that left has left for others: no suspicion, no death', () => {
    const story = new Story(['a', 'b'])
    story.hear({ id: 'a', incarnation: 1, liveness: 'left', by: 'a' })
    story.input({ type: 'link-down', peer: 'a' })
    story.run(10_000, ['b'])
    expect(story.events()).toEqual(['member.left a'])
  })

  test('joining again after leaving is a new life', () => {
    const story = new Story(['a'])
    story.input({ type: 'leave' })
    story.run(1_500)
    story.input({ type: 'join', peers: ['a'] })
    expect(story.state.incarnation).toBe(8)
    expect(story.liveness('me')).toBe('alive')
  })

  test('C4: a drain changes the card and leaves liveness and condition alone', () => {
    const story = new Story(['a'])
    story.input({ type: 'card', change: { admin: 'draining' } })
    story.input({ type: 'syncing', value: true })
    expect(story.state.table.get('me')).toMatchObject({
      liveness: 'alive',
      incarnation: 7,
      card: { admin: 'draining', condition: 'syncing', revision: 2 },
    })
  })
})
