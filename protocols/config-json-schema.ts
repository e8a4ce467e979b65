/**
 * ConfigJsonSchema: the configuration schema as JSON Schema, for editors.
 *
 * The shipped file docs/schema/shoal.config.schema.json is exactly this; a test compares them.
 */
import * as z from 'zod'

import { configSchema } from './config.ts'
import { fieldMeta } from './config-field.ts'

export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ zodSchema, jsonSchema }) => {
      const meta = fieldMeta.get(zodSchema as unknown as z.ZodType)
      if (meta === undefined) return
      const notes = [
        meta.description,
        meta.env === undefined ? '' : `Environment: ${meta.env}.`,
        meta.notYetUsed === true ? 'Not yet used.' : '',
      ]
      jsonSchema.description = notes
        .filter((note) => note !== '')
        .join('. ')
        .replaceAll('..', '.')
    },
  })
  return { title: 'Configuration of a shoal node', ...schema }
}
