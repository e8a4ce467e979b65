/**
 * ControlServer: answers the command line of the same machine over a local socket.
 *
 * The socket lies in the data directory, or in a private folder when that path is too long for a
 * socket, and only its owner can open it. A line that is no request is refused by code.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { controlRequest } from '../protocols/control.ts'
import type { ControlAnswer, ControlRequest } from '../protocols/control.ts'
import { EdgeError } from './kernel/index.ts'

/** Linux takes 107 bytes for the path of a socket; the others take no fewer than 103. */
const socketPathMax = 100
const lineBytesMax = 64 * 1024

export interface ControlServer {
  readonly path: string
  close(): Promise<void>
}

export function socketPathFor(dataDir: string): string {
  const own = join(dataDir, 'control.sock')
  if (Buffer.byteLength(own) <= socketPathMax) return own
  const short = createHash('sha256').update(dataDir).digest('hex').slice(0, 24)
  return join(tmpdir(), `shoal-${process.getuid?.() ?? 0}`, `${short}.sock`)
}

export async function openControlServer(
  dataDir: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlServer> {
  const path = socketPathFor(dataDir)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  // The data directory is locked by this process: a socket that is there is one of the past.
  await rm(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, answer)
  })
  await listen(server, path)
  await chmod(path, 0o600)
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.end()
      }),
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}

function serve(socket: Socket, answer: (request: ControlRequest) => Promise<unknown>): void {
  // A client that goes away in the middle of an answer is its own affair.
  socket.on('error', () => socket.destroy())
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > lineBytesMax) socket.destroy()
  })
  createInterface({ input: socket }).on('line', (line) => {
    void answerLine(line, answer).then((said) => socket.write(`${JSON.stringify(said)}\n`))
  })
}

async function answerLine(
  line: string,
  answer: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlAnswer> {
  try {
    const request = controlRequest.safeParse(JSON.parse(line))
    if (!request.success) throw new EdgeError('invalid_request', 'The line is no request')
    return { ok: true, result: await answer(request.data) }
  } catch (error) {
    const code = error instanceof EdgeError ? error.code : 'internal'
    return {
      ok: false,
      error: { code, message: error instanceof Error ? error.message : 'failed' },
    }
  }
}
