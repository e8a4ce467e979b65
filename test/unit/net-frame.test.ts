/**
 * Frames: whatever pieces a stream delivers, the same frames come out, and none beyond its limit.
 */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { Deframer, frameOf, oversized } from '../../protocols/frame.ts'

function join(frames: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(frames.flatMap((frame) => [...frameOf(frame)]))
}

/** Push a stream in pieces of the given sizes, again and again until it is used up. */
function read(deframer: Deframer, bytes: Uint8Array, sizes: readonly number[]) {
  const frames: Uint8Array[] = []
  let at = 0
  for (let turn = 0; at < bytes.length; turn += 1) {
    const piece = bytes.slice(at, at + sizes[turn % sizes.length]!)
    const end = deframer.push(piece, 0, (frame) => frames.push(frame.slice()) > 0)
    if (end === oversized) return { frames, violated: true }
    expect(end).toBe(piece.length)
    at += piece.length
  }
  return { frames, violated: false }
}

describe('a deframer', () => {
  test('finds the same frames in any pieces', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 })
    const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(bodies, cuts, (frames, sizes) => {
        const deframer = new Deframer(40)
        expect(read(deframer, join(frames), sizes)).toEqual({ frames, violated: false })
        expect(deframer.midFrame).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('a large frame in small pieces arrives whole', () => {
    const frame = Uint8Array.from({ length: 300_000 }, (_, index) => index % 253)
    const { frames } = read(new Deframer(300_000), frameOf(frame), [70_001, 3, 12_345])
    expect(frames.length).toBe(1)
    expect(Buffer.compare(frames[0]!, frame)).toBe(0)
  })

  test('a frame inside one piece is a view of it, not a copy', () => {
    const piece = join([Uint8Array.of(1, 2), Uint8Array.of(3)])
    const seen: ArrayBufferLike[] = []
    new Deframer(10).push(piece, 0, (frame) => seen.push(frame.buffer) > 0)
    expect(seen).toEqual([piece.buffer, piece.buffer])
  })

  test('stops behind the frame at which its reader says stop, and goes on from there', () => {
    const piece = join([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of(3)])
    const deframer = new Deframer(10)
    const read: number[] = []
    const at = deframer.push(piece, 0, (frame) => read.push(frame[0]!) < 2)
    expect([at, read]).toEqual([10, [1, 2]])
    expect(deframer.push(piece, at, (frame) => read.push(frame[0]!) > 0)).toBe(15)
    expect(read).toEqual([1, 2, 3])
  })

  test.for([
    ['one more than allowed', [0, 0, 0, 11]],
    ['four gigabytes', [255, 255, 255, 255]],
    ['what would be negative with a sign', [128, 0, 0, 0]],
  ] as const)('a length of %s is refused with its last byte', ([, header]) => {
    const deframer = new Deframer(10)
    const none = (): boolean => expect.fail('no frame may come out')
    expect(deframer.push(Uint8Array.from(header.slice(0, 3)), 0, none)).toBe(3)
    expect(deframer.push(Uint8Array.of(header[3]), 0, none)).toBe(oversized)
  })

  test('the largest frame allowed passes', () => {
    const { frames, violated } = read(new Deframer(10), frameOf(new Uint8Array(10)), [4])
    expect([frames.length, violated]).toEqual([1, false])
  })

  test('knows that it is in the middle of a frame, in the length as in the body', () => {
    const deframer = new Deframer(10)
    const any = (): boolean => true
    expect(deframer.midFrame).toBe(false)
    deframer.push(Uint8Array.of(0, 0), 0, any)
    expect(deframer.midFrame).toBe(true)
    deframer.push(Uint8Array.of(0, 2), 0, any)
    expect(deframer.midFrame).toBe(true)
    deframer.push(Uint8Array.of(7, 7), 0, any)
    expect(deframer.midFrame).toBe(false)
  })
})
