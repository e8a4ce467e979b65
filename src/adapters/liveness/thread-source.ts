/**
 * ThreadSource: the responder's modules as plain JavaScript, for a thread that stays small.
 *
 * A thread that strips types itself loads the stripper once more, which costs more memory than
 * all else that it does. Where the sources are TypeScript, the main thread strips them and hands
 * them over as data; a published package has JavaScript and hands over the file.
 */
import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'

const packet = { address: new URL('./packet.ts', import.meta.url), named: "'./packet.ts'" }

/** What the thread runs. */
export async function responderSource(): Promise<URL> {
  if (import.meta.url.endsWith('.js')) return new URL('./responder.js', import.meta.url)
  const packetModule = asData(await plain(packet.address))
  const source = await plain(new URL('./responder.ts', import.meta.url))
  return asData(source.replace(packet.named, JSON.stringify(packetModule.href)))
}

async function plain(address: URL): Promise<string> {
  return stripQuietly(await readFile(address, 'utf8'))
}

/** The stripper warns that it is experimental, which whoever starts a node cannot help. */
function stripQuietly(source: string): string {
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = () => undefined
  try {
    return stripTypeScriptTypes(source)
  } finally {
    process.emitWarning = emitWarning
  }
}

function asData(source: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`)
}
