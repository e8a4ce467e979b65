/**
 * Output: data goes to the standard output, talk to the error output.
 *
 * With --json the data is one JSON object and the talk is silent, so that pipes stay clean. Colour
 * is used only where a person reads and nobody forbade it.
 */
import { styleText } from 'node:util'

export interface Output {
  readonly json: boolean
  /** The result: as JSON, or as the text that a person reads. */
  result(data: unknown, text: () => string): void
  /** What happens meanwhile, for people only. */
  say(text: string): void
}

export function createOutput(json: boolean): Output {
  return {
    json,
    result: (data, text) => {
      process.stdout.write(json ? `${JSON.stringify(data)}\n` : `${text()}\n`)
    },
    say: (text) => {
      if (!json) process.stderr.write(`${text}\n`)
    },
  }
}

export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
  return [bold(line(head)), ...rows.map(line)].join('\n')
}
