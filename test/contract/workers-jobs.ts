/**
 * WorkersJobs: functions that the contract of the Workers port has run as jobs.
 */
import { EdgeError } from 'shoal'
import type { JobContext } from '../../src/ports/workers.ts'

export function double(input: { readonly value: number }): number {
  return input.value * 2
}

export function echo(input: { readonly value: unknown }): unknown {
  return input.value
}

export async function wait(input: { readonly ms: number }): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, input.ms))
  return 'waited'
}

/** Obeys its signal, and says when it was told. */
export function obey(_: { readonly ms: number }, job: JobContext): Promise<string> {
  return new Promise((_resolve, reject) => {
    job.signal.addEventListener('abort', () => reject(job.signal.reason as Error))
  })
}

export function fail(input: { readonly code: string }): never {
  throw new EdgeError(input.code, `It failed with ${input.code}`, {
    cause: new AggregateError([new RangeError('one'), new TypeError('two')], 'both'),
    detail: { number: 7 },
  })
}

export class OwnError extends Error {
  readonly extra: number

  constructor(message: string, extra: number) {
    super(message)
    this.name = 'OwnError'
    this.extra = extra
  }
}

export function failOwn(): never {
  throw new OwnError('mine', 3)
}

export function failText(): never {
  // oxlint-disable-next-line typescript/only-throw-error -- a stranger's job may throw anything
  throw 'only words'
}

export function sum(input: { readonly bytes: Uint8Array }): number {
  return input.bytes.reduce((total, byte) => total + byte, 0)
}

export function fill(input: { readonly size: number }, job: JobContext): Uint8Array {
  const bytes = new Uint8Array(input.size).fill(7)
  job.transfer([bytes.buffer])
  return bytes
}

export function unfit(): unknown {
  return { inner: [() => 1] }
}

export function spin(): never {
  for (;;);
}

/** Never awaits, but looks. */
export function look(_: { readonly ms: number }, job: JobContext): string {
  while (!job.cancelled);
  return 'told'
}

/** Blocks the thread as a native call would: it can only be waited for. */
export function block(input: { readonly ms: number }): string {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, input.ms)
  return 'returned'
}

export function leave(input: { readonly code: number }): never {
  process.exit(input.code)
}

export function hoard(): never {
  const held: unknown[] = []
  for (;;) held.push(Array.from({ length: 10_000 }, (_, at) => ({ at })))
}

export function regexBomb(): boolean {
  return /^(a+)+$/.test(`${'a'.repeat(40)}!`)
}

export const noFunction = 5
