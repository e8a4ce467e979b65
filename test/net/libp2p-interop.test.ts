/**
 * Interoperability: a peer of libp2p 2 with the gossip package of its time joins and is heard.
 *
 * Its packages are not ours; `npm install --prefix test/interop` brings them, and without them
 * the test is skipped by name.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

import { expect, test } from 'vitest'

import { cluster, news, until } from '../contract/net-world.ts'
import { openLibp2pWorld } from './libp2p-world.ts'

const folder = new URL('../interop/', import.meta.url)
const installed = existsSync(new URL('node_modules/libp2p/', folder))

test('a peer of libp2p 2 exchanges a topic message with ours', async (context) => {
  context.skip(!installed, 'npm install --prefix test/interop brings the packages for this')
  const world = await openLibp2pWorld()
  try {
    const net = await world.net()
    const heard: { readonly origin: string; readonly text: string }[] = []
    net.subscribe(news.name, {
      onMessage: ({ origin, data }) => heard.push({ origin, text: new TextDecoder().decode(data) }),
    })
    const secret = Buffer.alloc(32, 1).toString('hex')
    const told = startPeer({ address: net.addresses()[0]!, cluster, secret, topic: news.name })
    world.also(async () => told.stop())
    await until(world, () => net.peers().length === 1, 'the old peer has proven itself')
    await until(world, () => heard.length > 0, 'the old peer is heard')
    const peerId = net.peers()[0]!.peerId
    expect(heard[0]).toEqual({ origin: peerId, text: 'from the past' })
    const answer = new TextEncoder().encode('from today')
    const answered = () => told.facts.some((fact) => fact['heard'] === 'from today')
    for (let tries = 0; tries < 50 && !answered(); tries += 1) {
      await net.publish(news.name, answer)
      await world.pass(100)
    }
    expect(told.facts).toContainEqual({ heard: 'from today', from: net.peerId })
  } finally {
    await world.close()
  }
})

function startPeer(how: Readonly<Record<string, string>>) {
  const facts: Record<string, unknown>[] = []
  const peer = spawn(process.execPath, ['peer.mjs', JSON.stringify(how)], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  peer.stdout.on('data', (piece: Buffer) => {
    text += piece.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    facts.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>))
  })
  return {
    facts,
    stop: () => {
      peer.stdin.end()
      peer.kill('SIGKILL')
    },
  }
}
