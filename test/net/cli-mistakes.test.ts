/**
 * Mistakes on the command line: one sentence with the place and the remedy, and the exit code that
 * is documented.
 */
import { createServer } from 'node:net'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePorts, scratch, shoal, Staying } from './shoal-process.ts'

test('a word that is no command is refused with a suggestion, and the exit code for usage', async () => {
  const { code, err } = await shoal(['stauts'])
  expect(code).toBe(2)
  expect(err).toContain('Did you mean status?')
})

test('a misspelt field is refused with file, line and column, and the nearest name', async () => {
  await using dir = await scratch()
  const file = join(dir.path, 'shoal.config.yaml')
  await writeFile(file, 'cluster:\n  naem: shop\n')
  const { code, err } = await shoal(['up', '-c', file, '--data-dir', join(dir.path, 'data')])
  expect(code).toBe(2)
  expect(err).toMatch(/shoal\.config\.yaml:2:3/)
  expect(err).toContain('name')
})

test('a port that is taken is named, with what to do about it', async () => {
  await using dir = await scratch()
  const port = await freePorts(1)
  const server = createServer().listen(port, '0.0.0.0')
  const { code, err } = await shoal(['up', '--port-offset', String(port - 4_001)], {
    EDGE_DATA_DIR: dir.path,
  })
  server.close()
  expect(code).toBe(1)
  expect(err).toContain('address_in_use')
  expect(err).toContain(String(port))
})

test('a data directory that is in use says which node and process hold it', async () => {
  await using dir = await scratch()
  const first = await freePorts(2)
  const env = { EDGE_DATA_DIR: dir.path, EDGE_NODE_NAME: 'till' }
  await using node = new Staying(['up', '--json', '--port-offset', String(first - 4_001)], env)
  await node.line()
  const { code, err } = await shoal(['up', '--port-offset', String(first - 4_000)], env)
  expect(code).toBe(1)
  expect(err).toContain('till')
  expect(err).toContain(String(node.child.pid))
})

test('a data directory that is a file is refused by its path', async () => {
  await using dir = await scratch()
  const path = join(dir.path, 'data')
  await writeFile(path, 'not a folder')
  const { code, err } = await shoal(['up'], { EDGE_DATA_DIR: path })
  expect(code).toBe(1)
  expect(err).toContain(path)
})

test('a ticket that was mistyped is refused before anything is started', async () => {
  await using dir = await scratch()
  await mkdir(join(dir.path, 'data'))
  const { code, err } = await shoal(['up', '--join', 'shoal1.abc.00000000'], {
    EDGE_DATA_DIR: join(dir.path, 'data'),
  })
  expect(code).toBe(2)
  expect(err).toContain('ticket')
})

test('status without a running node says where it looked and exits with not found', async () => {
  await using dir = await scratch()
  const { code, err } = await shoal(['status', '--data-dir', dir.path])
  expect(code).toBe(3)
  expect(err).toContain(dir.path)
})

test('with --json a failure is one JSON object on the standard output', async () => {
  await using dir = await scratch()
  const { out } = await shoal(['status', '--json', '--data-dir', dir.path])
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'nothing_running' } })
})
