/**
 * Breaches: for each rule a few lines that break it, and what the rule says about them.
 *
 * A rule that has never failed proves nothing. Each breach is the smallest tree that breaks one
 * rule; the permitted neighbours below it look alike and must not be accused.
 */
import { bare, file } from './breach.ts'
import { documentBreaches } from './document-breaches.ts'
import type { Breach } from './breach.ts'
import type { Source } from './source.ts'

const lines = (count: number, text: string): string => `${text}\n`.repeat(count)

export const breaches: readonly Breach[] = [
  {
    rule: /follow the arrows/,
    breaks: 'the kernel imports a protocol',
    sources: [file('src/kernel/cell.ts', "import { Cache } from '../../protocols/cache.ts'")],
    says: /src\/kernel must not import protocols\/cache\.ts/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'an actor meets an adapter',
    sources: [file('actors/node.ts', "export { Net } from '../src/adapters/libp2p/index.ts'")],
    says: /actors must not import src\/adapters\/libp2p/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'an adapter imports another adapter',
    sources: [
      file('src/adapters/http/server.ts', "import { open } from '../level/index.ts'"),
      file('src/adapters/level/index.ts', 'export const open = 1'),
    ],
    says: /src\/adapters\/http must not import src\/adapters\/level/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'the mesh passes the door of the kernel',
    sources: [file('src/mesh/envelope.ts', "import { Cell } from '../kernel/cell.ts'")],
    says: /past the door of src\/kernel/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'the model takes a value from a protocol',
    sources: [file('src/model/lease.ts', "import { limits } from '../../protocols/limits.ts'")],
    says: /src\/model may import only types/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'an example reaches inside',
    sources: [file('examples/counter.ts', "import { actor } from '../src/kernel/index.ts'")],
    says: /examples must not import/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'a dynamic import crosses an arrow',
    sources: [file('src/mesh/lazy.ts', "export const load = () => import('../edge/index.ts')")],
    says: /src\/mesh must not import src\/edge/,
  },
  {
    rule: /follow the arrows/,
    breaks: 'a file lies where no folder is',
    sources: [file('lib/thing.ts', 'export const thing = 1')],
    says: /lies in no folder/,
  },
  {
    rule: /no file imports itself/,
    breaks: 'three files import one another in a ring',
    sources: [
      file('src/model/a.ts', "import { b } from './b.ts'"),
      file('src/model/b.ts', "export { c as b } from './c.ts'"),
      file('src/model/c.ts', "import { a } from './a.ts'"),
    ],
    says: /a\.ts -> src\/model\/b\.ts -> src\/model\/c\.ts -> src\/model\/a\.ts/,
  },
  {
    rule: /import no package/,
    breaks: 'an actor names a package, if only for its type',
    sources: [file('actors/task.ts', "import type { Level } from 'level'")],
    says: /actors must not name the package level/,
  },
  {
    rule: /import no package/,
    breaks: 'a protocol names a package that is no schema library',
    sources: [file('protocols/cache.ts', "import { pino } from 'pino'")],
    says: /protocols must not name the package pino/,
  },
  {
    rule: /named in exactly one folder/,
    breaks: 'two adapters name packages of one family',
    sources: [
      file('src/adapters/libp2p/node.ts', "import { createLibp2p } from 'libp2p'"),
      file('src/adapters/other/node.ts', "import { tcp } from '@libp2p/tcp'"),
    ],
    says: /libp2p is named in src\/adapters\/libp2p and src\/adapters\/other/,
  },
  {
    rule: /clock, randomness/,
    breaks: 'an actor reads the clock',
    sources: [file('actors/task.ts', 'export const now = () => Date.now()')],
    says: /uses Date\.now/,
  },
  {
    rule: /clock, randomness/,
    breaks: 'the kernel makes a date without a time',
    sources: [file('src/kernel/wheel.ts', 'export const now = () => +new Date()')],
    says: /uses new Date\(\)/,
  },
  {
    rule: /clock, randomness/,
    breaks: 'the mesh throws dice',
    sources: [file('src/mesh/link.ts', 'export const dice = Math.random')],
    says: /uses Math\.random/,
  },
  {
    rule: /clock, randomness/,
    breaks: 'a timer is handed on under another name',
    sources: [file('src/kernel/wheel.ts', 'export const wheel = { later: setTimeout }')],
    says: /uses setTimeout/,
  },
  {
    rule: /clock, randomness/,
    breaks: 'the environment is read in the command line',
    sources: [file('src/cli/up.ts', 'export const home = process.env.HOME')],
    says: /uses process\.env/,
  },
  {
    rule: /node:\* is imported/,
    breaks: 'an actor opens a file',
    sources: [file('actors/task.ts', "import { readFileSync } from 'node:fs'")],
    says: /imports node:fs/,
  },
  {
    rule: /ports are interfaces/,
    breaks: 'a port holds a constant',
    sources: [file('src/ports/store.ts', 'export const batchMax = 10')],
    says: /holds a value/,
  },
  {
    rule: /knows no promises/,
    breaks: 'a rule of the model waits',
    sources: [file('src/model/lease.ts', 'export async function decide() { return 1 }')],
    says: /answers at once/,
  },
  {
    rule: /failures are caught/,
    breaks: 'an actor catches',
    sources: [file('actors/task.ts', 'export function run() { try { go() } catch { stop() } }')],
    says: /catches a failure/,
  },
  {
    rule: /failures are caught/,
    breaks: 'the model catches a rejection',
    sources: [file('src/model/link.ts', 'export const send = (p) => p.catch(() => {})')],
    says: /catches a failure/,
  },
  {
    rule: /border that may catch/,
    breaks: 'the file of a border is gone',
    sources: [],
    says: /names no file/,
  },
  {
    rule: /no any, enum/,
    breaks: 'any hides behind a linter comment',
    sources: [file('src/edge/node.ts', '// oxlint-disable-next-line\nexport let x: any')],
    says: /uses any/,
  },
  {
    rule: /no any, enum/,
    breaks: 'an enum',
    sources: [file('src/edge/node.ts', 'export enum Status { on }')],
    says: /uses enum/,
  },
  {
    rule: /no any, enum/,
    breaks: 'a default export',
    sources: [file('src/edge/node.ts', 'export default 1')],
    says: /default export/,
  },
  {
    rule: /no any, enum/,
    breaks: 'private by keyword',
    sources: [file('src/edge/node.ts', 'export class Node { private x = 1 }')],
    says: /uses private/,
  },
  {
    rule: /no any, enum/,
    breaks: 'a parameter property',
    sources: [file('src/edge/node.ts', 'export class Node { constructor(readonly x: number) {} }')],
    says: /parameter property/,
  },
  {
    rule: /no any, enum/,
    breaks: 'a silenced type checker',
    sources: [file('src/edge/node.ts', '// @ts-ignore\nexport const x: string = 1')],
    says: /silences the type checker with @ts-ignore/,
  },
  {
    rule: /no any, enum/,
    breaks: 'a leftover',
    sources: [file('src/edge/node.ts', '// TODO later\nexport const x = 1')],
    says: /leaves a TODO behind/,
  },
  {
    rule: /opens with a header/,
    breaks: 'no header at all',
    sources: [bare('src/edge/node.ts', 'export const x = 1')],
    says: /must open with/,
  },
  {
    rule: /opens with a header/,
    breaks: 'a header that is an essay',
    sources: [bare('src/edge/node.ts', `/**\n * Node: x.\n${lines(12, ' * more')} */\n`)],
    says: /header of 15 lines/,
  },
  {
    rule: /opens with a header/,
    breaks: 'a header that names nothing',
    sources: [bare('src/edge/node.ts', '/**\n * Some code\n */\n')],
    says: /must begin its header/,
  },
  {
    rule: /file has at most/,
    breaks: 'a file of 401 lines',
    sources: [file('src/edge/node.ts', lines(398, 'export {}'))],
    says: /has 401 lines/,
  },
  {
    rule: /function has at most/,
    breaks: 'a method of 71 lines',
    sources: [file('src/edge/node.ts', `class Node { run() {\n${lines(69, 'go()')}} }`)],
    says: /has 71 lines/,
  },
  {
    rule: /line has at most/,
    breaks: 'a line of 101 columns',
    sources: [file('src/edge/node.ts', `// ${'x'.repeat(98)}`)],
    says: /has 101 columns/,
  },
  {
    rule: /one noun in kebab-case/,
    breaks: 'a name for what fits nowhere',
    sources: [file('src/edge/utils.ts', '')],
    says: /names no noun/,
  },
  {
    rule: /one noun in kebab-case/,
    breaks: 'a name in camel case',
    sources: [file('src/edge/edgeNode.ts', '')],
    says: /not kebab-case/,
  },
  {
    rule: /one noun in kebab-case/,
    breaks: 'a file four folders deep',
    sources: [file('src/adapters/libp2p/wire/frame.ts', '')],
    says: /4 folders deep/,
  },
  ...documentBreaches,
]

/** Neighbours of the breaches: all of this is allowed, and no rule that reads code objects. */
export const permitted: readonly Source[] = [
  file('src/kernel/index.ts', "export { cell } from './cell.ts'"),
  file('src/kernel/cell.ts', "import type { Door } from './index.ts'\nexport const cell = 1"),
  file('src/mesh/link.ts', "import { cell } from '../kernel/index.ts'\nexport const link = cell"),
  file('src/model/lease.ts', "import type { Lease } from '../../protocols/lease.ts'"),
  file('protocols/lease.ts', "import { z } from 'zod'\nexport const at = (ms) => new Date(ms)"),
  file('src/ports/clock.ts', "export type { Clock } from '../kernel/index.ts'"),
  file('actors/task.ts', 'export const task = { setTimeout: 1, f: (process) => process.id }'),
  file('actors/timer.ts', 'export type Later = typeof setTimeout'),
  file(
    'src/adapters/libp2p/net.ts',
    "import { tcp } from '@libp2p/tcp'\nexport const n = Date.now",
  ),
  file('src/main.ts', 'export const home = process.env.HOME'),
  file('src/edge/node.ts', "export const words = ['any', '// TODO', '@ts-ignore']"),
  file('src/edge/cluster.ts', 'export class Cluster { private constructor() {} }'),
  file('workers/inference.ts', 'export default 1'),
  file('bench/main.ts', "import { system } from 'shoal'\nexport const t = performance.now()"),
]
