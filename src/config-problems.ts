/**
 * ConfigProblems: what is wrong with a configuration, one sentence each, with place and remedy.
 *
 * A problem names where the value came from (a line of the file, a variable, a flag), what was
 * found and what is accepted. All problems are reported together, so that one correction round
 * is enough.
 */
import type { ConfigIssue } from '../protocols/config.ts'
import { shown as textOf } from '../protocols/config-field.ts'
import { configProblemsMax } from '../protocols/limits.ts'
import { configFields, namesAcceptedAt } from '../protocols/config-fields.ts'
import { nearestName } from './config-suggestion.ts'
import { EdgeError } from './kernel/index.ts'

export interface ConfigProblem {
  readonly place: string
  /** The field, joined by dots. */
  readonly path: string
  readonly message: string
}

export interface ProblemSource {
  readonly value: unknown
  placeOf(path: readonly PropertyKey[]): string
}

type Issue = ConfigIssue
type UnionIssue = Extract<Issue, { code: 'invalid_union' }>

export function problemsOf(issues: readonly Issue[], source: ProblemSource): ConfigProblem[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => problem([...issue.path, key], unknownName(issue.path, key)))
    }
    return [problem(issue.path, messageOf(issue, source.value))]
  })

  function problem(path: readonly PropertyKey[], message: string): ConfigProblem {
    return { place: source.placeOf(path), path: path.map(String).join('.'), message }
  }
}

/** One refusal for all problems; its message has one line for each. */
export function configInvalid(problems: readonly ConfigProblem[]): EdgeError {
  const lines = problems
    .slice(0, configProblemsMax)
    .map(({ place, path, message }) => `${place}: ${path === '' ? 'the file' : path} ${message}`)
  const more = problems.length - lines.length
  if (more > 0) lines.push(`and ${more} more`)
  return new EdgeError('config_invalid', lines.join('\n'), {
    detail: { problems: problems.map((one) => ({ ...one })) },
  })
}

function unknownName(group: readonly PropertyKey[], name: string): string {
  const accepted = namesAcceptedAt(group)
  const nearest = nearestName(name, accepted) ?? elsewhere(name)
  const meant = nearest === undefined ? '' : `; did you mean "${nearest}"?`
  return `is not a known field${meant} Accepted here: ${accepted.join(', ')}`.replace(
    'field Accepted',
    'field. Accepted',
  )
}

/** A field of that very name in another group: right name, wrong place. */
function elsewhere(name: string): string | undefined {
  return configFields.find(({ path }) => path.split('.').at(-1) === name)?.path
}

function messageOf(issue: Issue, whole: unknown): string {
  const value = valueAt(whole, issue.path)
  const shown = shownAt(issue.path, value)
  switch (issue.code) {
    case 'invalid_value': {
      const accepted = issue.values.map(String)
      const nearest = typeof value === 'string' ? nearestName(value, accepted) : undefined
      const meant = nearest === undefined ? '' : `; did you mean "${nearest}"?`
      return `expects one of ${accepted.join(', ')}, not ${shown}${meant}`
    }
    case 'invalid_type':
      return `expects ${nounOf(issue.expected)}, not ${shown}`
    case 'too_small':
      return `${measureOf(value, shown)}, and the least is ${issue.minimum}`
    case 'too_big':
      return `${measureOf(value, shown)}, and the most is ${issue.maximum}`
    case 'invalid_union':
      return `${expectation(issue)}, not ${shown}`
    case 'invalid_format':
      return issue.message.startsWith('expects')
        ? `${issue.message}, not ${shown}`
        : `expects ${issue.format}, not ${shown}`
    default:
      return issue.message
  }
}

/** The words of the innermost branch that says what it expects. */
function expectation(issue: UnionIssue): string {
  if (issue.message.startsWith('expects')) return issue.message
  const parts = issue.errors
    .flat()
    .map((inner) =>
      inner.code === 'invalid_value' ? `"${inner.values.join('" or "')}"` : inner.message,
    )
  return `expects ${parts.map((part) => part.replace(/^expects /, '')).join(', or ')}`
}

/** A secret is not repeated, whatever is wrong with it. */
function shownAt(path: readonly PropertyKey[], value: unknown): string {
  const field = configFields.find((one) => one.path === path.map(String).join('.'))
  return field?.meta.secret === true ? 'what it has (not shown)' : textOf(value)
}

function measureOf(value: unknown, shown: string): string {
  if (typeof value === 'string') return `has ${value.length} characters`
  return Array.isArray(value) ? `has ${value.length} entries` : `is ${shown}`
}

function nounOf(expected: string): string {
  const article = /^[aeio]/.test(expected) ? 'an' : 'a'
  return expected === 'int' ? 'a whole number' : `${article} ${expected}`
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = value
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Readonly<Record<PropertyKey, unknown>>)[step]
  }
  return at
}
