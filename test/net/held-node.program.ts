/**
 * HeldNode: a node in a process of its own, whose main thread can be held from outside.
 *
 * It joins by the ticket that it is given, says so, and blocks for as long as it is told.
 */
import { startNode } from 'shoal'

const [dataDir = '', ticket = ''] = process.argv.slice(2)

const node = await startNode(
  {
    node: { name: 'held' },
    dataDir,
    listen: { p2p: '127.0.0.1:0' },
    cluster: { mdns: false },
    logs: { level: 'error' },
  },
  { join: ticket },
)
process.on('disconnect', () => process.exit(0))
process.on('message', (holdMs) => {
  const untilMs = performance.now() + Number(holdMs)
  while (performance.now() < untilMs) continue
  process.send?.('free')
})
process.send?.('up')
await node.whenStopped
