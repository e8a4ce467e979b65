/**
 * ConfigEnv: reads the variables of the environment that set fields.
 *
 * Which variable sets which field stands on the field. A variable that is empty is not set. One
 * that begins with `EDGE_` and sets nothing is worth a warning, since it is most likely misspelled.
 */
import { configFields } from '../protocols/config-fields.ts'
import type { ConfigField } from '../protocols/config-fields.ts'
import { nearestName } from './config-suggestion.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface EnvSetting {
  readonly variable: string
  readonly path: string
  readonly value: unknown
}

/** Variables that are read elsewhere: the file to load, and the token of the command line. */
const OTHER_VARIABLES = ['EDGE_CONFIG', 'EDGE_TOKEN', 'EDGE_JOIN']

export function settingsOf(env: Environment): EnvSetting[] {
  return configFields.flatMap((field) => {
    const variable = field.meta.env
    const text = variable === undefined ? undefined : env[variable]?.trim()
    if (variable === undefined || text === undefined || text === '') return []
    return [{ variable, path: field.path, value: valueOf(text, field.kind) }]
  })
}

export function unknownVariablesOf(env: Environment): string[] {
  const known = [...configFields.flatMap(({ meta }) => meta.env ?? []), ...OTHER_VARIABLES]
  return Object.keys(env)
    .filter((name) => name.startsWith('EDGE_') && !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known)
      const meant = nearest === undefined ? 'it has no effect' : `did you mean ${nearest}?`
      return `the environment variable ${name} is not known; ${meant}`
    })
}

/** Text that does not fit stays text, so that the schema refuses it with its own words. */
function valueOf(text: string, kind: ConfigField['kind']): unknown {
  switch (kind) {
    case 'number':
      return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : text
    case 'boolean':
      return BOOLEANS.get(text.toLowerCase()) ?? text
    case 'list':
      return text.split(',').map((item) => item.trim())
    case 'object':
    case 'text':
      return text
  }
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
])
