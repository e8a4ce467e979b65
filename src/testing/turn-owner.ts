/**
 * TurnOwner: on whose behalf a step of a test system runs, also after promises have gone on.
 *
 * The kernel remembers the turn of an async function; this remembers the actor of any other
 * handler too, so that whatever it sends later still takes its own link.
 */
import type { Carrier, Cell } from '../kernel/index.ts'
import { Turn } from '../kernel/turn.ts'

export class TurnOwner {
  cell: Cell | null = null

  /** The turn that begins now belongs to this actor. */
  static set(cell: Cell): void {
    const owner = cell.home.carrier.current()
    if (owner instanceof TurnOwner) owner.cell = cell
  }

  static find(carrier: Carrier): Cell | null {
    const owner = carrier.current()
    return owner instanceof TurnOwner || owner instanceof Turn ? owner.cell : null
  }
}
