/**
 * Language: the parts of TypeScript that this project does without.
 *
 * What cannot be erased by type stripping does not run here; what switches the type checker off
 * hides the mistake that it would have found. oxlint refuses most of it too: this rule also holds
 * when a linter comment says otherwise.
 */
import { isCode, lineAt } from '../source.ts'
import { commentsOf, nodesOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'
import type { SyntaxNode } from '../syntax.ts'

const refusedNodes: Readonly<Record<string, string>> = {
  TSAnyKeyword: 'any: use unknown and find out',
  TSEnumDeclaration: 'enum: use a union of literals',
  TSParameterProperty: 'a parameter property: declare the field',
  TSModuleDeclaration: 'a namespace: use a module',
  TSExportAssignment: 'export =: use a named export',
}
const mayExportDefault = /^(?:workers\/.+|[^/]+\.config)\.ts$/
const mayExpectErrors = /^test\//

export const languageRule: Rule = {
  name: 'no any, enum, default export, private by keyword, or silenced type checker',
  find: (sources) =>
    sources
      .filter(isCode)
      .flatMap((source) => [...nodeFindingsOf(source), ...commentFindingsOf(source)]),
}

function nodeFindingsOf(source: Source): readonly Finding[] {
  return nodesOf(source).flatMap(({ node }) => {
    const refused = refusalOf(node, source.path)
    return refused === undefined ? [] : [at(source, node.start, `uses ${refused}`)]
  })
}

function refusalOf(node: SyntaxNode, path: string): string | undefined {
  // Whoever publishes an event adds its type to the kernel's by declaration merging.
  if (node.type === 'TSModuleDeclaration' && isAugmentation(node)) return undefined
  const refused = refusedNodes[node.type]
  if (refused !== undefined) return refused
  if (node.type === 'ExportDefaultDeclaration' && !mayExportDefault.test(path)) {
    return 'a default export: name it'
  }
  // A constructor has no #name: the keyword is the only way to reserve it for a factory.
  if (node['kind'] === 'constructor') return undefined
  const hides = node['accessibility'] === 'private' || node['accessibility'] === 'protected'
  return hides ? `${String(node['accessibility'])}: use a #name` : undefined
}

/** `declare module './path.ts'`, which no namespace looks like. */
function isAugmentation(node: SyntaxNode): boolean {
  const id = node['id'] as SyntaxNode | undefined
  return id?.type === 'Literal'
}

function commentFindingsOf(source: Source): readonly Finding[] {
  return commentsOf(source).flatMap(({ text, position }) => {
    const silencer = /@ts-(?:ignore|nocheck|expect-error)/.exec(text)?.[0]
    if (silencer !== undefined && !allowedSilencer(silencer, source.path)) {
      return [at(source, position, `silences the type checker with ${silencer}`)]
    }
    const leftover = /\b(?:TODO|FIXME|XXX|HACK)\b/.exec(text)?.[0]
    return leftover === undefined ? [] : [at(source, position, `leaves a ${leftover} behind`)]
  })
}

function allowedSilencer(silencer: string, path: string): boolean {
  return silencer === '@ts-expect-error' && mayExpectErrors.test(path)
}

function at(source: Source, position: number, says: string): Finding {
  return { path: source.path, line: lineAt(source, position), says }
}
