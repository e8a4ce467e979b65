/**
 * Test of the compiler's patience: a large program of protocols is checked quickly.
 */
import { expect, test } from 'vitest'
import { sourceOf, typeCheck } from './type-checker.ts'

const protocols = 200
const messages = 20
const boundMs = 5_000
const tries = 3

/** A protocol, an actor that handles it, and one use of each message through a ref. */
function moduleOf(at: number): string {
  const numbers = Array.from({ length: messages }, (_, n) => n)
  const specs = numbers.map((n) =>
    [
      `  m${n}: ask<{ key${n}: string; size: number }, { at: number; of${n}: string }>(),`,
      `  m${n}: tell<{ key${n}: string; list: readonly number[] }>(),`,
      `  m${n}: stream<{ from${n}: number }, { item${n}: string }>(),`,
    ].at(n % 3),
  )
  const handlers = numbers.map((n) =>
    [
      `    m${n}: (state, { key${n} }) => ({ at: state.count, of${n}: key${n} }),`,
      `    m${n}: (state, { list }) => void (state.count += list.length),`,
      `    m${n}: (_state, { from${n} }) => [{ item${n}: String(from${n}) }],`,
    ].at(n % 3),
  )
  const uses = numbers.map((n) =>
    [
      `  const v${n}: number = (await ref.m${n}({ key${n}: 'k', size: ${n} })).at`,
      `  const v${n}: void = ref.m${n}({ key${n}: 'k', list: [${n}] })`,
      `  const v${n} = ref.m${n}({ from${n}: ${n} })`,
    ].at(n % 3),
  )
  const names = numbers.map((n) => `v${n}`).join(', ')
  return [
    `export const P${at} = protocol('load.p${at}/1', {`,
    ...specs,
    '})',
    `export const a${at} = actor(P${at}, {`,
    '  state: () => ({ count: 0 }),',
    '  on: {',
    ...handlers,
    '  },',
    '})',
    `export async function use${at}(ref: RefOf<typeof P${at}>): Promise<readonly unknown[]> {`,
    ...uses,
    `  return [${names}]`,
    '}',
    '',
  ].join('\n')
}

test('200 protocols of 20 messages type-check in under 5 s', async () => {
  const names = 'actor, ask, protocol, type RefOf, stream, tell'
  const imports = `import { ${names} } from '${sourceOf('src/index.ts')}'\n`
  const text = imports + Array.from({ length: protocols }, (_, at) => moduleOf(at)).join('')
  const wrong = `${imports}export const x: number = protocol('a.b/1', { m: tell() })\n`
  let best = Infinity
  for (let left = tries; left > 0 && best > boundMs; left--) {
    const { complaints, tookMs } = await typeCheck({ 'many.ts': text, 'wrong.ts': wrong })
    expect([...complaints.keys()]).toEqual(['wrong.ts'])
    best = Math.min(best, tookMs)
  }
  expect(best).toBeLessThan(boundMs)
  expect(best).toBeGreaterThan(100)
})
