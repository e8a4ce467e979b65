/**
 * TypeChecker: runs the project's compiler over texts that a test wrote.
 *
 * The texts go to a folder of their own outside the checkout, under the same strict settings, and
 * import the sources by the specifier that `sourceOf` gives.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../../', import.meta.url))

export interface CheckResult {
  /** Complaints about the texts by file name, each as `line: code message`. */
  readonly complaints: ReadonlyMap<string, readonly string[]>
  /** What the compiler took: its time, or the processor's if that is less on a busy machine. */
  readonly tookMs: number
}

/** How a text imports a file of the checkout. */
export function sourceOf(path: string): string {
  return join(checkout, path)
}

export async function typeCheck(texts: Readonly<Record<string, string>>): Promise<CheckResult> {
  const folder = await mkdtemp(join(tmpdir(), 'shoal-types-'))
  const settings = {
    extends: join(checkout, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: [join(checkout, 'node_modules/@types')],
      rewriteRelativeImportExtensions: false,
    },
    include: ['*.ts'],
    exclude: [],
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder, name), text)
  const startedAt = performance.now()
  const usedBefore = await usedByChildrenMs()
  const output = await compilerOutput(folder)
  const usedMs = (await usedByChildrenMs()) - usedBefore
  const tookMs = Math.min(performance.now() - startedAt, usedMs > 0 ? usedMs : Infinity)
  await rm(folder, { recursive: true })
  return { complaints: complaintsOf(output), tookMs }
}

/** Processor time of all ended child processes; 0 where the system does not say (proc(5)). */
async function usedByChildrenMs(): Promise<number> {
  if (process.platform !== 'linux') return 0
  const stat = await readFile('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const millisecondsPerTick = 10
  return (Number(fields[13]) + Number(fields[14])) * millisecondsPerTick
}

/** The compiler ends with a code above zero when it complains, which is no failure here. */
function compilerOutput(folder: string): Promise<string> {
  const compiler = join(checkout, 'node_modules/typescript/bin/tsc')
  const args = [compiler, '--project', folder, '--pretty', 'false']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 26 }, (error, stdout) => {
      if (error !== null && stdout === '')
        reject(new Error('The compiler did not run', { cause: error }))
      else resolve(stdout)
    })
  })
}

function complaintsOf(output: string): ReadonlyMap<string, readonly string[]> {
  const complaints = new Map<string, string[]>()
  for (const line of output.split('\n')) {
    const match = /^([^(/]+)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(line)
    if (match === null) continue
    const [, file = '', at, code, says] = match
    const known = complaints.get(file) ?? []
    complaints.set(file, known)
    known.push(`${at}: ${code} ${says}`)
  }
  return complaints
}
