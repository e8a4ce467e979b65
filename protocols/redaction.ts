/**
 * Redaction: what a log line may not contain, and how it is taken out.
 *
 * A field is hidden by its name, whatever its case and wherever it stands. What comes back is
 * plain, small and free of cycles, so that writing it can neither fail nor take long.
 */
import { logDepthMax, logEntriesMax, logTextMax } from './limits.ts'

/** A field whose name holds one of these, in any case, dashes and underscores aside, is hidden. */
const SECRET_NAMES: readonly string[] = [
  'secret',
  'password',
  'passwd',
  'passphrase',
  'authorization',
  'cookie',
  'apikey',
  'privatekey',
  'networkkey',
  'credential',
]

/** A field whose name ends so is hidden; `tokens` is a number of them and stays. */
const SECRET_ENDINGS: readonly string[] = ['token', 'ticket', 'jwt']

export const HIDDEN = '[hidden]'

export type Redact = (fields: Readonly<Record<string, unknown>>) => Record<string, unknown>

/** Make the function that cleans fields; `more` are further names to hide. */
export function createRedaction(more: readonly string[] = []): Redact {
  const names = [...SECRET_NAMES, ...more.map(plainName)].filter((name) => name !== '')
  const isSecret = (key: string): boolean => {
    const plain = plainName(key)
    return (
      names.some((name) => plain.includes(name)) ||
      SECRET_ENDINGS.some((ending) => plain.endsWith(ending))
    )
  }
  return (fields) => cleanEntries(fields, { isSecret, depth: 0 })
}

interface Cleaning {
  readonly isSecret: (key: string) => boolean
  readonly depth: number
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_\s]/g, '')
}

function clean(value: unknown, cleaning: Cleaning): unknown {
  switch (typeof value) {
    case 'string':
      return value.length <= logTextMax
        ? value
        : `${value.slice(0, logTextMax)}… (${value.length} characters)`
    case 'bigint':
    case 'symbol':
      return value.toString()
    case 'function':
      return `[function ${value.name}]`
    case 'object':
      return value === null ? null : cleanObject(value, cleaning)
    default:
      return value
  }
}

function cleanObject(value: object, cleaning: Cleaning): unknown {
  if (cleaning.depth >= logDepthMax) return '[too deep]'
  const deeper = { ...cleaning, depth: cleaning.depth + 1 }
  if (value instanceof Error) return cleanError(value, deeper)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (Array.isArray(value)) return cleanList(value, deeper)
  if (value instanceof Set) return cleanList([...value], deeper)
  if (value instanceof Map) return cleanList([...value], deeper)
  return cleanEntries(value as Readonly<Record<string, unknown>>, deeper)
}

function cleanError(error: Error, cleaning: Cleaning): Record<string, unknown> {
  const { name, message, stack } = error
  const own = cleanEntries(error as unknown as Readonly<Record<string, unknown>>, cleaning)
  const cause = error.cause === undefined ? {} : { cause: clean(error.cause, cleaning) }
  return { ...own, name, message, stack, ...cause }
}

function cleanList(list: readonly unknown[], cleaning: Cleaning): unknown[] {
  const kept = list.slice(0, logEntriesMax).map((item) => clean(item, cleaning))
  const more = list.length - kept.length
  return more > 0 ? [...kept, `… ${more} more`] : kept
}

/** Getters are not run: they may throw, take long or change something. */
function plainField(fields: object, key: string): unknown {
  const descriptor = Object.getOwnPropertyDescriptor(fields, key)
  return descriptor?.get === undefined ? descriptor?.value : '[getter]'
}

function cleanEntries(
  fields: Readonly<Record<string, unknown>>,
  cleaning: Cleaning,
): Record<string, unknown> {
  const kept: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const keys = Object.keys(fields)
  for (const key of keys.slice(0, logEntriesMax)) {
    kept[key] = cleaning.isSecret(key) ? HIDDEN : clean(plainField(fields, key), cleaning)
  }
  if (keys.length > logEntriesMax) kept['…'] = `${keys.length - logEntriesMax} more`
  return kept
}
