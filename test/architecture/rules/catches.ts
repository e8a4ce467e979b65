/**
 * Catches: a failure is caught at four borders and nowhere else.
 *
 * Inside the borders a failure either is a refusal that the caller hears, or crashes the actor
 * and is the supervisor's business. A catch in between would hide which of the two it was.
 * Adapters are borders by nature: they turn the failures of the world into refusals.
 */
import { isProduct, lineAt } from '../source.ts'
import { nameOf, nodesOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'
import type { SyntaxNode } from '../syntax.ts'

interface Border {
  readonly path: RegExp
  /** An exception is no border: its reason says why the failure cannot be left to crash. */
  readonly border: 'mailbox' | 'worker' | 'network' | 'http' | 'exception'
  readonly why: string
}

/** Every place that may catch, with the reason; add a row only with a border that it belongs to. */
export const borders: readonly Border[] = [
  {
    path: /^src\/kernel\/cell\.ts$/,
    border: 'mailbox',
    why: 'a handler that throws is a failure of its actor, and the supervision decides about it',
  },
  {
    path: /^src\/kernel\/lifecycle\.ts$/,
    border: 'mailbox',
    why: 'a state factory that throws is a failed start',
  },
  {
    path: /^src\/kernel\/hook\.ts$/,
    border: 'mailbox',
    why: 'a hook such as postStop may throw, and the actor still has to end',
  },
  {
    path: /^src\/kernel\/events\.ts$/,
    border: 'mailbox',
    why: 'a subscriber runs inside the turn of whoever published',
  },
  {
    path: /^src\/kernel\/ask\.ts$/,
    border: 'mailbox',
    why: 'a rejection that its asker has not awaited yet must not end the process',
  },
  {
    path: /^src\/kernel\/pump\.ts$/,
    border: 'mailbox',
    why: 'the source of a stream is user code, and its failure belongs to whoever reads',
  },
  {
    path: /^src\/config-file\.ts$/,
    border: 'exception',
    why: 'a file that cannot be read or parsed becomes one sentence with its place',
  },
  {
    path: /^protocols\/hello\.ts$/,
    border: 'network',
    why: 'the JSON of a stranger may be none',
  },
  {
    path: /^src\/adapters\/msgpackr\//,
    border: 'network',
    why: 'bytes and payloads of others may be malformed; each becomes a coded refusal',
  },
  { path: /^src\/adapters\/libp2p\//, border: 'network', why: 'sockets and streams fail' },
  {
    path: /^src\/adapters\/memory\/event-loop\.ts$/,
    border: 'mailbox',
    why: 'what the work of one event throws belongs to whoever waits for that event',
  },
  { path: /^src\/mesh\//, border: 'network', why: 'channels and the frames of others fail' },
  {
    path: /^src\/adapters\/memory\/net/,
    border: 'network',
    why: 'the twin of the net fails where the net fails',
  },
  {
    path: /^src\/adapters\/node-host\//,
    border: 'exception',
    why: 'files and processes fail in ways only the machine knows; each becomes a coded refusal',
  },
  { path: /^src\/adapters\/(?:piscina|comlink)\//, border: 'worker', why: 'threads die' },
  {
    path: /^src\/(?:cli\/[a-z-]+|node|node-[a-z-]+|control-[a-z]+)\.ts$/,
    border: 'exception',
    why: 'a command or a start that fails closes what it opened and ends in one sentence',
  },
  { path: /^src\/adapters\/http\//, border: 'http', why: 'a request must end in an answer' },
  { path: /^workers\//, border: 'worker', why: 'the job of a stranger fails in its thread' },
]

export const catchesRule: Rule = {
  name: 'failures are caught at the mailbox, worker, network and HTTP borders only',
  find: (sources) => sources.filter(isProduct).flatMap(catchesOf),
}

export const bordersRule: Rule = {
  name: 'every border that may catch is a place that exists',
  find: (sources) =>
    borders
      .filter(({ path }) => isFileBorder(path) && !sources.some((source) => path.test(source.path)))
      .map(({ path, border }) => ({
        path: String(path),
        line: 1,
        says: `the ${border} border names no file: remove the row`,
      })),
}

function catchesOf(source: Source): readonly Finding[] {
  if (borders.some(({ path }) => path.test(source.path))) return []
  return nodesOf(source)
    .filter(({ node }) => isCatch(node))
    .map(({ node }) => ({
      path: source.path,
      line: lineAt(source, node.start),
      says: 'catches a failure: let it crash, or answer it at a border',
    }))
}

function isCatch(node: SyntaxNode): boolean {
  if (node.type === 'CatchClause') return true
  if (node.type !== 'MemberExpression' || node['computed'] === true) return false
  return nameOf(node['property']) === 'catch'
}

/** A row that ends in `.ts` names one file, so it goes stale when the file does. */
function isFileBorder(path: RegExp): boolean {
  return path.source.endsWith('\\.ts$')
}
