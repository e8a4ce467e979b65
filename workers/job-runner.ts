/**
 * JobRunner: calls the function of a job in the thread that it runs in, and packs what it comes to.
 *
 * A failure leaves as data, with its code and its causes. The job learns that it was given up by
 * its signal, or by a look at `cancelled` when it never awaits.
 */
import { EdgeError } from '../src/kernel/index.ts'
import { knownErrors } from './thread/error-form.ts'
import { given, type JobCall, type SentOutcome, word } from './thread/job.ts'
import { loadExport } from './thread/module-load.ts'
import { Packer, type PayloadLimits } from './thread/payload.ts'
import { unpack } from './thread/revival.ts'
import type { Movable } from './thread/transfer.ts'

type JobFunction = (input: unknown, job: RunningJob) => unknown

const functions = new Map<string, JobFunction>()
const functionsMax = 256
const reviver = { errors: knownErrors(), refOf: (form: unknown): unknown => form }

export async function runJob(call: JobCall, limits: PayloadLimits): Promise<SentOutcome> {
  const packer = new Packer(limits, null)
  Atomics.store(call.words, word.begun, 1)
  const job = new RunningJob(call.words)
  try {
    const run = functions.get(keyOf(call)) ?? (await loadJob(call))
    const input = call.carried ? unpack(call.input, reviver) : call.input
    const result = await run(input, job)
    const { value, carried, transfer } = packer.pack(result, 'result', job.transfers)
    return { outcome: { ok: true, value, carried }, transfer }
  } catch (error) {
    const thrown = error instanceof Error ? error : new Error(String(error))
    return {
      outcome: { ok: false, error: packer.pack(thrown, 'error').value },
      transfer: [],
    }
  } finally {
    job.end()
  }
}

/** What a job knows while it runs. */
class RunningJob {
  readonly #words: Int32Array
  #controller: AbortController | null = null
  transfers: readonly Movable[] = []

  constructor(words: Int32Array) {
    this.#words = words
  }

  get cancelled(): boolean {
    return Atomics.load(this.#words, word.given) === given.up
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      this.#listen(this.#controller)
    }
    return this.#controller.signal
  }

  transfer(buffers: readonly ArrayBuffer[]): void {
    this.transfers = buffers
  }

  end(): void {
    if (this.#controller === null) return
    Atomics.compareExchange(this.#words, word.given, given.no, given.over)
    Atomics.notify(this.#words, word.given)
  }

  #listen(controller: AbortController): void {
    const waiting = Atomics.waitAsync(this.#words, word.given, given.no)
    const look = (): void => {
      if (this.cancelled) controller.abort(givenUp())
    }
    // Nothing can fail here: the wait ends when the word changes, at the latest with the job.
    if (waiting.async) void waiting.value.then(look)
    else look()
  }
}

function givenUp(): EdgeError {
  return new EdgeError('cancelled', 'Nobody waits for the result of this job any more')
}

async function loadJob(call: JobCall): Promise<JobFunction> {
  const found = await loadExport(call)
  if (typeof found !== 'function') {
    throw new EdgeError(
      'worker_module_invalid',
      `${call.module} exports no function named ${JSON.stringify(call.export)}; export the job ` +
        'under that name',
    )
  }
  if (functions.size >= functionsMax) functions.clear()
  functions.set(keyOf(call), found as JobFunction)
  return found as JobFunction
}

function keyOf(call: JobCall): string {
  return `${call.module}#${call.export}`
}
