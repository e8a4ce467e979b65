/**
 * ConfigField: how one field of the configuration is described, so that one text serves all.
 *
 * The description, the environment variable and whether a field has an effect yet stand on the
 * field itself; the JSON Schema for editors, `doctor` and the reader of variables all read it.
 */
import * as z from 'zod'

import { parseDurationMs, parseRateBitsPerSecond, parseSizeBytes } from './quantity.ts'

export interface FieldMeta {
  readonly description: string
  /** Environment variable that sets the field. */
  readonly env?: string
  /** The part that reads this field does not exist yet: it is checked and has no effect. */
  readonly notYetUsed?: boolean
  /** The value is never shown, not even when it is refused. */
  readonly secret?: boolean
}

export const fieldMeta = z.registry<FieldMeta>()

/** Describe a field; the schema that comes back is the one that carries the description. */
export function field<T extends z.ZodType>(schema: T, description: string, env?: string): T {
  return describe(schema, { description, ...(env !== undefined && { env }) })
}

/** Describe a field whose value nobody may see. */
export function secret<T extends z.ZodType>(schema: T, description: string, env: string): T {
  return describe(schema, { description, env, secret: true })
}

/** Describe a field whose part is still to come: it is validated and kept, and does nothing. */
export function later<T extends z.ZodType>(schema: T, description: string, env?: string): T {
  return describe(schema, { description, notYetUsed: true, ...(env !== undefined && { env }) })
}

interface Bounds {
  readonly min?: number
  readonly max?: number
}

/** A duration as text or seconds; milliseconds once read. */
export function duration(bounds: Bounds = {}): z.ZodType<number, string | number> {
  const expects = 'a duration such as "10s", "5 min" or a number of seconds'
  return quantity(parseDurationMs, { expects, unit: 'ms', min: 1, ...bounds })
}

/** A size as text or bytes; bytes once read. */
export function size(bounds: Bounds = {}): z.ZodType<number, string | number> {
  const expects = 'a size such as "64MB", "64MiB" or a number of bytes'
  return quantity(parseSizeBytes, { expects, unit: 'bytes', ...bounds })
}

/** A data rate as text or bits a second; bits a second once read. */
export function rate(): z.ZodType<number, string | number> {
  const expects = 'a rate such as "5 kbit/s" or a number of bits a second'
  return quantity(parseRateBitsPerSecond, { expects, unit: 'bit/s' })
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

/** A port, `host:port` or `false` for none; an address once read, or null. */
export function listen(
  defaultHost: string,
): z.ZodType<ListenAddress | null, string | number | boolean> {
  const expects = 'a port from 0 to 65535, "host:port" such as "127.0.0.1:4001", or false'
  return z
    .union([z.number(), z.string(), z.boolean()], { error: `expects ${expects}` })
    .transform((value, context) => {
      if (value === false) return null
      const match = /^(?:(?<host>\[[\da-f:.]+\]|[^\s:]+):)?(?<port>\d{1,5})$/i.exec(String(value))
      const port = Number(match?.groups?.['port'])
      if (port <= 65_535) return { host: bare(match?.groups?.['host']) ?? defaultHost, port }
      context.addIssue({ code: 'custom', message: `expects ${expects}, not ${shown(value)}` })
      return z.NEVER
    })
}

/** The value as a message shows it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}

interface QuantityRule extends Bounds {
  readonly expects: string
  readonly unit: string
}

function quantity(
  parse: (value: string | number) => number | undefined,
  rule: QuantityRule,
): z.ZodType<number, string | number> {
  const { expects, unit, min = 0, max = Number.MAX_SAFE_INTEGER } = rule
  return z
    .union([z.string(), z.number()], { error: `expects ${expects}` })
    .transform((value, context) => {
      const parsed = parse(value)
      if (parsed !== undefined && parsed >= min && parsed <= max) return parsed
      const range = parsed === undefined ? '' : `, from ${min} to ${max} ${unit}`
      context.addIssue({
        code: 'custom',
        message: `expects ${expects}${range}, not ${shown(value)}`,
      })
      return z.NEVER
    })
}

function describe<T extends z.ZodType>(schema: T, meta: FieldMeta): T {
  // A copy, because the registry knows schemas by identity and builders may share one.
  const own = schema.clone()
  fieldMeta.add(own, meta)
  return own
}

function bare(host: string | undefined): string | undefined {
  return host?.replace(/^\[|\]$/g, '')
}
