/**
 * TcpMain: the floor, an echo of the same frames over a plain socket, a length before each.
 *
 * Run with `echo` it is the answering process and says its port; else it asks.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { serve } from '../../local/serve.ts'
import { pairWorkloads } from '../pairs.ts'
import type { Pair } from '../pairs.ts'
import { FrameReader, frameOf } from './frames.ts'

if (process.argv[2] === 'echo') await answer()
else await serve(pairWorkloads(meet, { tells: false }))

async function answer(): Promise<void> {
  const server = createServer({ noDelay: true }, (socket) => {
    const reader = new FrameReader((body) => void socket.write(frameOf(body)))
    socket.on('data', (piece) => reader.take(piece))
    socket.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
  process.stdin.on('end', () => process.exit(0)).resume()
}

async function meet(): Promise<Pair> {
  const [file, script] = process.argv as [string, string]
  const child = spawn(file, [...process.execArgv, script, 'echo'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  process.on('exit', () => child.kill('SIGKILL'))
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const socket = connect({ port: Number(said.toString()), host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return { ask: askerOn(socket) }
}

/** Answers come in the order of the questions. */
function askerOn(socket: Socket): Pair['ask'] {
  const waiting: ((bytes: number) => void)[] = []
  let first = 0
  const reader = new FrameReader((body) => {
    waiting[first++]?.(body.length)
    if (first < 1_024) return
    waiting.splice(0, first)
    first = 0
  })
  socket.on('data', (piece) => reader.take(piece))
  return (body) => {
    socket.write(frameOf(body))
    return new Promise((resolve) => void waiting.push(resolve))
  }
}
