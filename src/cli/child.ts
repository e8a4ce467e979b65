/**
 * Child: one node of several that a parent started on this machine.
 *
 * It is told what to be by its parent, answers when it is, and stops when the parent is gone.
 */
import { EdgeError } from '../kernel/index.ts'
import { startLoaded } from '../node-start.ts'
import type { ChildOrder, ChildWord } from './processes.ts'

process.once('message', (order: ChildOrder) => {
  void begin(order).then((word) => {
    process.send?.(word, () => {
      if (word.kind === 'failed') process.exit(1)
    })
  })
})

async function begin(order: ChildOrder): Promise<ChildWord> {
  try {
    const node = await startLoaded(configOf(order), {})
    const stop = (): void => void node.stop().then(() => process.exit(0))
    process.once('disconnect', stop)
    // The parent answers signals of the terminal; a child told directly obeys as well.
    process.on('SIGTERM', stop)
    process.on('SIGINT', () => undefined)
    void node.whenStopped.then(() => process.exit(0))
    if (!process.connected) stop()
    return { kind: 'ready' }
  } catch (error) {
    const code = error instanceof EdgeError ? error.code : 'start_failed'
    return { kind: 'failed', code, message: error instanceof Error ? error.message : String(error) }
  }
}

function configOf({
  config,
  name,
  dataDir,
  listen,
  peers,
  secret,
}: ChildOrder): ChildOrder['config'] {
  const [host = '127.0.0.1', port = '0'] = listen.split(':')
  return {
    ...config,
    dataDir,
    node: { ...config.node, name },
    listen: { ...config.listen, p2p: { host, port: Number(port) } },
    // Nodes of one machine know each other's ports; the local network is not asked.
    cluster: { ...config.cluster, mdns: false, secret, peers: [...config.cluster.peers, ...peers] },
    logs: { ...config.logs, level: 'warn' },
  }
}
