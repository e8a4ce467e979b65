/**
 * Documents: what the documents claim about the tree is true.
 *
 * Examples are run, code blocks that name an example equal it, every requirement has its row,
 * every path that a document names exists, and every dependency is weighed in writing.
 */
import { lineAt } from '../source.ts'
import type { Finding, Rule, Source } from '../source.ts'

const requirementsBook = 'docs/requirements.md'
const requirementsLast = 240
const dependencyBook = 'docs/dependencies.md'
const fence = /^```ts (\S+\.ts)\n([\s\S]*?)^```$/gm
/** A file, not a folder: a document may speak of a folder before its first file exists. */
const namedPath =
  /`((?:src|protocols|actors|workers|examples|bench|test|docs|tools)\/[\w./-]+\.\w+|\.ci\/run)`/g

export const examplesRule: Rule = {
  name: 'every example says what it prints, and a test runs it',
  find: (sources) => {
    const examples = sources.filter(({ path }) => /^examples\/[^/]+\.ts$/.test(path))
    const runner = sources.some(({ path }) => path === 'test/examples/examples.test.ts')
    return examples.flatMap((example) => {
      if (!runner) return [whole(example, 'is run by no test: test/examples is missing')]
      const says = 'says nowhere what it prints: end a line with "// → the text"'
      return /\/\/ → \S/.test(example.text) ? [] : [whole(example, says)]
    })
  },
}

export const codeBlocksRule: Rule = {
  name: 'a code block that names a file equals that file',
  find: (sources) => documentsOf(sources).flatMap((book) => blocksOf(book, sources)),
}

export const requirementsRule: Rule = {
  name: 'every requirement has exactly one row',
  find: (sources) => {
    const book = sources.find(({ path }) => path === requirementsBook)
    if (book === undefined) return [{ path: requirementsBook, line: 1, says: 'does not exist' }]
    const rows = [...book.text.matchAll(/^\| R(\d+) \|/gm)].map((match) => Number(match[1]))
    return Array.from({ length: requirementsLast }, (_, index) => index + 1).flatMap((number) => {
      const count = rows.filter((row) => row === number).length
      return count === 1 ? [] : [whole(book, `has ${count} rows for R${number}, must have 1`)]
    })
  },
}

export const pathsRule: Rule = {
  name: 'every path that a document names exists',
  find: (sources) => {
    const known = new Set(sources.map(({ path }) => path))
    return documentsOf(sources).flatMap((book) =>
      [...book.text.matchAll(namedPath)].flatMap((match) => {
        const path = match[1] ?? ''
        if (known.has(path)) return []
        return [at(book, match.index, `names ${path}, which does not exist`)]
      }),
    )
  },
}

export const dependenciesRule: Rule = {
  name: 'every dependency is weighed in docs/dependencies.md and pinned exactly',
  find: (sources) => {
    const manifest = sources.find(({ path }) => path === 'package.json')
    const book = sources.find(({ path }) => path === dependencyBook)
    if (manifest === undefined) return []
    return dependenciesOf(manifest).flatMap(([name, version]) => {
      const weighed = book?.text.includes(`| \`${name}\` |`) ?? false
      const complaints = weighed ? [] : [`${name} has no row in ${dependencyBook}`]
      if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)) complaints.push(`${name} is not pinned`)
      return complaints.map((says) => whole(manifest, says))
    })
  },
}

function documentsOf(sources: readonly Source[]): readonly Source[] {
  return sources.filter(({ path }) => path.endsWith('.md') && !path.startsWith('bench/peers/'))
}

function blocksOf(book: Source, sources: readonly Source[]): readonly Finding[] {
  return [...book.text.matchAll(fence)].flatMap((match) => {
    const file = sources.find(({ path }) => path === match[1])
    if (file === undefined) return [at(book, match.index, `shows ${match[1]}, which is missing`)]
    if (file.text.trim() === (match[2] ?? '').trim()) return []
    return [at(book, match.index, `shows another text than ${match[1]} has`)]
  })
}

function dependenciesOf(manifest: Source): readonly (readonly [string, string])[] {
  const data: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> = JSON.parse(
    manifest.text,
  )
  return ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'].flatMap(
    (kind) => Object.entries(data[kind] ?? {}),
  )
}

function at(book: Source, position: number, says: string): Finding {
  return { path: book.path, line: lineAt(book, position), says }
}

function whole(source: Source, says: string): Finding {
  return { path: source.path, line: 1, says }
}
