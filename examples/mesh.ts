/**
 * Mesh: two nodes meet, and an actor on one is used from the other exactly like a local one.
 * Both run in this process to keep the example short; on two boxes nothing else would differ.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actor, ask, protocol, startNode, stream, tell } from 'shoal'

const Shelf = protocol('example.shelf/1', {
  put: tell<{ item: string }>(),
  count: ask<void, number>(),
  items: stream<void, string>(),
})

const shelf = actor(Shelf, {
  state: () => ({ items: [] as string[] }),
  on: {
    put: (state, { item }) => void state.items.push(item),
    count: (state) => state.items.length,
    items: (state) => state.items,
  },
})

const folder = await mkdtemp(join(tmpdir(), 'shoal-example-'))
const settings = (name: string) => ({
  node: { name },
  cluster: { mdns: false },
  listen: { p2p: '127.0.0.1:0' },
  logs: { level: 'warn' as const },
  dataDir: join(folder, name),
})

{
  await using shop = await startNode(settings('shop'))
  await using van = await startNode(settings('van'), { join: shop.ticket() })
  shop.system.spawn(shelf, undefined, { name: 'shelf' })

  for await (const change of van.membership.changes()) {
    if (change.member.name === 'shop' && change.member.liveness === 'alive') break
  }
  const remote = (await van.peer('shop')).ref(Shelf, '/shelf')
  remote.put({ item: 'lamp' })
  remote.put({ item: 'rope' })
  console.log(await remote.count(undefined, { deadline: 2_000 })) // → 2
  for await (const item of remote.items()) console.log(item)
  // → lamp
  // → rope
}
await rm(folder, { recursive: true })
