/**
 * ConfigFile: finds and reads `shoal.config.yaml`, `.json` or `.ts`, and knows where each value
 * stands in it.
 *
 * YAML and JSON are read by one parser that keeps positions; a module is run, and positions are
 * looked up in its text, which is right for literal objects and harmless otherwise.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

import { isMap, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node } from 'yaml'

import { configFileBytesMax } from '../protocols/limits.ts'
import { EdgeError } from './kernel/index.ts'

export interface ConfigFile {
  readonly file: string
  readonly value: unknown
  /** `file:line:column` of the value at a path, or of its name. */
  placeOf(path: readonly PropertyKey[]): string
}

const FILE_NAMES = ['yaml', 'yml', 'json', 'ts', 'mjs', 'js'].map(
  (ending) => `shoal.config.${ending}`,
)

/** The configuration file of a folder, if there is one. */
export function findConfigFile(folder: string): string | undefined {
  const found = FILE_NAMES.filter((name) => existsSync(join(folder, name)))
  if (found.length > 1) {
    throw new EdgeError(
      'config_ambiguous',
      `${folder} has ${found.join(' and ')}; keep one of them, or choose with -c FILE`,
      { detail: { folder, files: found } },
    )
  }
  return found[0] === undefined ? undefined : join(folder, found[0])
}

export async function readConfigFile(path: string): Promise<ConfigFile> {
  const file = resolve(path)
  const text = readText(file)
  return ['.ts', '.mjs', '.js'].includes(extname(file))
    ? readModule(file, text)
    : readYaml(file, text)
}

function readText(file: string): string {
  try {
    if (statSync(file).size <= configFileBytesMax) return readFileSync(file, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new EdgeError(
      'config_unreadable',
      `cannot read the configuration file ${file} (${why}); check the path and its permissions`,
      { cause, detail: { file } },
    )
  }
  throw invalid(file, `${file} is larger than ${configFileBytesMax} bytes; is it the right file?`)
}

function readYaml(file: string, text: string): ConfigFile {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const place = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [error] = document.errors
  if (error !== undefined) {
    const at = place(error.pos[0])
    throw invalid(file, `${at}: ${firstLine(error.message)}; correct the syntax there`, at)
  }
  return {
    file,
    value: valueOf(file, document) ?? {},
    placeOf: (path) => place(offsetOf(document, path)),
  }
}

function valueOf(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw invalid(file, `${file}: ${String(cause)}; write the repeated part out`, undefined, cause)
  }
}

/** Offset of the name at the end of the path, or of the item of a list. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: Node | null = document.contents
  let offset = node?.range?.[0] ?? 0
  for (const step of path) {
    if (isMap<Node, Node | null>(node)) {
      const pair = node.items.find(({ key }) => key.toString() === String(step))
      if (pair === undefined) break
      offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq<Node>(node)) {
      node = node.items[Number(step)] ?? null
      offset = node?.range?.[0] ?? offset
    } else break
  }
  return offset
}

async function readModule(file: string, text: string): Promise<ConfigFile> {
  const module = await importModule(file)
  const value = module['default'] ?? module['config']
  if (typeof value !== 'object' || value === null) {
    const remedy = 'write "export default defineConfig({ … })"'
    throw invalid(
      file,
      `${file}:1:1: the module exports no configuration; ${remedy}`,
      `${file}:1:1`,
    )
  }
  return { file, value, placeOf: (path) => placeInText(file, text, path) }
}

async function importModule(file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw invalid(file, `${file} cannot be run: ${String(cause)}; correct the module`, file, cause)
  }
}

/** Look the names of the path up in the text, one after the other. */
function placeInText(file: string, text: string, path: readonly PropertyKey[]): string {
  let offset = 0
  for (const step of path) {
    const name = String(step).replaceAll(/[^\w$]/g, String.raw`\$&`)
    const match = new RegExp(String.raw`(?<![\w$.])['"]?${name}['"]?\s*[:,(}]`, 'g')
    match.lastIndex = offset
    offset = match.exec(text)?.index ?? offset
  }
  const before = text.slice(0, offset).split('\n')
  return `${file}:${before.length}:${(before.at(-1) ?? '').length + 1}`
}

function invalid(file: string, message: string, place?: string, cause?: unknown): EdgeError {
  const problems = [{ place: place ?? file, message }]
  return new EdgeError('config_invalid', message, { cause, detail: { file, problems } })
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
