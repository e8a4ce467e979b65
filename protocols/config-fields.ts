/**
 * ConfigFields: the fields of the configuration schema, one row each, found by walking it.
 *
 * The variables of the environment, the listing of origins and the suggestions for misspelled
 * names all need the same rows; none of them keeps a table of its own.
 */
import * as z from 'zod'

import { configSchema } from './config.ts'
import { fieldMeta } from './config-field.ts'
import type { FieldMeta } from './config-field.ts'

export interface ConfigField {
  /** Names joined by dots, such as `heartbeat.interval`. */
  readonly path: string
  readonly meta: FieldMeta
  /** How text from a variable becomes a value. */
  readonly kind: 'text' | 'number' | 'boolean' | 'list' | 'object'
}

export const configFields: readonly ConfigField[] = fieldsOf(configSchema, [])

/** The names accepted in the group at this path; none when it is no closed group. */
export function namesAcceptedAt(path: readonly PropertyKey[]): readonly string[] {
  let schema: z.core.$ZodType = configSchema
  for (const step of path) {
    const group = shapeOf(schema)[String(step)]
    if (group === undefined) return []
    schema = group
  }
  return Object.keys(shapeOf(schema))
}

function fieldsOf(schema: z.core.$ZodType, path: readonly string[]): ConfigField[] {
  const meta = fieldMeta.get(schema as z.ZodType)
  if (meta !== undefined) return [{ path: path.join('.'), meta, kind: kindOf(schema) }]
  return Object.entries(shapeOf(schema)).flatMap(([name, inner]) =>
    fieldsOf(inner, [...path, name]),
  )
}

type Shape = Readonly<Record<string, z.core.$ZodType>>

function shapeOf(schema: z.core.$ZodType): Shape {
  if (schema instanceof z.ZodPrefault) return shapeOf(schema.unwrap())
  return schema instanceof z.ZodObject ? schema.shape : {}
}

function kindOf(schema: z.core.$ZodType): ConfigField['kind'] {
  const { type } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  if (type === 'number' || type === 'integer') return 'number'
  if (type === 'boolean') return 'boolean'
  if (type === 'array') return 'list'
  return type === 'object' ? 'object' : 'text'
}
