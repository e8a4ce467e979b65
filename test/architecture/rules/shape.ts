/**
 * Shape: how long a file, a function and a line may be, and how a file begins.
 *
 * The limits keep a file readable in one sitting. Test bodies are lists of cases, so the limit
 * on functions does not reach into test/.
 */
import { isCode, lineAt } from '../source.ts'
import { nodesOf } from '../syntax.ts'
import type { Finding, Rule, Source } from '../source.ts'

const fileLinesMax = 400
const functionLinesMax = 70
const columnsMax = 100
const headerLines = { min: 2, max: 12 }

export const fileLengthRule: Rule = {
  name: `a file has at most ${fileLinesMax} lines`,
  find: overCode((source) => {
    const lines = source.text.trimEnd().split('\n').length
    if (lines <= fileLinesMax) return []
    return [at(source, 1, `has ${lines} lines, at most ${fileLinesMax}: split it by nouns`)]
  }),
}

export const functionLengthRule: Rule = {
  name: `a function has at most ${functionLinesMax} lines`,
  find: overCode((source) => (source.path.startsWith('test/') ? [] : longFunctionsOf(source))),
}

export const columnsRule: Rule = {
  name: `a line has at most ${columnsMax} columns`,
  find: overCode((source) =>
    source.text.split('\n').flatMap((line, index) => {
      if (line.length <= columnsMax || isSentence(source.path, line)) return []
      return [at(source, index + 1, `has ${line.length} columns, at most ${columnsMax}`)]
    }),
  ),
}

/** The name of a test is a sentence; it cannot be broken, and a shorter one may say less. */
function isSentence(path: string, line: string): boolean {
  return path.startsWith('test/') && /^ *(?:test|describe)?\(?['`].*['`](?:,.*|\).*)?$/.test(line)
}

export const headerRule: Rule = {
  name: `a file opens with a header of ${headerLines.min} to ${headerLines.max} lines`,
  find: overCode((source) => {
    const says = headerComplaintOf(source.text)
    return says === undefined ? [] : [at(source, 1, says)]
  }),
}

function overCode(find: (source: Source) => readonly Finding[]): Rule['find'] {
  return (sources) => sources.filter(isCode).flatMap(find)
}

function longFunctionsOf(source: Source): readonly Finding[] {
  return nodesOf(source).flatMap(({ node }) => {
    if (!/^(?:FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      return []
    }
    const first = lineAt(source, node.start)
    const lines = lineAt(source, node.end) - first + 1
    if (lines <= functionLinesMax) return []
    return [at(source, first, `a function has ${lines} lines, at most ${functionLinesMax}`)]
  })
}

function headerComplaintOf(text: string): string | undefined {
  const header = /^(?:#![^\n]*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1]
  if (header === undefined) return 'must open with a /** header */ that says what it is and why'
  const lines = header.split('\n').length
  if (lines < headerLines.min || lines > headerLines.max) {
    return `has a header of ${lines} lines, must be ${headerLines.min} to ${headerLines.max}`
  }
  const first = header.split('\n').find((line) => /\w/.test(line)) ?? ''
  return /\w[^:]*: \S/.test(first) ? undefined : 'must begin its header with "Name: what it is"'
}

function at(source: Source, line: number, says: string): Finding {
  return { path: source.path, line, says }
}
