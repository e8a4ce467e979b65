/**
 * Quantity: durations, sizes and rates as people write them, as plain numbers.
 *
 * `'10s'`, `'5 min'` and a bare number of seconds; `'64MB'` (a million bytes each), `'64MiB'`
 * (1024 × 1024 each) and a bare number of bytes; `'5 kbit/s'` and a bare number of bits a second.
 */

const MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
}

const BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
  tib: 1024 ** 4,
}

const BITS_PER_SECOND: Readonly<Record<string, number>> = {
  'bit/s': 1,
  'kbit/s': 1e3,
  'mbit/s': 1e6,
  'gbit/s': 1e9,
}

/** Milliseconds, or nothing when the text is no duration. A bare number is seconds. */
export function parseDurationMs(value: string | number): number | undefined {
  return parseQuantity(value, { units: MS, bare: 1_000 })
}

/** Bytes, or nothing when the text is no size. A bare number is bytes. */
export function parseSizeBytes(value: string | number): number | undefined {
  return parseQuantity(value, { units: BYTES, bare: 1 })
}

/** Bits a second, or nothing when the text is no rate. A bare number is bits a second. */
export function parseRateBitsPerSecond(value: string | number): number | undefined {
  return parseQuantity(value, { units: BITS_PER_SECOND, bare: 1 })
}

interface Scale {
  readonly units: Readonly<Record<string, number>>
  /** What a number without a unit is multiplied with. */
  readonly bare: number
}

function parseQuantity(value: string | number, scale: Scale): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z/]*)$/i.exec(String(value).trim())
  const amount = Number(match?.[1])
  const unit = match?.[2]?.toLowerCase() ?? ''
  if (unit !== '' && !Object.hasOwn(scale.units, unit)) return undefined
  const result = Math.round(amount * (unit === '' ? scale.bare : (scale.units[unit] ?? Number.NaN)))
  return Number.isSafeInteger(result) ? result : undefined
}
