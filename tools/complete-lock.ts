/**
 * CompleteLock: gives every optional platform package its entry in package-lock.json.
 *
 * npm leaves out the binaries of other platforms that it could not look up, and `npm ci` then
 * refuses the lock it made. An entry with version, os and cpu is all that `npm ci` asks for.
 * Run `node tools/complete-lock.ts` after each change of a dependency; a test says when.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openharmony', 'win32']
const processors = ['arm64', 'x64', 'ia32', 'riscv64', 's390x', 'ppc64', 'loong64', 'arm']

if (import.meta.main) {
  const path = join(import.meta.dirname, '..', 'package-lock.json')
  const lock = JSON.parse(readFileSync(path, 'utf8')) as Lock
  const missing = missingEntries(lock)
  const packages = Object.fromEntries(
    [...Object.entries(lock.packages), ...missing].toSorted(([a], [b]) => a.localeCompare(b, 'en')),
  )
  writeFileSync(path, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
  console.log(`package-lock.json: ${missing.length} entries added`)
}

/** The entries that `npm ci` would miss: optional, pinned, and nowhere in the lock. */
export function missingEntries(lock: Lock): readonly (readonly [string, LockEntry])[] {
  const missing = new Map<string, LockEntry>()
  for (const [holder, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!isLocked(lock, holder, name)) {
        missing.set(`node_modules/${name}`, entryOf(name, version, entry.dev === true))
      }
    }
  }
  return [...missing]
}

/** npm looks for a package beside its holder first, then in each folder above it. */
function isLocked(lock: Lock, holder: string, name: string): boolean {
  let folder = holder
  while (folder !== '') {
    if (lock.packages[`${folder}/node_modules/${name}`] !== undefined) return true
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))
  }
  return lock.packages[`node_modules/${name}`] !== undefined
}

function entryOf(name: string, version: string, dev: boolean): LockEntry {
  const parts = name.split('/').at(-1)?.split('-') ?? []
  const os = systems.filter((system) => parts.includes(system))
  const cpu = processors.filter((processor) => parts.includes(processor))
  if (os.length === 0 || cpu.length === 0 || !/^\d/.test(version)) {
    throw new Error(`${name}@${version} names no platform: add its entry by hand`)
  }
  return { version, cpu, ...(dev ? { dev } : {}), ...libcOf(parts), optional: true, os }
}

function libcOf(parts: readonly string[]): Pick<LockEntry, 'libc'> {
  if (!parts.includes('linux')) return {}
  if (parts.some((part) => part.startsWith('musl'))) return { libc: ['musl'] }
  return parts.some((part) => part.startsWith('gnu')) ? { libc: ['glibc'] } : {}
}
