/**
 * Syntax: the tree of a source, its imports and its comments, read with the parser of vitest.
 *
 * TypeScript 7 has no programming interface for its syntax tree, and the test runner brings a
 * parser anyway. Each source is parsed once, however many rules look at it.
 */
import { dirname, join } from 'node:path/posix'
import { parseAst } from 'vitest/node'
import { isCode } from './source.ts'
import type { Source } from './source.ts'

export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

export interface Import {
  /** A path of the checkout for a relative import, otherwise the name as it was written. */
  readonly target: string
  readonly relative: boolean
  readonly typeOnly: boolean
  /** A dynamic import waits until it is called, so it cannot close a cycle at load time. */
  readonly dynamic: boolean
  readonly position: number
}

const trees = new WeakMap<Source, SyntaxNode>()
const nodeLists = new WeakMap<Source, readonly Visit[]>()

export interface Visit {
  readonly node: SyntaxNode
  readonly parent: SyntaxNode | undefined
  /** The property of the parent that holds the node. */
  readonly slot: string
}

export function parse(source: Source): SyntaxNode {
  const known = trees.get(source)
  if (known !== undefined) return known
  // oxlint-disable-next-line typescript/no-deprecated -- its successor is not re-exported
  const tree: unknown = parseAst(source.text, { lang: 'ts' }, source.path)
  if (!isNode(tree)) throw new TypeError(`${source.path} has no syntax tree`)
  trees.set(source, tree)
  return tree
}

/** Every node of a source with its parent, from the outside in. */
export function nodesOf(source: Source): readonly Visit[] {
  const known = nodeLists.get(source)
  if (known !== undefined) return known
  const visits: Visit[] = []
  collect({ node: parse(source), parent: undefined, slot: '' }, visits)
  nodeLists.set(source, visits)
  return visits
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The name of an identifier, or undefined for any other node. */
export function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' ? String(value['name']) : undefined
}

/** The text of a string literal, or undefined for any other node. */
export function stringOf(value: unknown): string | undefined {
  if (!isNode(value) || value.type !== 'Literal') return undefined
  return typeof value['value'] === 'string' ? value['value'] : undefined
}

export function importsOf(source: Source): readonly Import[] {
  return isCode(source) ? nodesOf(source).flatMap(({ node }) => importAt(source, node)) : []
}

/** The comments of a source with the position at which each begins. */
export function commentsOf(source: Source): readonly { text: string; position: number }[] {
  const blanked = withoutLiterals(source)
  return [...blanked.matchAll(/\/\/[^\n]*|\/\*[\s\S]*?\*\//g)].map((match) => ({
    text: match[0],
    position: match.index,
  }))
}

function collect(visit: Visit, into: Visit[]): void {
  into.push(visit)
  for (const [slot, value] of Object.entries(visit.node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) collect({ node: child, parent: visit.node, slot }, into)
    }
  }
}

function importAt(source: Source, node: SyntaxNode): readonly Import[] {
  const written = stringOf(node['source'])
  if (written === undefined || !/^(?:Import|Export)/.test(node.type)) return []
  const relative = written.startsWith('.')
  const target = relative ? join(dirname(source.path), written) : written
  const typeOnly = node['importKind'] === 'type' || node['exportKind'] === 'type'
  const dynamic = node.type === 'ImportExpression'
  return [{ target, relative, typeOnly, dynamic, position: node.start }]
}

/** The text with every string, template and pattern blanked, so that only comments look alike. */
function withoutLiterals(source: Source): string {
  const pieces: string[] = []
  let from = 0
  for (const { node } of nodesOf(source)) {
    if (node.type !== 'Literal' && node.type !== 'TemplateElement') continue
    if (node.start < from) continue
    pieces.push(source.text.slice(from, node.start), ' '.repeat(node.end - node.start))
    from = node.end
  }
  return pieces.join('') + source.text.slice(from)
}
