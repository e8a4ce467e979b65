/**
 * Arrows: which folder may import which, as ARCHITECTURE.md draws them.
 *
 * A folder with a door is entered through its `index.ts` alone. What a folder may only know by
 * type it imports with `import type`, which leaves nothing behind at run time.
 */
import { isCode, lineAt } from '../source.ts'
import { importsOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'
import type { Import } from '../syntax.ts'

interface Arrow {
  readonly to: string
  readonly typesOnly?: true
  /** The whole folder is open, not only its door. */
  readonly deep?: true
}

const everywhere = [
  'protocols',
  'src/kernel',
  'src/mesh',
  'src/ports',
  'src/model',
  'src/adapters',
  'src/testing',
  'src/edge',
  'src/cli',
  'src',
  'actors',
  'workers',
].map((to): Arrow => ({ to }))

const kernel: Arrow = { to: 'src/kernel' }
const mesh: Arrow = { to: 'src/mesh' }
const ports: Arrow = { to: 'src/ports' }
const model: Arrow = { to: 'src/model' }
const protocols: Arrow = { to: 'protocols' }

/** Longer names first where one name begins another: the first match is the folder of a path. */
export const arrows: Readonly<Record<string, readonly Arrow[]>> = {
  protocols: [kernel],
  'src/kernel': [],
  'src/mesh': [kernel, ports, model, protocols],
  'src/ports': [
    { to: 'protocols', typesOnly: true },
    { to: 'src/kernel', typesOnly: true },
  ],
  'src/model': [{ to: 'protocols', typesOnly: true }],
  'src/adapters': [ports, protocols, kernel, model, { to: 'workers' }],
  'src/testing': [
    { to: 'src/kernel', deep: true },
    { to: 'src/mesh', deep: true },
    ports,
    model,
    protocols,
    { to: 'src/adapters/memory' },
    { to: 'actors' },
  ],
  'src/edge': [kernel, mesh, ports, model, protocols],
  'src/cli': everywhere,
  src: everywhere,
  actors: [kernel, mesh, ports, model, protocols],
  workers: [kernel, ports, protocols, model],
  examples: [],
  bench: [],
  tools: [],
  test: [...everywhere, { to: 'tools' }].map(({ to }) => ({ to, deep: true })),
}

/** Folders that others enter through `index.ts`; `src/adapters/x` is a folder of its own each. */
const doors = /^src\/(?:kernel|mesh|testing|edge|adapters\/[^/]+)\//
const publicDoor = /^shoal(?:\/(?:kernel|testing|protocols\/[^/]+))?$/
const programs = new Set(['examples', 'bench', 'test', 'tools'])

export const arrowsRule: Rule = {
  name: 'imports follow the arrows and enter folders through their doors',
  find: (sources) => sources.filter(isCode).flatMap(findingsOf),
}

/** The folder of the table that a path belongs to; an adapter is told apart by its own folder. */
export function folderOf(path: string): string | undefined {
  const adapter = /^src\/adapters\/[^/]+(?=\/)/.exec(path)?.[0]
  if (adapter !== undefined) return adapter
  const folders = Object.keys(arrows).toSorted((a, b) => b.length - a.length)
  return folders.find((folder) => path.startsWith(`${folder}/`))
}

function findingsOf(source: Source): readonly Finding[] {
  const from = folderOf(source.path)
  if (from === undefined) return isConfiguration(source) ? [] : [strayOf(source)]
  return importsOf(source).flatMap((wanted) => {
    const says = wanted.relative ? complaintOf(from, wanted) : packageComplaintOf(from, wanted)
    return says === undefined
      ? []
      : [{ path: source.path, line: lineAt(source, wanted.position), says }]
  })
}

function complaintOf(from: string, wanted: Import): string | undefined {
  const to = folderOf(wanted.target)
  if (to === from) return undefined
  if (to === undefined) return `imports ${wanted.target}, which lies in no known folder`
  const arrow = rowOf(from).find((candidate) => covers(candidate.to, to))
  if (arrow === undefined) return `${from} must not import ${wanted.target}`
  if (arrow.typesOnly && !wanted.typeOnly) return `${from} may import only types of ${to}`
  const atDoor = wanted.target.endsWith('/index.ts')
  if (doors.test(wanted.target) && !atDoor && !arrow.deep) {
    return `imports ${wanted.target} past the door of ${to}: import ${to}/index.ts`
  }
  return undefined
}

function packageComplaintOf(from: string, wanted: Import): string | undefined {
  if (!/^shoal(?:\/|$)/.test(wanted.target)) return undefined
  if (!programs.has(from)) return `${from} is inside the package: import relatively, not by name`
  return publicDoor.test(wanted.target) ? undefined : `${wanted.target} is not a public door`
}

function rowOf(folder: string): readonly Arrow[] {
  return arrows[folder] ?? arrows['src/adapters'] ?? []
}

/** `src/adapters` as a target means every adapter; any other name means itself. */
function covers(allowed: string, folder: string): boolean {
  return allowed === folder || (allowed === 'src/adapters' && folder.startsWith('src/adapters/'))
}

function isConfiguration(source: Source): boolean {
  return /^[^/]+\.config\.ts$/.test(source.path)
}

function strayOf(source: Source): Finding {
  return { path: source.path, line: 1, says: 'lies in no folder that ARCHITECTURE.md knows' }
}
