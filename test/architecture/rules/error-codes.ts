/**
 * ErrorCodes: the codes that are thrown and the codes that docs/errors.md explains are the same.
 *
 * A program recognises a refusal by its code and a person looks the code up, so a code without a
 * line in the catalogue is a riddle and a line without a code is a lie.
 */
import { isProduct, lineAt } from '../source.ts'
import { nameOf, nodesOf, stringOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'
import type { SyntaxNode } from '../syntax.ts'

const catalogue = 'docs/errors.md'
const codeRow = /^\| `([a-z0-9_]+)` \|/gm
const snake = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/

export const errorCodesRule: Rule = {
  name: 'every error code is documented, and every documented code exists',
  find: (sources) => {
    const book = sources.find(({ path }) => path === catalogue)
    if (book === undefined) return [{ path: catalogue, line: 1, says: 'does not exist' }]
    const product = sources.filter(isProduct)
    return [...undocumented(product, book), ...unknown(product, book), ...doubled(book)]
  },
}

function undocumented(product: readonly Source[], book: Source): readonly Finding[] {
  const known = new Set([...book.text.matchAll(codeRow)].map((match) => match[1]))
  return product.flatMap((source) =>
    codesIn(source).flatMap(({ code, position }) => {
      const line = lineAt(source, position)
      if (!snake.test(code)) return [{ path: source.path, line, says: `${code} is no snake_case` }]
      return known.has(code)
        ? []
        : [{ path: source.path, line, says: `throws ${code}, which ${catalogue} does not explain` }]
    }),
  )
}

/** A documented code may reach the error through a variable, so any string literal counts. */
function unknown(product: readonly Source[], book: Source): readonly Finding[] {
  const literals = new Set(
    product.flatMap((source) => nodesOf(source).flatMap(({ node }) => stringOf(node) ?? [])),
  )
  return [...book.text.matchAll(codeRow)]
    .filter((match) => !literals.has(match[1] ?? ''))
    .map((match) => row(book, match.index, `explains ${match[1]}, which nothing throws`))
}

function doubled(book: Source): readonly Finding[] {
  const seen = new Set<string | undefined>()
  return [...book.text.matchAll(codeRow)].flatMap((match) => {
    if (seen.has(match[1])) return [row(book, match.index, `explains ${match[1]} twice`)]
    seen.add(match[1])
    return []
  })
}

/** The literals in the place of a code: of `new EdgeError(…)` and of `super(…)` in a subclass. */
function codesIn(source: Source): readonly { code: string; position: number }[] {
  return nodesOf(source).flatMap(({ node, parent }) => {
    if (
      node.type === 'NewExpression' &&
      /EdgeError$|^EdgeError/.test(nameOf(node['callee']) ?? '')
    ) {
      return literalsIn(firstArgumentOf(node))
    }
    if (node.type === 'ClassDeclaration' && nameOf(node['superClass']) === 'EdgeError') {
      return superCodesIn(source, node)
    }
    const refuses = node.type === 'CallExpression' && parent !== undefined
    return refuses && nameOf(node['callee']) === 'refuse' ? literalsIn(firstArgumentOf(node)) : []
  })
}

function superCodesIn(source: Source, node: SyntaxNode) {
  return nodesOf(source)
    .filter((visit) => visit.node.start >= node.start && visit.node.end <= node.end)
    .filter((visit) => visit.node.type === 'CallExpression')
    .filter((visit) => isSuper(visit.node['callee']))
    .flatMap((visit) => literalsIn(firstArgumentOf(visit.node)))
}

function literalsIn(node: SyntaxNode | undefined): readonly { code: string; position: number }[] {
  if (node === undefined) return []
  if (node.type === 'ConditionalExpression') {
    return [
      ...literalsIn(node['consequent'] as SyntaxNode),
      ...literalsIn(node['alternate'] as SyntaxNode),
    ]
  }
  const code = stringOf(node)
  return code === undefined ? [] : [{ code, position: node.start }]
}

function firstArgumentOf(node: SyntaxNode): SyntaxNode | undefined {
  const given = node['arguments']
  return Array.isArray(given) ? (given[0] as SyntaxNode | undefined) : undefined
}

function isSuper(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Super'
}

function row(book: Source, position: number, says: string): Finding {
  return { path: book.path, line: lineAt(book, position), says }
}
