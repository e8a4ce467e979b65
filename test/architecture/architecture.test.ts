/**
 * Architecture: the house rules hold for the tree, and each of them can fail.
 *
 * Run alone with `npx vitest run --project architecture`. A finding names the file, the line and
 * what to do; an exception belongs into the rule that it is an exception to, with its reason.
 */
import { describe, expect, test } from 'vitest'
import { breaches, permitted } from './breaches.ts'
import { rules } from './rules/index.ts'
import { readTree } from './source.ts'
import type { Finding, Rule } from './source.ts'

describe('the tree', () => {
  const tree = readTree()

  test('is the whole checkout', () => {
    const paths = tree.map(({ path }) => path)
    expect(paths).toContain('package.json')
    expect(paths).toContain('src/kernel/errors.ts')
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([])
  })

  test.for(rules)('$name', (rule) => {
    expect(rule.find(tree).map(show)).toEqual([])
  })
})

describe('a breach is found:', () => {
  test.for(breaches)('$breaks', ({ rule, sources, says }) => {
    const found = ruleNamed(rule).find(sources)
    expect(found.map(show)).toContainEqual(expect.stringMatching(says))
  })

  test('every rule has been seen to fail', () => {
    const unbroken = rules.filter(({ name }) => !breaches.some(({ rule }) => rule.test(name)))
    expect(unbroken.map(({ name }) => name)).toEqual([])
  })
})

describe('what is allowed', () => {
  const aboutDocuments = /documented|requirement|dependency|border that/
  const aboutCode = rules.filter(({ name }) => !aboutDocuments.test(name))

  test.for(aboutCode)('is not accused by: $name', (rule) => {
    expect(rule.find(permitted).map(show)).toEqual([])
  })
})

function ruleNamed(pattern: RegExp): Rule {
  const found = rules.filter(({ name }) => pattern.test(name))
  const [rule] = found
  if (rule === undefined || found.length > 1) throw new Error(`${pattern} names no single rule`)
  return rule
}

function show({ path, line, says }: Finding): string {
  return `${path}:${line} ${says}`
}
