/**
 * Config: loads the configuration of a node and knows where each value came from.
 *
 * Flags win over the environment, the environment over the file, the file over the defaults that
 * are built in. Everything is put together first and checked once, so that every value meets the
 * same rules whatever its origin.
 */
import { homedir, hostname } from 'node:os'
import { dirname, join, resolve } from 'node:path'

import { configSchema } from '../protocols/config.ts'
import type { Config, ConfigInput } from '../protocols/config.ts'
import type { ListenAddress } from '../protocols/config-field.ts'
import { settingsOf, unknownVariablesOf } from './config-env.ts'
import type { Environment } from './config-env.ts'
import { configFields } from '../protocols/config-fields.ts'
import { findConfigFile, readConfigFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { configInvalid, problemsOf } from './config-problems.ts'

export interface Origin {
  readonly kind: 'default' | 'file' | 'env' | 'flag'
  /** `file:line:column`, the variable or the flag; empty for a default. */
  readonly where: string
}

/** A value from the command line, with the flag to name when it is wrong. */
export interface FlagSetting {
  readonly path: string
  readonly flag: string
  readonly value: unknown
}

export interface LoadOptions {
  /** Where to look for a file; the present folder when absent. */
  readonly folder?: string
  /** A file to read in place of looking for one. */
  readonly file?: string
  readonly env?: Environment
  readonly flags?: readonly FlagSetting[]
}

/** The configuration with what depends on the machine filled in; ports have the offset added. */
export interface NodeConfig extends Config {
  readonly dataDir: string
  readonly node: Config['node'] & { readonly name: string }
}

export interface LoadedConfig {
  readonly config: NodeConfig
  /** Origin of every field by its path. */
  readonly origins: ReadonlyMap<string, Origin>
  readonly file: string | undefined
  readonly warnings: readonly string[]
}

export type { Config, ConfigInput }

export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const { env = process.env, flags = [] } = options
  const folder = resolve(options.folder ?? process.cwd())
  const path = options.file ?? nonEmpty(env['EDGE_CONFIG']) ?? findConfigFile(folder)
  const file = path === undefined ? undefined : await readConfigFile(resolve(folder, path))
  const settings: Setting[] = [
    ...settingsOf(env).map(({ variable, ...rest }) => ({ ...rest, kind: 'env', where: variable })),
    ...flags.map(({ flag, ...rest }) => ({ ...rest, kind: 'flag', where: flag })),
  ] as Setting[]
  const value = settings.reduce(withSetting, structuredCopy(file?.value ?? {}))
  const byPath = new Map(settings.map((setting) => [setting.path, setting]))
  const parsed = configSchema.safeParse(value)
  if (!parsed.success) {
    const placeOf = (at: readonly PropertyKey[]): string => placeIn(at, { byPath, file })
    throw configInvalid(problemsOf(parsed.error.issues, { value, placeOf }))
  }
  return {
    config: withMachine(parsed.data, file === undefined ? folder : dirname(file.file)),
    origins: originsOf({ value, byPath, file }),
    file: file?.file,
    warnings: unknownVariablesOf(env),
  }
}

/** Check a configuration that a program gives; its fields count as coming from a file. */
export function parseConfig(input: ConfigInput): NodeConfig {
  const parsed = configSchema.safeParse(input)
  if (parsed.success) return withMachine(parsed.data, process.cwd())
  const placeOf = (): string => 'the configuration given to startNode'
  throw configInvalid(problemsOf(parsed.error.issues, { value: input, placeOf }))
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

interface Setting {
  readonly kind: 'env' | 'flag'
  readonly where: string
  readonly path: string
  readonly value: unknown
}

interface Sources {
  readonly byPath: ReadonlyMap<string, Setting>
  readonly file: ConfigFile | undefined
}

type Fields = Record<string, unknown>

/** Copy the groups, not the values: modules may hold what cannot be cloned, which is refused. */
function structuredCopy(value: unknown): unknown {
  if (!isGroup(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, structuredCopy(inner)]),
  )
}

function withSetting(value: unknown, setting: Setting): unknown {
  const steps = setting.path.split('.')
  const last = steps.pop() ?? ''
  let group: unknown = value
  for (const step of steps) {
    if (!isGroup(group)) return value
    group = group[step] ??= {}
  }
  if (isGroup(group)) group[last] = setting.value
  return value
}

function isGroup(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function placeIn(path: readonly PropertyKey[], { byPath, file }: Sources): string {
  for (let length = path.length; length > 0; length -= 1) {
    const setting = byPath.get(path.slice(0, length).map(String).join('.'))
    if (setting !== undefined) return setting.where
  }
  return file?.placeOf(path) ?? 'the built-in configuration'
}

function originsOf({ value, byPath, file }: Sources & { value: unknown }): Map<string, Origin> {
  const origins = new Map<string, Origin>()
  for (const { path } of configFields) {
    const steps = path.split('.')
    const setting = byPath.get(path)
    if (setting !== undefined) origins.set(path, { kind: setting.kind, where: setting.where })
    else if (file !== undefined && has(value, steps)) {
      origins.set(path, { kind: 'file', where: file.placeOf(steps) })
    } else origins.set(path, { kind: 'default', where: '' })
  }
  return origins
}

function has(value: unknown, steps: readonly string[]): boolean {
  let group: unknown = value
  for (const step of steps) {
    if (!isGroup(group) || group[step] === undefined) return false
    group = group[step]
  }
  return true
}

function withMachine(config: Config, folder: string): NodeConfig {
  const dataDir = config.dataDir ?? join('~', '.shoal', config.cluster.name)
  return {
    ...config,
    listen: shifted(config.listen),
    node: { ...config.node, name: config.node.name ?? hostname() },
    dataDir: resolve(folder, dataDir.replace(/^~(?=$|[/\\])/, homedir())),
  }
}

/** Add the offset to every port but those that are left to the system. */
function shifted(listen: Config['listen']): Config['listen'] {
  const move = (place: ListenAddress | null): ListenAddress | null =>
    place === null || place.port === 0 ? place : { ...place, port: place.port + listen.portOffset }
  return {
    ...listen,
    p2p: move(listen.p2p),
    api: move(listen.api),
    gateway: move(listen.gateway),
    metrics: listen.metrics === 'api' ? 'api' : move(listen.metrics),
  }
}
