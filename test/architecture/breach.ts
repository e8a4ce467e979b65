/**
 * Breach: a few lines that break one rule, and what the rule says about them.
 *
 * The makers below write the smallest source that a rule reads: with a header, so that only the
 * rule in question objects, or bare where the text is no code.
 */
import type { Source } from './source.ts'

export interface Breach {
  /** The name of the rule, as in `rules/index.ts`. */
  readonly rule: RegExp
  readonly breaks: string
  readonly sources: readonly Source[]
  readonly says: RegExp
}

const header = '/**\n * Thing: it is a thing.\n */\n'

export function file(path: string, text: string): Source {
  return { path, text: header + text }
}

export function bare(path: string, text: string): Source {
  return { path, text }
}
