/**
 * ShoalMain: the asking node of a mesh of two, each in a process of its own, encrypted as always.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startNode } from 'shoal'
import type { ShoalNode } from 'shoal'
import { timed, verify } from '../../local/outcome.ts'
import { serve } from '../../local/serve.ts'
import { Echo, echoPath } from '../echo.ts'
import { NodeProcess } from '../node-process.ts'
import { pairWorkloads } from '../pairs.ts'
import type { Pair } from '../pairs.ts'

const listen = '127.0.0.1:0'
/** Tells under way before the sender waits for the count: within the bounds of a queue. */
const burst = 2_000

await serve(pairWorkloads(meet, { tells: true }))

async function meet(): Promise<Pair> {
  const folder = mkdtempSync(join(tmpdir(), 'shoal-bench-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const config = {
    node: { name: 'asker' },
    dataDir: join(folder, 'asker'),
    listen: { p2p: listen },
    cluster: { mdns: false },
    logs: { level: 'error' as const },
  }
  const node = await startNode(config)
  const other = new NodeProcess('answerer')
  process.on('exit', () => other.signal('SIGKILL'))
  const dataDir = join(folder, 'answerer')
  await other.ask('start', { name: 'answerer', dataDir, listen, join: node.ticket() })
  return pairWith(await refTo(node, 'answerer'))
}

async function refTo(node: ShoalNode, name: string) {
  for await (const { member } of node.membership.changes()) {
    if (member.name === name && member.liveness === 'alive') break
  }
  return (await node.peer(name)).ref(Echo, echoPath)
}

function pairWith(ref: Awaited<ReturnType<typeof refTo>>): Pair {
  return {
    ask: async (body) => (await ref.echo(body)).length,
    tells: async (count, bytes) => {
      const body = new Uint8Array(bytes).fill(7)
      const before = await ref.counted()
      let counted = before
      const { ms } = await timed(count, async () => {
        let last = Promise.resolve(before)
        for (let sent = 0; sent < count; sent++) {
          ref.count(body)
          if ((sent + 1) % burst !== 0) continue
          await last
          last = ref.counted()
        }
        await last
        counted = await ref.counted()
      })
      verify('the messages counted', counted - before, count)
      return { ms, work: count }
    },
  }
}
