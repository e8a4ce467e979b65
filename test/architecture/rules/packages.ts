/**
 * Packages: which folders may name a package at all, and that no package has two homes.
 *
 * A package that is named in one folder can be replaced there. The table says where packages may
 * live; the second rule finds a package that is named in more than one of those folders.
 */
import { isProduct, lineAt } from '../source.ts'
import { importsOf } from '../syntax.ts'
import { folderOf } from './arrows.ts'
import type { Finding, Rule, Source } from '../source.ts'

/** Packages that belong together share a home: one decision replaces them all. */
const families: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['libp2p', /^(?:libp2p$|@libp2p\/|@multiformats\/|@chainsafe\/|it-)/],
  ['level', /^(?:level|classic-level|abstract-level)$/],
  ['onnxruntime', /^onnxruntime-/],
  ['tensorflow', /^@tensorflow\//],
  ['fastify', /^(?:fastify$|@fastify\/|fastify-)/],
  ['opentelemetry', /^@opentelemetry\//],
]

const closed = new Set(['src/kernel', 'src/mesh', 'src/ports', 'src/model', 'actors', 'src/edge'])

/** The schema library and the codec are what protocols are written in. */
const openTo: Readonly<Record<string, RegExp>> = { protocols: /^(?:zod|msgpackr)$/ }

export const packageFreeRule: Rule = {
  name: 'kernel, mesh, ports, model, actors and edge import no package',
  find: (sources) => sources.filter(isProduct).flatMap(forbiddenIn),
}

export const onePackageHomeRule: Rule = {
  name: 'each package is named in exactly one folder',
  find: (sources) => {
    const homes = homesOf(sources.filter(isProduct))
    return [...homes].flatMap(([family, folders]) => doubleHomes(family, folders))
  },
}

interface Naming {
  readonly family: string
  readonly finding: Finding
  readonly folder: string
}

function forbiddenIn(source: Source): readonly Finding[] {
  const folder = folderOf(source.path) ?? ''
  return namingsOf(source)
    .filter(({ finding }) => !mayName(folder, finding.says))
    .map(({ finding }) => ({
      ...finding,
      says: `${folder} must not name the package ${finding.says}: put it behind a port`,
    }))
}

function mayName(folder: string, name: string): boolean {
  const open = openTo[folder]
  return open === undefined ? !closed.has(folder) : open.test(name)
}

function homesOf(sources: readonly Source[]): ReadonlyMap<string, ReadonlyMap<string, Finding>> {
  const homes = new Map<string, Map<string, Finding>>()
  for (const { family, folder, finding } of sources.flatMap(namingsOf)) {
    const known = homes.get(family) ?? new Map<string, Finding>()
    homes.set(family, known)
    if (!known.has(folder)) known.set(folder, finding)
  }
  return homes
}

function doubleHomes(family: string, folders: ReadonlyMap<string, Finding>): readonly Finding[] {
  if (folders.size < 2) return []
  const says = `${family} is named in ${[...folders.keys()].join(' and ')}: one folder must own it`
  return [...folders.values()].slice(1).map((finding) => ({ ...finding, says }))
}

function namingsOf(source: Source): readonly Naming[] {
  return importsOf(source)
    .filter(({ target, relative }) => !relative && !/^(?:node:|shoal(?:\/|$))/.test(target))
    .map(({ target, position }) => ({
      family: families.find(([, pattern]) => pattern.test(target))?.[0] ?? target,
      folder: folderOf(source.path) ?? source.path,
      finding: { path: source.path, line: lineAt(source, position), says: target },
    }))
}
