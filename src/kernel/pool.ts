/**
 * Pool: a router that spawns its own routees, replaces them and may change their number.
 *
 * A failed routee restarts in its slot; one that has ended leaves, and when all have ended the
 * pool ends too. Growing is looked at while messages pass; shrinking by a timer that only runs
 * while there is something to shrink.
 */
import type { ActorDef } from './actor.ts'
import type { Cell } from './cell.ts'
import { Deadline } from './deadline.ts'
import { durationMs, type Duration } from './duration.ts'
import { childNamed } from './family.ts'
import { requestStop } from './halt.ts'
import * as limits from './limits.ts'
import { decideGrowth, decideShrinking, type PoolLoad } from './pool-size.ts'
import type { SpawnOptions } from './props.ts'
import type { Messages } from './protocol.ts'
import type { Exit } from './recipient.ts'
import { AnyRef } from './ref.ts'
import { type OpenRouter, Router, routingActor } from './router.ts'
import { type CheckedRouting, checkRouting, invalidRouting, type Routing } from './routing.ts'
import { CONTINUE, type SignalWork } from './signals.ts'
import { supervised } from './supervision.ts'

export interface Resize {
  readonly min: number
  readonly max: number
  /** Messages that may wait or be under way at a routee before it counts as pressed. Default 2. */
  readonly pressedAt?: number
  /** How often a pool above its minimum looks whether fewer would do. Default 10 s. */
  readonly shrinkEvery?: Duration
}

export interface PoolOptions<M extends Messages> extends Routing<M> {
  readonly size: number
  readonly resize?: Resize
  /** Settings of each routee; failed ones restart, ten times in ten seconds, by default. */
  readonly routees?: Omit<SpawnOptions, 'name' | 'namePrefix'>
}

interface PoolPlan {
  readonly def: ActorDef
  readonly init: unknown
  readonly size: number
  readonly routing: CheckedRouting
  readonly resize: Required<Omit<Resize, 'shrinkEvery'>> & { readonly shrinkEveryMs: number }
  readonly routees: SpawnOptions
}

export function pool<M extends Messages, A>(
  def: ActorDef<M, A>,
  options: PoolOptions<M>,
): ActorDef<M, A> {
  const routing = checkRouting(options)
  const resize = checkResize(options.size, options.resize)
  const policy = def.behaviour.supervise ?? supervised
  const routees = { supervise: policy, ...options.routees }
  const { size } = options
  return routingActor<M, A>(def.protocol, (cell, init) =>
    new Pool(cell, { def, init, size, routing, resize, routees }).open(),
  )
}

class Pool {
  readonly #cell: Cell
  readonly #plan: PoolPlan
  readonly #router: Router
  #untilLook = 0
  #growing = false
  #closed = false
  #busyMax = 0
  readonly #shrinkTimer = new Deadline(() => this.#lookToShrink())

  constructor(cell: Cell, plan: PoolPlan) {
    this.#cell = cell
    this.#plan = plan
    const { min, max } = plan.resize
    const routed = min === max ? {} : { routed: (): void => this.#countRouted() }
    this.#router = new Router(cell, plan.routing, {
      left: (router, exit) => this.#left(router, exit),
      ...routed,
    })
  }

  open(): OpenRouter {
    this.#growTo(this.#plan.size)
    return { router: this.#router, close: () => this.#close() }
  }

  #close(): void {
    this.#closed = true
    this.#cell.home.wheel.cancel(this.#shrinkTimer)
    this.#router.close()
  }

  /** The last routee took the pool with it. */
  #left(router: Router, exit: Exit): void {
    if (router.size > 0 || this.#cell.phase !== 'running') return
    requestStop(this.#cell, exit.reason === 'failed' ? exit : { reason: 'normal' })
  }

  #growTo(size: number): void {
    const { def, init, routees } = this.#plan
    for (let slot = 1; this.#router.size < size; slot++) {
      const name = String(slot)
      if (childNamed(this.#cell, name) !== null) continue
      const child = this.#cell.home.spawnChild(this.#cell, def, init, { ...routees, name })
      this.#router.add(child.ref)
    }
    this.#armShrinkTimer()
  }

  #countRouted(): void {
    if (this.#untilLook-- > 0 || this.#growing) return
    const load = this.#load()
    this.#untilLook = Math.max(limits.poolLookEvery, load.size)
    const size = decideGrowth(load)
    if (size <= load.size) return
    this.#growing = true
    // Spawning is the pool's own work: it happens in a turn of the pool, not in its sender's.
    const grow: SignalWork = (cell) => {
      this.#growing = false
      if (!this.#closed && !cell.home.stopping) this.#growTo(size)
    }
    this.#cell.accept(CONTINUE, grow, null)
  }

  #lookToShrink(): void {
    const load = this.#load()
    const size = decideShrinking(load)
    this.#busyMax = 0
    for (const ref of this.#router.routees.slice(size)) {
      this.#router.remove(ref)
      // What it has queued it still does.
      requestStop(AnyRef.recipientOf(ref) as Cell, { reason: 'shutdown' }, { drain: true })
    }
    this.#armShrinkTimer()
  }

  #armShrinkTimer(): void {
    const { min, shrinkEveryMs } = this.#plan.resize
    const { wheel, clock } = this.#cell.home
    if (this.#router.size <= min || this.#shrinkTimer.slot >= 0) return
    wheel.arm(this.#shrinkTimer, clock.now() + shrinkEveryMs)
  }

  #load(): PoolLoad {
    const { min, max, pressedAt } = this.#plan.resize
    const loads = this.#router.routees.map((ref) => AnyRef.recipientOf(ref).load ?? 0)
    const busy = loads.filter((load) => load > 0).length
    this.#busyMax = Math.max(this.#busyMax, busy)
    const pressed = loads.filter((load) => load >= pressedAt).length
    return { size: loads.length, min, max, pressed, busyMax: this.#busyMax }
  }
}

function checkResize(size: number, resize: Resize | undefined): PoolPlan['resize'] {
  if (!Number.isInteger(size) || size < 1 || size > limits.poolSizeMax) {
    throw invalidRouting(`size is ${size}; give a whole number from 1 to ${limits.poolSizeMax}`)
  }
  const {
    min = size,
    max = size,
    pressedAt = 2,
    shrinkEvery = limits.poolShrinkEveryMs,
  } = resize ?? {}
  const ordered = min >= 1 && min <= size && size <= max && max <= limits.poolSizeMax
  if (!ordered || !Number.isInteger(min) || !Number.isInteger(max)) {
    throw invalidRouting(
      `resize runs from ${min} to ${max} around ${size}; give whole numbers with ` +
        `1 <= min <= size <= max <= ${limits.poolSizeMax}`,
    )
  }
  const shrinkEveryMs = durationMs(shrinkEvery)
  if (!(shrinkEveryMs > 0)) throw invalidRouting(`shrinkEvery is ${shrinkEveryMs} ms; give more`)
  if (!(pressedAt >= 1)) throw invalidRouting(`pressedAt is ${pressedAt}; give at least 1`)
  return { min, max, pressedAt, shrinkEveryMs }
}
