/**
 * Utf16: carries the strings that UTF-8 would change.
 *
 * A lone surrogate becomes U+FFFD in UTF-8, and decoders drop a leading byte order mark; such
 * strings travel as little-endian code units instead.
 */

const BYTE_ORDER_MARK = 0xfeff

/** Whether UTF-8 carries the string unchanged. */
export function fitsUtf8(text: string): boolean {
  return text.charCodeAt(0) !== BYTE_ORDER_MARK && text.isWellFormed()
}

export function utf16BytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le'))
}

/** Read code units; a TextDecoder would repair the very surrogates that must stay. */
export function reviveUtf16(bytes: unknown): string {
  if (!(bytes instanceof Uint8Array) || bytes.length % 2 !== 0) {
    throw new TypeError('a string of code units has an odd number of bytes')
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf16le')
}
