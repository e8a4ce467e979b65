/**
 * MoleculerTcp: two brokers in two processes over its own TCP transporter, not encrypted.
 *
 * Run with `echo PORT OWN` it is the answering process. Bodies are text, because its default
 * serializer is JSON, which would make a list of numbers of bytes.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { ServiceBroker } from 'moleculer'
import { serve } from '../local/serve.ts'
import { pairWorkloads } from '../mesh/pairs.ts'

const timeoutMs = 20_000
/** Its own limit of one mebibyte leaves no room for a body of that size. */
const maxPacketSize = 4 * 1_024 * 1_024
const texts = new Map()

if (process.argv[2] === 'echo') await answer(process.argv[3], process.argv[4])
else await serve(pairWorkloads(meet, { tells: true }))

function brokerOf(nodeID, port, urls) {
  const options = { udpDiscovery: false, port, urls, useHostname: false, maxPacketSize }
  return new ServiceBroker({ nodeID, logger: false, transporter: { type: 'TCP', options } })
}

async function answer(own, urls) {
  const broker = brokerOf('answerer', Number(own), urls.split(','))
  let count = 0
  broker.createService({
    name: 'echo',
    actions: { echo: ({ params }) => params.body, counted: () => count },
    events: { 'echo.count': () => void count++ },
  })
  await broker.start()
  process.stdin.on('end', () => process.exit(0)).resume()
}

async function meet() {
  const [asker, answerer] = [await freePort(), await freePort()]
  const urls = [`127.0.0.1:${asker}/asker`, `127.0.0.1:${answerer}/answerer`]
  const [file, script] = process.argv
  const args = [...process.execArgv, script, 'echo', String(answerer), urls.join(',')]
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  process.on('exit', () => child.kill('SIGKILL'))
  const broker = brokerOf('asker', asker, urls)
  await broker.start()
  await broker.waitForServices('echo', timeoutMs)
  return { ask: (body) => ask(broker, body), tells: (count, bytes) => tells(broker, count, bytes) }
}

async function ask(broker, body) {
  const { length } = body
  if (!texts.has(length)) texts.set(length, 'x'.repeat(length))
  return (await broker.call('echo.echo', { body: texts.get(length) })).length
}

async function tells(broker, count, bytes) {
  const body = 'x'.repeat(bytes)
  const before = await broker.call('echo.counted')
  const startedMs = performance.now()
  for (let sent = 0; sent < count; sent += 1) {
    void broker.emit('echo.count', { body })
    if (sent % 1_000 === 999) await broker.call('echo.counted')
  }
  let counted = before
  while (counted - before < count) {
    counted = await broker.call('echo.counted')
    if (performance.now() - startedMs > timeoutMs) throw new Error('events were lost')
  }
  return { ms: performance.now() - startedMs, work: count }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
