/**
 * Words: the project speaks of itself alone, and of no machine that it was written on.
 *
 * A path of one machine is wrong on every other one, an address of one registry binds whoever
 * installs, and the tools that helped to write a text are no part of what it says.
 */
import { lineAt } from '../source.ts'
import type { Finding, Rule } from '../source.ts'

/** One letter of each word stands in brackets, so that this file does not accuse itself. */
const refused: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/(?<![\w.])\/(?:[w]ork|[t]mp|[r]oot|[h]ome|[U]sers)\/[\w.-]+/g, 'a path of one machine'],
  [/https?:\/\/[^\s"'`)]*(?:[r]egistry|[a]rtifactory|[n]pmjs)[^\s"'`)]*/gi, 'a registry'],
  [/\b(?:[C]laude|[A]nthropic|[C]hatGPT|[C]opilot|[O]penAI)\b/gi, 'a tool of whoever wrote it'],
  [/\b[A]I\b|\b[A]rtificial intelligence\b/g, 'a tool of whoever wrote it'],
  [/\b(?:[a]ssistants?|[s]ub-?agents?|[l]anguage models?)\b/gi, 'a tool of whoever wrote it'],
]

export const wordsRule: Rule = {
  name: 'no text names a machine, a registry or the tools of whoever wrote it',
  find: (sources) =>
    sources.flatMap((source) =>
      refused.flatMap(([pattern, why]) =>
        [...source.text.matchAll(pattern)].map((match): Finding => ({
          path: source.path,
          line: lineAt(source, match.index),
          says: `says "${match[0]}", which is ${why}`,
        })),
      ),
    ),
}
