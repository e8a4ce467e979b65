/**
 * ConfigListing: every field with its value and origin, for `doctor` and `config explain`.
 *
 * Secrets are shown as set or not set, never as they are.
 */
import type { LoadedConfig, Origin } from './config.ts'
import { configFields } from '../protocols/config-fields.ts'

export interface ConfigRow {
  readonly path: string
  readonly value: unknown
  readonly origin: Origin
  readonly description: string
  readonly env: string | undefined
  readonly notYetUsed: boolean
}

export function listConfig(loaded: LoadedConfig): readonly ConfigRow[] {
  return configFields.map(({ path, meta }) => ({
    path,
    value: shownValue(valueAt(loaded.config, path), meta.secret === true),
    origin: loaded.origins.get(path) ?? { kind: 'default', where: '' },
    description: meta.description,
    env: meta.env,
    notYetUsed: meta.notYetUsed === true,
  }))
}

/** Fields that somebody set although the part that reads them does not exist yet. */
export function fieldsWithoutEffect(loaded: LoadedConfig): readonly ConfigRow[] {
  return listConfig(loaded).filter((row) => row.notYetUsed && row.origin.kind !== 'default')
}

function shownValue(value: unknown, secret: boolean): unknown {
  return secret && value !== undefined ? '***' : value
}

function valueAt(config: unknown, path: string): unknown {
  let value: unknown = config
  for (const step of path.split('.')) {
    value = (value as Readonly<Record<string, unknown>> | undefined)?.[step]
  }
  return value
}
