/**
 * SimGate: the door between one simulated process and the world.
 *
 * While it is shut nothing of the process runs, as under SIGSTOP, and what came meanwhile runs in
 * its order when the door opens. A process that has ended never runs anything again.
 */
export class SimGate {
  #state: 'open' | 'shut' | 'ended' = 'open'
  #held: (() => void)[] = []

  get ended(): boolean {
    return this.#state === 'ended'
  }

  get shut(): boolean {
    return this.#state === 'shut'
  }

  pass(work: () => void): void {
    if (this.#state === 'open') work()
    else if (this.#state === 'shut') this.#held.push(work)
  }

  close(): void {
    if (this.#state === 'open') this.#state = 'shut'
  }

  /** Hands out what was held, in order, to be run one after the other. */
  open(soon: (work: () => void) => void): void {
    if (this.#state !== 'shut') return
    this.#state = 'open'
    for (const work of this.#held.splice(0)) soon(() => this.pass(work))
  }

  end(): void {
    this.#state = 'ended'
    this.#held = []
  }
}
