/**
 * Source: one file of the checkout as a rule sees it, a path and a text.
 *
 * Rules are pure functions over sources, so that each can be run over the real tree and over a
 * few lines that break it on purpose. Paths are relative to the checkout, with forward slashes.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Source {
  readonly path: string
  readonly text: string
}

export interface Finding {
  readonly path: string
  readonly line: number
  readonly says: string
}

export interface Rule {
  /** A sentence that is true of the whole tree. */
  readonly name: string
  readonly find: (sources: readonly Source[]) => readonly Finding[]
}

const root = join(import.meta.dirname, '..', '..')
const skipped = new Set(['node_modules', '.git', 'dist', 'coverage', '.shoal', 'results'])
const readable = /\.(?:[cm]?[jt]sx?|json|md|ya?ml|sh|erl|css|html|txt)$|(?:^|\/)(?:run|LICENSE)$/

/** Every text file of the checkout, in the order of its path. */
export function readTree(): readonly Source[] {
  return filesBelow('')
    .filter((path) => readable.test(path))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** TypeScript that belongs to the product or proves it; `bench/peers` is a package of its own. */
export function isCode(source: Source): boolean {
  return source.path.endsWith('.ts') && !source.path.startsWith('bench/peers/')
}

/** Code that ships: everything that a user of the package can run. */
export function isProduct(source: Source): boolean {
  return isCode(source) && /^(?:src|protocols|actors|workers)\//.test(source.path)
}

/** The line, counted from 1, of a position in the text. */
export function lineAt(source: Source, position: number): number {
  let line = 1
  for (let at = source.text.indexOf('\n'); at !== -1 && at < position;) {
    line += 1
    at = source.text.indexOf('\n', at + 1)
  }
  return line
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (!entry.isDirectory()) return entry.isFile() ? [path] : []
    return skipped.has(entry.name) ? [] : filesBelow(path)
  })
}
