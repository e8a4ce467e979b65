/**
 * Log contract: levels, fields, children, and no secret in any line.
 */
import { describe, expect, test } from 'vitest'

import type { Log } from '../../src/ports/log.ts'

export interface OpenedLog {
  readonly log: Log
  /** The lines so far, each with its level, message and fields. */
  readonly lines: () => readonly WrittenLine[]
}

export type WrittenLine = Readonly<Record<string, unknown>>

export interface OpenLogOptions {
  readonly level?: Log['level']
  readonly redact?: readonly string[]
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

export function logContract(name: string, open: (options?: OpenLogOptions) => OpenedLog): void {
  describe(`${name} writes lines`, () => {
    writesLines(open)
  })
  describe(`${name} hides secrets and survives odd fields`, () => {
    hidesSecrets(open)
  })
}

function writesLines(open: (options?: OpenLogOptions) => OpenedLog): void {
  test.for(LEVELS)(
    'R148: with the level %s only lines of that severity or more are written',
    (level) => {
      const { log, lines } = open({ level })
      for (const one of LEVELS) log[one](`a ${one}`)
      expect(lines().map((line) => line['level'])).toEqual(LEVELS.slice(LEVELS.indexOf(level)))
      expect(LEVELS.filter((one) => log.enabled(one))).toEqual(LEVELS.slice(LEVELS.indexOf(level)))
      expect(log.level).toBe(level)
    },
  )

  test('a silent log writes nothing', () => {
    const { log, lines } = open({ level: 'silent' })
    log.fatal('the end')
    expect(lines()).toEqual([])
    expect(log.enabled('fatal')).toBe(false)
  })

  test('a line has its message and its fields, a child also those of its parents', async () => {
    const { log, lines } = open()
    log.child({ node: 'a', part: 'net' }).child({ part: 'swim' }).info('probe', { ms: 3 })
    log.warn('plain')
    log.info('mine', { level: 'loud', message: 'other', time: 0 })
    await log.flush()
    expect(lines()[0]).toMatchObject({ level: 'info', message: 'probe', node: 'a', ms: 3 })
    expect(lines()[0]?.['part']).toBe('swim')
    expect(lines()[1]).toMatchObject({ level: 'warn', message: 'plain' })
    expect(lines()[1]).not.toHaveProperty('node')
    expect(lines()[2]).toMatchObject({ level: 'info', message: 'mine' })
  })

  test('an error is written with its name, message, code and causes', () => {
    const { log, lines } = open()
    const cause = new TypeError('inner')
    const error = Object.assign(new Error('outer', { cause }), { code: 'e_outer' })
    log.error('failed', { error })
    expect(lines()[0]?.['error']).toMatchObject({
      message: 'outer',
      code: 'e_outer',
      cause: { name: 'TypeError', message: 'inner' },
    })
  })
}

function hidesSecrets(open: (options?: OpenLogOptions) => OpenedLog): void {
  test('R148: secrets are hidden by name, at any depth and in errors and children', () => {
    const { log, lines } = open({ redact: ['pin-code'] })
    const error = Object.assign(new Error('x'), { config: { authorization: 'leak-1' } })
    log.child({ clusterSecret: 'leak-2' }).info('hello', {
      password: 'leak-3',
      headers: [{ 'Set-Cookie': 'leak-4', accept: '*/*' }],
      API_KEY: 'leak-5',
      pinCode: 'leak-6',
      joinTicket: 'leak-7',
      tokens: 8,
      error,
    })
    expect(JSON.stringify(lines())).not.toContain('leak-')
    expect(lines()[0]).toMatchObject({
      password: '[hidden]',
      tokens: 8,
      headers: [{ accept: '*/*' }],
    })
  })

  test('odd fields never throw and are written as plain data', () => {
    const { log, lines } = open()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const hostile = {
      get broken(): never {
        throw new Error('no')
      },
    }
    log.info('odd', {
      cycle,
      big: 10n,
      nothing: undefined,
      run: () => 1,
      bytes: new Uint8Array(3),
      map: new Map([['k', 1]]),
      when: new Date(0),
      never: new Date(Number.NaN),
    })
    log.info('hostile', hostile)
    log.child(hostile).info('child')
    log.info('long', { text: 'x'.repeat(100_000), list: Array(5_000).fill(1) })
    expect(lines().map((line) => line['message'])).toEqual(['odd', 'hostile', 'child', 'long'])
    expect(lines()[0]).toMatchObject({
      big: '10',
      bytes: '[3 bytes]',
      when: '1970-01-01T00:00:00.000Z',
    })
    expect(JSON.stringify(lines()[3]).length).toBeLessThan(20_000)
  })
}
