/**
 * Cycles: no file imports itself, however long the way round.
 *
 * Only values count. A type import is erased, and a dynamic import waits until it is called;
 * neither can meet a half-loaded module.
 */
import { isCode, lineAt } from '../source.ts'
import { importsOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'

export const cyclesRule: Rule = {
  name: 'no file imports itself, however long the way round',
  find: findCycles,
}

interface Walk {
  readonly edges: ReadonlyMap<string, readonly string[]>
  readonly state: Map<string, 'open' | 'done'>
  readonly trail: string[]
  readonly cycles: string[][]
}

function findCycles(sources: readonly Source[]): readonly Finding[] {
  const code = sources.filter(isCode)
  const edges = new Map(code.map((source) => [source.path, valueImportsOf(source)]))
  const walk: Walk = { edges, state: new Map(), trail: [], cycles: [] }
  for (const path of edges.keys()) visit(path, walk)
  return walk.cycles.map((cycle) => ({
    path: cycle[0] ?? '',
    line: lineOfImport(code, cycle),
    says: `cycle of imports: ${[...cycle, cycle[0]].join(' -> ')}`,
  }))
}

/** Depth first: a file that is met again while it is still open closes a cycle. */
function visit(path: string, walk: Walk): void {
  const state = walk.state.get(path)
  if (state === 'done') return
  if (state === 'open') {
    walk.cycles.push(walk.trail.slice(walk.trail.indexOf(path)))
    return
  }
  walk.state.set(path, 'open')
  walk.trail.push(path)
  for (const target of walk.edges.get(path) ?? []) visit(target, walk)
  walk.trail.pop()
  walk.state.set(path, 'done')
}

function valueImportsOf(source: Source): readonly string[] {
  return importsOf(source)
    .filter(({ relative, typeOnly, dynamic }) => relative && !typeOnly && !dynamic)
    .map(({ target }) => target)
}

function lineOfImport(sources: readonly Source[], cycle: readonly string[]): number {
  const first = sources.find(({ path }) => path === cycle[0])
  if (first === undefined) return 1
  const next = cycle[1] ?? cycle[0]
  const found = importsOf(first).find(({ target }) => target === next)
  return found === undefined ? 1 : lineAt(first, found.position)
}
