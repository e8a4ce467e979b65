/**
 * Effects: clock, randomness, timers, environment and Node itself stay behind the ports.
 *
 * One seed decides a whole simulated run only if nothing else can: whatever is not an adapter,
 * the assembly or a program asks `ctx.now()`, `ctx.random()` and the ports instead.
 */
import { isCode, isProduct, lineAt } from '../source.ts'
import { importsOf, nameOf, nodesOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'
import type { SyntaxNode, Visit } from '../syntax.ts'

/** Adapters and the assembly, `src/*.ts`, may touch the world. */
const outside = /^src\/(?:adapters\/.+|[^/]+)\.ts$/
/** The command line prints and exits; a worker's entry needs the thread that it runs in. */
const mayUseNode = /^(?:src\/cli|workers)\//

const timers = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'requestAnimationFrame',
])
const worldly = new Set([
  'process',
  'performance',
  'console',
  'crypto',
  'fetch',
  'Buffer',
  'require',
])
const nodeOnly = new Set(['process', 'console', 'Buffer'])
const members = new Set(['Date.now', 'Math.random', 'AbortSignal.timeout'])

export const effectsRule: Rule = {
  name: 'clock, randomness, timers and environment occur only in adapters and the assembly',
  find: (sources) => sources.filter(isInside).flatMap(effectsOf),
}

export const nodeRule: Rule = {
  name: 'node:* is imported only where the world is touched',
  find: (sources) =>
    sources.filter(isInside).flatMap((source) => {
      if (mayUseNode.test(source.path)) return []
      return importsOf(source)
        .filter(({ target }) => target.startsWith('node:'))
        .map(({ target, position }) => at(source, position, `imports ${target}`))
    }),
}

export const portsRule: Rule = {
  name: 'ports are interfaces only',
  find: (sources) => sources.filter(({ path }) => path.startsWith('src/ports/')).flatMap(valuesOf),
}

export const modelRule: Rule = {
  name: 'the model knows no promises',
  find: (sources) =>
    sources.filter(({ path }) => path.startsWith('src/model/')).flatMap(promisesOf),
}

function isInside(source: Source): boolean {
  return isProduct(source) && isCode(source) && !outside.test(source.path)
}

function effectsOf(source: Source): readonly Finding[] {
  const own = declaredNamesOf(source)
  return nodesOf(source).flatMap((visit) => {
    const effect = effectOf(visit)
    if (effect === undefined || own.has(effect.split('.')[0] ?? effect)) return []
    if (nodeOnly.has(effect) && mayUseNode.test(source.path)) return []
    return [at(source, visit.node.start, `uses ${effect}: take it from ctx or a port`)]
  })
}

function effectOf(visit: Visit): string | undefined {
  const { node } = visit
  if (node.type === 'MemberExpression') return memberEffectOf(node)
  if (node.type === 'NewExpression' && nameOf(node['callee']) === 'Date') {
    return Array.isArray(node['arguments']) && node['arguments'].length === 0
      ? 'new Date()'
      : undefined
  }
  const name = nameOf(node)
  if (name === undefined || !isReference(visit)) return undefined
  return timers.has(name) || worldly.has(name) ? name : undefined
}

/** `Date.now`, `globalThis.setTimeout`, `process.env`: the dotted name when it is an effect. */
function memberEffectOf(node: SyntaxNode): string | undefined {
  const owner = nameOf(node['object'])
  const name = nameOf(node['property'])
  if (owner === undefined || name === undefined) return undefined
  if (owner === 'process' && name === 'env') return 'process.env'
  if (owner === 'globalThis' && (timers.has(name) || worldly.has(name))) return name
  return members.has(`${owner}.${name}`) ? `${owner}.${name}` : undefined
}

/** An identifier that reads a variable, as opposed to a key, a property name or a type. */
function isReference({ parent, slot }: Visit): boolean {
  if (parent === undefined) return false
  if (slot === 'property' && parent.type === 'MemberExpression') return parent['computed'] === true
  if (slot === 'key') return parent['computed'] === true
  if (slot === 'label' || parent.type.startsWith('TS')) return false
  return !parent.type.endsWith('Specifier')
}

/** Names that the file itself declares, which hide the global of the same name. */
function declaredNamesOf(source: Source): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { node, parent, slot } of nodesOf(source)) {
    const name = nameOf(node)
    if (name === undefined || parent === undefined) continue
    const declares =
      slot === 'params' ||
      (slot === 'id' && !parent.type.startsWith('TS')) ||
      (slot === 'local' && parent.type.startsWith('Import')) ||
      (slot === 'value' && parent.type === 'Property' && parent['shorthand'] === true)
    if (declares) names.add(name)
  }
  return names
}

function valuesOf(source: Source): readonly Finding[] {
  return nodesOf(source)
    .filter(({ parent }) => parent?.type === 'Program')
    .filter(({ node }) => !isTypeStatement(node))
    .map(({ node }) => at(source, node.start, 'holds a value: a port declares interfaces only'))
}

function isTypeStatement(node: SyntaxNode): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true
  return /^TS(?:Interface|TypeAlias)Declaration$/.test(node.type)
}

function promisesOf(source: Source): readonly Finding[] {
  return nodesOf(source).flatMap(({ node }) => {
    const waits = node['async'] === true || node.type === 'AwaitExpression'
    if (!waits && nameOf(node) !== 'Promise') return []
    return [at(source, node.start, 'waits: a rule of the model answers at once')]
  })
}

function at(source: Source, position: number, says: string): Finding {
  return { path: source.path, line: lineAt(source, position), says }
}
