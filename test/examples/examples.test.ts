/**
 * Examples: every program in examples/ runs and prints what its comments promise.
 *
 * A line of an example that prints ends in `// → text`. The promised texts must appear in the
 * output, each in a line of its own and in the order of the source.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '..', '..', 'examples')
const names = readdirSync(folder).filter((name) => name.endsWith('.ts'))
const run = promisify(execFile)

test.for(names)('%s runs and prints what it promises', async (name) => {
  const path = join(folder, name)
  const { stdout } = await run(process.execPath, ['--conditions=shoal-source', path], {
    timeout: 25_000,
  })
  expect(inOrder(promisesOf(path), stdout.split('\n'))).toEqual(promisesOf(path))
})

function promisesOf(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1] ?? '')
}

/** The promises that the output keeps, up to and without the first one that it breaks. */
function inOrder(promises: readonly string[], output: readonly string[]): readonly string[] {
  const kept: string[] = []
  let from = 0
  for (const promise of promises) {
    const at = output.findIndex((line, index) => index >= from && line.trim() === promise.trim())
    if (at === -1) return kept
    kept.push(promise)
    from = at + 1
  }
  return kept
}
