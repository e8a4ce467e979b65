/**
 * TimerWheel: every deadline and timer of a system on one hierarchical wheel.
 *
 * Arming and cancelling are O(1) list operations on the entry itself, so a hundred thousand
 * outstanding asks need no allocation beyond their own envelopes and a single alarm. Six bits
 * of the due time pick the slot, the highest differing bits pick the level (Varghese and Lauck,
 * 1987). Entries that fall due in the same millisecond fire in arming order; none fires early.
 */
import type { Alarm, Clock } from './runtime.ts'

const bits = 6
const slots = 1 << bits
const mask = slots - 1
/** Eight levels of 64 slots reach 2^48 ms, which is 8,900 years. */
const levels = 8

export abstract class WheelEntry {
  dueAt = 0
  nextEntry: WheelEntry | null = null
  previousEntry: WheelEntry | null = null
  /** Slot that holds this entry; -1 while it is not armed. */
  slot = -1

  abstract fire(): void
}

class Slot extends WheelEntry {
  constructor() {
    super()
    this.nextEntry = this
    this.previousEntry = this
  }

  fire(): void {
    throw new TypeError('a slot is not an entry')
  }
}

export class TimerWheel {
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #heads: readonly Slot[] = Array.from({ length: slots * levels }, () => new Slot())
  readonly #counts = new Uint32Array(slots * levels)
  readonly #startedAt: number
  #tick = 0
  #size = 0
  #alarmTick = Infinity
  readonly #ring = (): void => {
    this.#alarmTick = Infinity
    this.advance()
  }

  constructor(clock: Clock, alarm: Alarm) {
    this.#clock = clock
    this.#alarm = alarm
    // Whole milliseconds keep the sums below exact: a fraction could make an alarm ring in vain.
    this.#startedAt = Math.floor(clock.now())
  }

  /** Armed entries. */
  get size(): number {
    return this.#size
  }

  arm(entry: WheelEntry, dueAt: number): void {
    if (entry.slot >= 0) this.cancel(entry)
    entry.dueAt = dueAt
    const tick = Math.max(Math.ceil(dueAt - this.#startedAt), this.#tick + 1)
    this.#insert(entry, tick)
    this.#size++
    if (tick < this.#alarmTick) this.#setAlarm(tick)
  }

  cancel(entry: WheelEntry): void {
    if (entry.slot < 0) return
    this.#unlink(entry)
    this.#size--
  }

  /** Let the alarm go when nothing is armed: an idle system keeps no timer. */
  rest(): void {
    if (this.#size > 0 || this.#alarmTick === Infinity) return
    this.#alarmTick = Infinity
    this.#alarm.clear()
  }

  /** Disarm everything, handing each entry over: nobody may wait on a wheel that stands still. */
  clear(visit: (entry: WheelEntry) => void): void {
    for (const head of this.#heads) {
      for (let entry = head.nextEntry; entry !== head; entry = head.nextEntry) {
        this.cancel(entry as WheelEntry)
        visit(entry as WheelEntry)
      }
    }
    this.rest()
  }

  /** Fire everything due by now, in time order, then set the alarm for what comes next. */
  advance(): void {
    try {
      this.#turnTo(Math.floor(this.#clock.now() - this.#startedAt))
    } finally {
      // Also when somebody's work threw: the others' deadlines must still come.
      this.#postpone(this.#tick & mask)
      if (this.#size > 0) this.#setAlarm(this.#nextTick())
    }
  }

  /** What is left in a slot whose time has come goes to the next millisecond. */
  #postpone(slot: number): void {
    while ((this.#counts[slot] as number) > 0) {
      const entry = (this.#heads[slot] as Slot).nextEntry as WheelEntry
      this.#unlink(entry)
      this.#insert(entry, this.#tick + 1)
    }
  }

  #turnTo(target: number): void {
    while (this.#tick < target) {
      const next = this.#nextTick()
      if (next > target) {
        this.#tick = this.#size === 0 || next > target ? target : next
        break
      }
      this.#tick = next
      this.#cascade()
      this.#fireSlot(this.#tick & mask)
    }
  }

  #setAlarm(tick: number): void {
    if (tick >= this.#alarmTick) return
    this.#alarmTick = tick
    this.#alarm.set(this.#startedAt + tick, this.#ring)
  }

  #insert(entry: WheelEntry, tick: number): void {
    const level = levelOf(tick, this.#tick)
    const slot = level * slots + (Math.floor(tick / 2 ** (bits * level)) & mask)
    const head = this.#heads[slot] as Slot
    const last = head.previousEntry as WheelEntry
    entry.previousEntry = last
    entry.nextEntry = head
    last.nextEntry = entry
    head.previousEntry = entry
    entry.slot = slot
    this.#counts[slot] = (this.#counts[slot] as number) + 1
  }

  #unlink(entry: WheelEntry): void {
    const previous = entry.previousEntry as WheelEntry
    const next = entry.nextEntry as WheelEntry
    previous.nextEntry = next
    next.previousEntry = previous
    entry.previousEntry = null
    entry.nextEntry = null
    this.#counts[entry.slot] = (this.#counts[entry.slot] as number) - 1
    entry.slot = -1
  }

  /** The next tick at which a slot must be fired or cascaded; Infinity when nothing is armed. */
  #nextTick(): number {
    if (this.#size === 0) return Infinity
    for (let level = 0; level < levels; level++) {
      const unit = 2 ** (bits * level)
      const position = Math.floor(this.#tick / unit) & mask
      const windowStart = (Math.floor(this.#tick / unit) - position) * unit
      for (let slot = position + 1; slot < slots; slot++) {
        if ((this.#counts[level * slots + slot] as number) > 0) return windowStart + slot * unit
      }
    }
    return Infinity
  }

  /** Entries of every higher slot whose window begins now move down, keeping their order. */
  #cascade(): void {
    for (let level = levels - 1; level > 0; level--) {
      const unit = 2 ** (bits * level)
      if (this.#tick % unit !== 0) continue
      const slot = level * slots + (Math.floor(this.#tick / unit) & mask)
      while ((this.#counts[slot] as number) > 0) {
        const entry = (this.#heads[slot] as Slot).nextEntry as WheelEntry
        this.#unlink(entry)
        this.#insert(entry, Math.max(Math.ceil(entry.dueAt - this.#startedAt), this.#tick))
      }
    }
  }

  /** Entries armed while the slot fires go to later ticks, so this ends. */
  #fireSlot(slot: number): void {
    while ((this.#counts[slot] as number) > 0) {
      const entry = (this.#heads[slot] as Slot).nextEntry as WheelEntry
      this.#unlink(entry)
      this.#size--
      entry.fire()
    }
  }
}

/** The level is given by the highest group of six bits in which the two ticks differ. */
function levelOf(tick: number, now: number): number {
  let level = 0
  let a = Math.floor(tick / slots)
  let b = Math.floor(now / slots)
  while (a !== b && level < levels - 1) {
    level++
    a = Math.floor(a / slots)
    b = Math.floor(b / slots)
  }
  return level
}
