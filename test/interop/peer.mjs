/**
 * Peer: a node of libp2p 2 that joins a net, hears one message and publishes another.
 *
 * Told by its parent whom to dial; tells what happened, a line of JSON per fact. It says hello
 * from the description of the protocol alone and shares no code with the net it talks to.
 */
/* oxlint-disable -- its packages are not those of the checkout, so that nothing here has a type */
import { createHmac, randomBytes } from 'node:crypto'

import { gossipsub } from '@chainsafe/libp2p-gossipsub'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { tls } from '@libp2p/tls'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const { address, cluster, secret, topic } = JSON.parse(process.argv[2])
const tell = (fact) => process.stdout.write(`${JSON.stringify(fact)}\n`)

const limits = {
  maxSubscriptions: 256,
  maxMessages: 256,
  maxIhaveMessageIDs: 2000,
  maxIwantMessageIDs: 2000,
  maxIdontwantMessageIDs: 256,
  maxControlMessages: 256,
  maxPeerInfos: 16,
}
const node = await createLibp2p({
  addresses: { listen: [] },
  transports: [tcp()],
  connectionEncrypters: [tls()],
  streamMuxers: [yamux()],
  connectionMonitor: { enabled: false },
  connectionGater: { denyDialMultiaddr: () => false },
  services: {
    identify: identify({ protocolPrefix: 'shoal', runOnConnectionOpen: false }),
    pubsub: gossipsub({
      allowPublishToZeroTopicPeers: true,
      allowedTopics: [topic],
      decodeRpcLimits: limits,
      fallbackToFloodsub: false,
    }),
  },
})
node.services.pubsub.addEventListener('message', ({ detail }) => {
  tell({ heard: new TextDecoder().decode(detail.data), from: detail.from.toString() })
})
node.services.pubsub.subscribe(topic)

const connection = await node.dial(multiaddr(address))
await sayHello(connection)
tell({ proven: node.peerId.toString() })
await node.services.identify.identify(connection)
const speak = setInterval(async () => {
  const { recipients } = await node.services.pubsub.publish(
    topic,
    new TextEncoder().encode('from the past'),
  )
  tell({ published: recipients.length })
}, 200)
process.stdin.on('end', async () => {
  clearInterval(speak)
  await node.stop()
  process.exit(0)
})
process.stdin.resume()

/** Open, prove, answer, welcome: frames of JSON with a length of four bytes before them. */
async function sayHello(connection) {
  const stream = await connection.newStream('/shoal/hello/1.0.0')
  const frames = framesOf(stream.source)
  const out = []
  let wake = () => undefined
  const say = (frame) => {
    const body = Buffer.from(JSON.stringify(frame))
    const header = Buffer.alloc(4)
    header.writeUInt32BE(body.length)
    out.push(Buffer.concat([header, body]))
    wake()
  }
  const sink = stream.sink(
    (async function* () {
      for (;;) {
        while (out.length > 0) {
          const next = out.shift()
          if (next === undefined) return
          yield next
        }
        await new Promise((resolve) => {
          wake = resolve
        })
      }
    })(),
  )
  const mine = randomBytes(32).toString('base64')
  say({ kind: 'open', nonce: mine })
  const { value: prove } = await frames.next()
  const key = createHmac('sha256', Buffer.from(secret, 'hex'))
    .update(`shoal hello 1 ${cluster}`)
    .digest()
  const proofOf = (prover) => {
    const self = node.peerId.toString()
    const other = connection.remotePeer.toString()
    const parts = ['shoal hello 1', prover, cluster, self, other, mine, prove.nonce]
    const bytes = parts.map((part) => `${part.length}:${part}`).join(',')
    return createHmac('sha256', key).update(bytes).digest('base64')
  }
  if (prove.proof !== proofOf('listener')) throw new Error('the listener is not one of us')
  const about = { software: 'libp2p/2', addresses: [], features: ['topics'] }
  say({ kind: 'answer', proof: proofOf('dialer'), about })
  const { value: welcome } = await frames.next()
  if (welcome.kind !== 'welcome') throw new Error(`not welcome: ${JSON.stringify(welcome)}`)
  out.push(undefined)
  wake()
  await sink
}

async function* framesOf(source) {
  let held = Buffer.alloc(0)
  for await (const piece of source) {
    held = Buffer.concat([held, piece.subarray()])
    while (held.length >= 4 && held.length >= 4 + held.readUInt32BE()) {
      const end = 4 + held.readUInt32BE()
      yield JSON.parse(held.subarray(4, end).toString())
      held = held.subarray(end)
    }
  }
}
