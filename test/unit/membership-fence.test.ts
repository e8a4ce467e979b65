/**
 * Membership fence: when a node that others declared dead lets go of what it owns.
 */
import { describe, expect, test } from 'vitest'

import { Story } from './membership-story.ts'

const fences = (story: Story): number => story.effects.filter(({ type }) => type === 'fence').length

describe('CM-3: a death that is heard late', () => {
  test('CM-3: a verdict that arrives after its suspicion was refuted still fences', () => {
    const story = new Story(['a', 'b'])
    story.hear({ id: 'me', incarnation: 7, liveness: 'suspect', by: 'a' })
    expect(story.state.incarnation).toBe(8)
    expect(fences(story)).toBe(0)
    story.hear({ id: 'me', incarnation: 7, liveness: 'dead', by: 'a' })
    expect(fences(story)).toBe(1)
    expect(story.state.incarnation).toBe(8)
  })

  test('CM-3: one death fences once, however many tell of it', () => {
    const story = new Story(['a', 'b'])
    for (const by of ['a', 'b', 'a']) {
      story.hear({ id: 'me', incarnation: 7, liveness: 'dead', by })
    }
    expect(fences(story)).toBe(1)
  })

  test('CM-3: a second death fences again', () => {
    const story = new Story(['a', 'b'])
    story.hear({ id: 'me', incarnation: 7, liveness: 'dead', by: 'a' })
    story.hear({ id: 'me', incarnation: 8, liveness: 'dead', by: 'b' })
    expect(fences(story)).toBe(2)
  })
})
