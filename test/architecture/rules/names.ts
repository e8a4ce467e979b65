/**
 * Names: what a file may be called and how deep it may lie.
 *
 * A file is one noun of the domain. Names that stand for "things that fit nowhere" are refused,
 * because whatever is put there fits somewhere.
 */
import { isCode } from '../source.ts'
import type { Finding, Rule, Source } from '../source.ts'

const foldersMax = 3
const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+(?:-[a-z]+)*)*\.ts$/
const nothingNames =
  /^(?:utils?|commons?|helpers?|misc|managers?|shared|stuff)(?:\.[a-z]+(?:-[a-z]+)*)*\.ts$/

export const namesRule: Rule = {
  name: 'a file is one noun in kebab-case, at most three folders deep',
  find: (sources) => sources.filter(isCode).flatMap(findingsOf),
}

function findingsOf(source: Source): readonly Finding[] {
  const parts = source.path.split('/')
  const name = parts.at(-1) ?? ''
  const complaints: string[] = []
  if (!kebab.test(name)) complaints.push(`${name} is not kebab-case`)
  if (nothingNames.test(name)) complaints.push(`${name} names no noun of the domain`)
  const folders = parts.length - 1
  if (folders > foldersMax) {
    complaints.push(`lies ${folders} folders deep, at most ${foldersMax}`)
  }
  return complaints.map((says) => ({ path: source.path, line: 1, says }))
}
