/**
 * Loading the configuration: values, origins, and what a wrong one is told.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { configSchema } from '../../protocols/config.ts'
import { configJsonSchema } from '../../protocols/config-json-schema.ts'
import { fieldsWithoutEffect, listConfig } from '../../src/config-listing.ts'
import { loadConfig, parseConfig } from '../../src/config.ts'
import { defineConfig } from '../../src/define-config.ts'
import type { LoadOptions } from '../../src/config.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shoal-config-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = (options: LoadOptions = {}) => loadConfig({ folder, env: {}, ...options })

function write(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

async function refusal(options: LoadOptions = {}): Promise<{ code: string; message: string }> {
  return load(options).then(
    () => expect.fail('the configuration was accepted'),
    (error: unknown) => error as { code: string; message: string },
  )
}

describe('defaults and origins', () => {
  test('R237: with no file, variable or flag every field has its documented default', async () => {
    const { config, origins, file } = await load()
    expect(file).toBeUndefined()
    expect(config).toMatchObject({
      cluster: { name: 'default', peers: [], mdns: true, maxNodes: 100, topology: 'two-level' },
      dataDir: join(homedir(), '.shoal', 'default'),
      budget: { memory: 256e6, disk: 1e9, writesPerHour: 20e6, idleBandwidth: 5_000 },
      heartbeat: { interval: 30_000 },
      health: { interval: 60_000 },
      functions: { timeout: 30_000, memory: 128e6, prewarm: 2, idleEvict: 300_000 },
      tasks: { timeout: 300_000, retries: 3, strategy: 'adaptive', threshold: 0.8 },
      cache: { maxEntries: 10_000, maxBytes: 64e6, replicas: 2, ttl: 300_000 },
      limits: { bucket: { capacity: 100, refill: 20 }, bulkheads: { cache_operations: 50 } },
      logs: { level: 'info', maxBytes: 64e6, maxAge: 604_800_000, redact: [] },
    })
    expect(config.listen.p2p).toEqual({ host: '0.0.0.0', port: 4001 })
    expect(config.listen.api).toEqual({ host: '127.0.0.1', port: 8080 })
    expect(new Set([...origins.values()].map(({ kind }) => kind))).toEqual(new Set(['default']))
  })

  test('flags win over variables, variables over the file; each origin is known', async () => {
    const file = write('shoal.config.yaml', 'heartbeat:\n  interval: 10s\nlogs: { level: warn }\n')
    const { config, origins } = await load({
      env: { LOG_LEVEL: 'debug', EDGE_MAX_NODES: '7' },
      flags: [{ path: 'cluster.maxNodes', flag: '--max-nodes', value: 9 }],
    })
    expect(config.heartbeat.interval).toBe(10_000)
    expect(config.logs.level).toBe('debug')
    expect(config.cluster.maxNodes).toBe(9)
    expect(origins.get('heartbeat.interval')).toEqual({ kind: 'file', where: `${file}:2:3` })
    expect(origins.get('logs.level')).toEqual({ kind: 'env', where: 'LOG_LEVEL' })
    expect(origins.get('cluster.maxNodes')).toEqual({ kind: 'flag', where: '--max-nodes' })
    expect(origins.get('cache.ttl')).toEqual({ kind: 'default', where: '' })
  })

  test('R162-R167: each variable sets its field, and numbers of time are seconds', async () => {
    const { config, origins } = await load({
      env: {
        EDGE_MAX_NODES: '100',
        EDGE_TASK_TIMEOUT: '300',
        EDGE_CACHE_MAX_SIZE: '10000',
        EDGE_HEARTBEAT_INTERVAL: '5',
        EDGE_RATE_LIMIT_CAPACITY: '50',
        EDGE_RATE_LIMIT_REFILL: '2.5',
        EDGE_NODE_ID: 'edge-1',
        EDGE_PORT_OFFSET: '100',
        EDGE_DATA_DIR: 'data',
        EDGE_MEMORY_BUDGET: '512MB',
        EDGE_PEERS: '/ip4/10.0.0.1/tcp/4001, /dns4/b.example/tcp/4001',
        EDGE_MDNS: 'off',
        LOG_LEVEL: '',
      },
    })
    expect(config).toMatchObject({
      cluster: { maxNodes: 100, mdns: false },
      tasks: { timeout: 300_000 },
      cache: { maxEntries: 10_000 },
      heartbeat: { interval: 5_000 },
      limits: { bucket: { capacity: 50, refill: 2.5 } },
      node: { id: 'edge-1' },
      dataDir: join(folder, 'data'),
      budget: { memory: 512e6 },
      logs: { level: 'info' },
    })
    expect(config.cluster.peers).toEqual(['/ip4/10.0.0.1/tcp/4001', '/dns4/b.example/tcp/4001'])
    expect(config.listen.p2p?.port).toBe(4101)
    expect(config.listen.api?.port).toBe(8180)
    expect(origins.get('tasks.timeout')?.where).toBe('EDGE_TASK_TIMEOUT')
  })

  test('YAML, JSON and TypeScript give the same configuration', async () => {
    const wanted = { cluster: { name: 'plant' }, heartbeat: { interval: '5 min' } }
    write('shoal.config.json', JSON.stringify(wanted))
    const json = await load()
    rmSync(join(folder, 'shoal.config.json'))
    write('shoal.config.yaml', 'cluster: {name: plant}\nheartbeat:\n  interval: 5 min')
    const yaml = await load()
    rmSync(join(folder, 'shoal.config.yaml'))
    write('shoal.config.ts', `const c: object = ${JSON.stringify(wanted)}\nexport default c\n`)
    const ts = await load()
    expect(json.config).toEqual(yaml.config)
    expect(ts.config).toEqual(yaml.config)
    expect(ts.config.heartbeat.interval).toBe(300_000)
    expect(parseConfig(defineConfig(wanted))).toMatchObject(
      wanted.cluster.name ? { cluster: wanted.cluster } : {},
    )
  })

  test('an empty file is the default configuration', async () => {
    write('shoal.config.yaml', '# nothing yet\n')
    expect((await load()).config).toEqual((await load({ folder: tmpdir() })).config)
  })

  test('fields that are set and have no effect yet are listed; secrets are not shown', async () => {
    write('shoal.config.yaml', 'cache: { ttl: 10s }\nheartbeat: { interval: 1s }\n')
    const loaded = await load({ env: { EDGE_CLUSTER_SECRET: 'a secret of some length' } })
    expect(fieldsWithoutEffect(loaded).map(({ path }) => path)).toEqual(['cache.ttl'])
    const row = listConfig(loaded).find(({ path }) => path === 'cluster.secret')
    expect(row).toMatchObject({ value: '***', origin: { where: 'EDGE_CLUSTER_SECRET' } })
    expect(JSON.stringify(listConfig(loaded))).not.toContain('some length')
  })
})

describe('refusals', () => {
  test('an unknown key is refused with its place, a suggestion and accepted names', async () => {
    const file = write('shoal.config.yaml', 'node:\n  name: a\nheartbeat:\n    intervall: 10s\n')
    const { code, message } = await refusal()
    expect(code).toBe('config_invalid')
    expect(message).toBe(
      `${file}:4:5: heartbeat.intervall is not a known field; did you mean "interval"? ` +
        'Accepted here: interval',
    )
  })

  test('an unknown key in JSON and in TypeScript is found in the text too', async () => {
    const json = write('a.json', '{\n  "cluster": {\n    "secrt": "x"\n  }\n}')
    expect((await refusal({ file: json })).message).toContain(`${json}:3:5: cluster.secrt`)
    const ts = write('a.ts', 'export default {\n  cluster: {\n    secrt: "x",\n  },\n}\n')
    const { message } = await refusal({ file: ts })
    expect(message).toContain(`${ts}:3:5: cluster.secrt`)
    expect(message).toContain('did you mean "secret"?')
  })

  test('a known name in the wrong group is sent to its own', async () => {
    write('shoal.config.yaml', 'maxNodes: 3\n')
    expect((await refusal()).message).toContain('did you mean "cluster.maxNodes"?')
  })

  test('all problems are told at once, each with its place', async () => {
    const file = write(
      'shoal.config.yaml',
      'node: 5\ncache:\n  ttl: soon\nlogs: { level: verbos }\n',
    )
    const { message } = await refusal({ env: { EDGE_MAX_NODES: 'many' } })
    expect(message.split('\n')).toEqual([
      `${file}:1:1: node expects an object, not 5`,
      'EDGE_MAX_NODES: cluster.maxNodes expects a number, not "many"',
      `${file}:3:3: cache.ttl expects a duration such as "10s", "5 min" ` +
        'or a number of seconds, not "soon"',
      `${file}:4:9: logs.level expects one of trace, debug, info, warn, error, fatal, silent, ` +
        'not "verbos"',
    ])
  })

  test.for<[Record<string, string>, string]>([
    [
      { EDGE_HEARTBEAT_INTERVAL: '-1' },
      'EDGE_HEARTBEAT_INTERVAL: heartbeat.interval expects a dur',
    ],
    [{ EDGE_MAX_NODES: '1.5' }, 'EDGE_MAX_NODES: cluster.maxNodes expects a whole number, not 1.5'],
    [{ EDGE_MAX_NODES: '0' }, 'EDGE_MAX_NODES: cluster.maxNodes is 0, and the least is 1'],
    [{ EDGE_RATE_LIMIT_REFILL: '1e2' }, 'EDGE_RATE_LIMIT_REFILL: limits.bucket.refill expects'],
    [{ EDGE_MEMORY_BUDGET: '1MB' }, 'EDGE_MEMORY_BUDGET: budget.memory expects a size'],
    [{ LOG_LEVEL: 'inof' }, 'not "inof"; did you mean "info"?'],
    [{ EDGE_PEERS: '10.0.0.1:4001' }, 'EDGE_PEERS: cluster.peers.0 expects a multiaddress'],
    [{ EDGE_CLUSTER_SECRET: 'short' }, 'EDGE_CLUSTER_SECRET: cluster.secret'],
    [{ EDGE_PORT_OFFSET: '60000' }, 'takes it above 65535'],
  ])('the variable in %o is named', async ([env, expected]) => {
    expect((await refusal({ env })).message).toContain(expected)
  })

  test('a secret that is wrong is not repeated', async () => {
    const { message } = await refusal({ env: { EDGE_CLUSTER_SECRET: 'hunter2' } })
    expect(message).toBe(
      'EDGE_CLUSTER_SECRET: cluster.secret has 7 characters, and the least is 16',
    )
    const key = await refusal({ env: { EDGE_NETWORK_KEY: 'hunter2' } })
    expect(key.message).toContain('expects 64 hexadecimal digits')
    expect(key.message).not.toContain('hunter2')
  })

  test.for<[string, string]>([
    ['detect: { suspectAfter: 4s, deadAfter: 1s }', 'shorter than detect.suspectAfter'],
    ['listen: { api: 4001 }', 'listen.api has port 4001, as listen.p2p'],
    ['listen: { p2p: 70000 }', 'listen.p2p expects a port from 0 to 65535'],
    ['listen: { p2p: true }', 'listen.p2p expects a port from 0 to 65535'],
    ['workers: { min: 4, max: 2 }', 'workers.max is 2, below workers.min with 4'],
    ['autonomy: soon', 'autonomy expects "forever", or a duration'],
    ['cluster: [1]', 'cluster expects an object, not [1]'],
    ['just text', 'the file expects an object, not "just text"'],
    ['__proto__: { polluted: true }', '__proto__ is not a known field'],
    ['node: { constructor: 1 }', 'node.constructor is not a known field'],
  ])('%s is refused', async ([yaml, expected]) => {
    write('shoal.config.yaml', yaml)
    expect((await refusal()).message).toContain(expected)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.for(['a: [1', 'a: 1\na: 2', '\ta: 1', 'a: *nowhere', '{"a": }'])(
    'broken syntax %j is refused with its line and column',
    async (text) => {
      const file = write('shoal.config.yaml', text)
      const { code, message } = await refusal()
      expect(code).toBe('config_invalid')
      expect(message).toContain(file)
    },
  )

  test('an alias bomb is refused', async () => {
    const rows = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (let i = 0; i < 8; i += 1) {
      const [name, last] = [String.fromCharCode(98 + i), String.fromCharCode(97 + i)]
      rows.push(`${name}: &${name} [${Array(10).fill(`*${last}`).join(', ')}]`)
    }
    write('shoal.config.yaml', rows.join('\n'))
    expect((await refusal()).code).toBe('config_invalid')
  })

  test('two files, a missing file, a folder and a broken module are refused', async () => {
    expect((await refusal({ file: 'nowhere.yaml' })).code).toBe('config_unreadable')
    expect((await refusal({ file: '.' })).code).toBe('config_unreadable')
    expect((await refusal({ file: write('none.ts', 'export const x = 1\n') })).message).toContain(
      'exports no configuration',
    )
    expect((await refusal({ file: write('bad.ts', 'export default {{\n') })).code).toBe(
      'config_invalid',
    )
    write('shoal.config.yaml', '')
    write('shoal.config.json', '{}')
    expect((await refusal()).code).toBe('config_ambiguous')
  })

  test('a variable that is nearly one of ours gets a warning with a suggestion', async () => {
    const { warnings } = await load({ env: { EDGE_MAX_NODE: '3', PATH: '/bin', EDGE_TOKEN: 'x' } })
    expect(warnings).toEqual([
      'the environment variable EDGE_MAX_NODE is not known; did you mean EDGE_MAX_NODES?',
    ])
  })
})

describe('the shipped JSON Schema', () => {
  test('is up to date (write it anew with vitest -u)', async () => {
    const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`
    await expect(text).toMatchFileSnapshot('../../docs/schema/shoal.config.schema.json')
  })

  test('describes every field and refuses unknown names', () => {
    const schema = JSON.stringify(configJsonSchema())
    for (const row of listConfig({
      config: parseConfig({}),
      origins: new Map(),
      file: undefined,
      warnings: [],
    })) {
      expect(row.description).not.toBe('')
      expect(schema).toContain(row.description.slice(0, 20))
    }
    expect(configJsonSchema()).toMatchObject({ additionalProperties: false })
    expect(schema).toContain('Environment: EDGE_MAX_NODES.')
  })

  test('the defaults satisfy the schema they come from', () => {
    expect(configSchema.safeParse({}).success).toBe(true)
  })
})
