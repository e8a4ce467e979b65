/**
 * GoneActor: what stands behind a ref that came home after its actor had ended.
 *
 * It behaves as any ended actor does: asks fail at once, tells are dead letters, watchers hear.
 */
import type { Address, Home, Message, Recipient, Rider, Watcher } from '../kernel/index.ts'
import { noActorAt } from './mesh-errors.ts'

export class GoneActor implements Recipient {
  readonly home: Home
  readonly address: Address

  constructor(home: Home, address: Address) {
    this.home = home
    this.address = address
  }

  accept(message: Message, payload: unknown, rider: Rider): void {
    const { path } = this.address
    const sender = rider?.isEnvelope === true ? rider.sender : rider
    this.home.deadLetters.add('no-such-actor', message, payload, { recipient: path, sender })
    if (rider?.isEnvelope === true) rider.fail(noActorAt(path))
  }

  wouldDeadlock(): boolean {
    return false
  }

  addWatcher(watcher: Watcher): void {
    watcher.ended(this, { reason: 'no-such-actor' })
  }

  removeWatcher(): void {}
}
