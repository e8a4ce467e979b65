/**
 * Liveness contract: what every responder keeps, over real sockets and in memory alike.
 */
import { afterEach, describe, expect, test } from 'vitest'

import type { Liveness, LivenessTarget } from '../../src/ports/liveness.ts'

export interface LivenessSetting {
  readonly secret?: number
}

export interface LivenessWorld {
  /** One more node; its peer id is given. */
  readonly open: (peerId: string, setting?: LivenessSetting) => Promise<Liveness>
  readonly pass: (ms: number) => Promise<void>
  /** What the record of a node says about where it is. */
  readonly addresses: readonly string[]
  readonly close: () => Promise<void>
}

export function livenessContract(name: string, openWorld: () => Promise<LivenessWorld>): void {
  let world: LivenessWorld | undefined
  const opened: Liveness[] = []

  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
    await world?.close()
    world = undefined
  })

  async function two(setting: LivenessSetting = {}): Promise<readonly [Liveness, Liveness]> {
    world = await openWorld()
    const pair = [await world.open('a'), await world.open('b', setting)] as const
    opened.push(...pair)
    return pair
  }

  function targetOf(peerId: string, { responder }: Liveness): LivenessTarget {
    return { peerId, responder, addresses: world?.addresses ?? [] }
  }

  async function answerOf(asked: Promise<number | null>): Promise<number | null | 'nothing'> {
    const answers: (number | null)[] = []
    void asked.then((busyMs) => answers.push(busyMs))
    for (let looks = 0; looks < 400 && answers.length === 0; looks += 1) await world?.pass(5)
    return answers.length === 0 ? 'nothing' : (answers[0] ?? null)
  }

  describe(`${name}: liveness`, () => {
    test('a thread that beats is not busy; one that does not is, for so long', async () => {
      const [a, b] = await two()
      b.beat()
      const fresh = await answerOf(a.ask(targetOf('b', b), 1_000))
      expect(fresh).toBeLessThan(200)
      await world?.pass(400)
      const busy = await answerOf(a.ask(targetOf('b', b), 1_000))
      expect(busy).toBeGreaterThanOrEqual(390)
      b.beat()
      expect(await answerOf(a.ask(targetOf('b', b), 1_000))).toBeLessThan(300)
    })

    test('a responder that is gone answers nothing', async () => {
      const [a, b] = await two()
      await b.close()
      expect(await answerOf(a.ask(targetOf('b', b), 100))).toBeNull()
    })

    test('many questions at once each find their answer', async () => {
      const [a, b] = await two()
      b.beat()
      const asked = Array.from({ length: 50 }, () => a.ask(targetOf('b', b), 1_500))
      for (const each of asked) expect(await answerOf(each)).toBeLessThan(1_000)
    })

    test('an address that is none is no answer and no failure', async () => {
      const [a] = await two()
      const nowhere = { peerId: 'x', responder: 'carrier-pigeon', addresses: ['/nowhere'] }
      expect(await answerOf(a.ask(nowhere, 50))).toBeNull()
    })
  })
}
