/**
 * Liveness in memory: keeps the contract, on virtual time.
 */
import { MemoryLiveness } from '../../src/adapters/memory/index.ts'
import { VirtualTime } from '../../src/testing/index.ts'
import { livenessContract } from './liveness.ts'

livenessContract('memory', async () => {
  const time = new VirtualTime()
  const world = {
    time: {
      nowMs: () => time.clock.now(),
      after: (delayMs: number, ring: () => void) => {
        const alarm = { wanted: true, ring }
        time.setAlarm(time.clock.now() + delayMs, alarm)
        return () => {
          alarm.wanted = false
        }
      },
    },
    delayMs: () => 0.2,
    responders: new Map<string, MemoryLiveness>(),
  }
  return {
    open: (peerId) => Promise.resolve(new MemoryLiveness(world, peerId)),
    pass: (ms) => time.advance(ms),
    addresses: [],
    close: () => Promise.resolve(),
  }
})
