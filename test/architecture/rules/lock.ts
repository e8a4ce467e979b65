/**
 * Lock: package-lock.json is complete, so that `npm ci` accepts it on a fresh machine.
 *
 * npm drops optional binaries of other platforms that it could not look up, and then refuses the
 * lock it wrote itself; `node tools/complete-lock.ts` puts them back.
 */
import { missingEntries } from '../../../tools/complete-lock.ts'
import type { Lock } from '../../../tools/complete-lock.ts'
import type { Rule } from '../source.ts'

const path = 'package-lock.json'

export const lockRule: Rule = {
  name: 'the lock file knows the binaries of every platform',
  find: (sources) => {
    const text = sources.find((source) => source.path === path)?.text
    if (text === undefined) return []
    const lock: Lock = JSON.parse(text)
    return missingEntries(lock).map(([name]) => ({
      path,
      line: 1,
      says: `lacks ${name}: run node tools/complete-lock.ts`,
    }))
  },
}
