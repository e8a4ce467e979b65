/**
 * Config: the whole configuration of a node, as one schema with its defaults.
 *
 * The only source of field names, defaults, checks and descriptions. What a person writes is the
 * schema's input; what the program reads is its output, where durations are milliseconds, sizes
 * bytes and rates bits a second. Fields marked as not yet used keep files stable until their part
 * exists. Unknown names are errors everywhere but in labels and in entries of open lists.
 */
import * as z from 'zod'

import { duration, field, later, listen, rate, secret, size } from './config-field.ts'

const count = (max = 1_000_000): z.ZodInt => z.int().min(0).max(max)
const share = z.number().min(0).max(1)
const name = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,62}$/u, {
  error: 'expects 1 to 63 letters, digits, dots, dashes or underscores',
})
const address = z.string().regex(/^\/(ip4|ip6|dns|dns4|dns6|dnsaddr)\/.{1,250}$/, {
  error: 'expects a multiaddress such as "/ip4/10.0.0.7/tcp/4001"',
})
const openEntry = z.record(z.string(), z.json())

const node = z.strictObject({
  id: field(
    name.optional(),
    'Identifier of the node; made once and kept when absent',
    'EDGE_NODE_ID',
  ),
  name: field(name.optional(), 'Name shown to people; the host name when absent', 'EDGE_NODE_NAME'),
  location: z
    .strictObject({
      latitude: later(z.number().min(-90).max(90).optional(), 'Degrees north'),
      longitude: later(z.number().min(-180).max(180).optional(), 'Degrees east'),
      region: later(z.string().max(63).optional(), 'Region for routing and placement'),
      zone: later(z.string().max(63).optional(), 'Failure zone; replicas are spread over zones'),
    })
    .prefault({}),
  labels: field(z.record(z.string(), z.string()).default({}), 'Free labels, matched by placement'),
  taints: later(z.array(z.string()).default([]), 'Work stays away unless it tolerates these'),
  capabilities: later(z.array(z.string()).optional(), 'What the node can do; detected when absent'),
  maxFunctions: later(count().default(10), 'Functions that the node may hold'),
  maxConcurrentTasks: later(count().default(20), 'Tasks that the node runs at once'),
})

const cluster = z.strictObject({
  name: field(name.default('default'), 'Name of the cluster', 'EDGE_CLUSTER_NAME'),
  secret: secret(
    z.string().min(16).max(1_024).optional(),
    'Shared secret; the first start makes one when absent',
    'EDGE_CLUSTER_SECRET',
  ),
  peers: field(
    z.array(address).max(1_000).default([]),
    'Addresses of members to dial',
    'EDGE_PEERS',
  ),
  mdns: field(z.boolean().default(true), 'Look for members on the local network', 'EDGE_MDNS'),
  maxNodes: field(z.int().min(1).max(100_000).default(100), 'Most members', 'EDGE_MAX_NODES'),
  site: field(name.default('default'), 'Site of the node, for two-level state'),
  topology: later(z.enum(['flat', 'two-level']).default('two-level'), 'How state is spread'),
})

const listeners = z.strictObject({
  p2p: field(listen('0.0.0.0').prefault(4001), 'Where members connect'),
  api: later(listen('127.0.0.1').prefault(8080), 'HTTP API; loopback unless a host is given'),
  gateway: later(listen('0.0.0.0').prefault(3000), 'HTTP gateway with authentication'),
  metrics: later(
    z.union([z.literal('api'), listen('127.0.0.1')]).default('api'),
    'Metrics: on the API port, or a port of their own',
  ),
  portOffset: field(count(60_000).default(0), 'Added to every port', 'EDGE_PORT_OFFSET'),
})

const net = z.strictObject({
  encryption: field(
    z
      .array(z.enum(['tls', 'noise']))
      .min(1)
      .max(2)
      .default(['tls', 'noise']),
    'Encryption offered to members, best first',
  ),
  networkKey: secret(
    z
      .string()
      .regex(/^[0-9a-f]{64}$/i, { error: 'expects 64 hexadecimal digits' })
      .optional(),
    'Pre-shared key below the encryption; halves bulk throughput',
    'EDGE_NETWORK_KEY',
  ),
  relay: field(z.boolean().default(false), 'Relay for members that cannot reach each other'),
  holePunching: field(z.boolean().default(false), 'Try direct connections through NAT'),
  announce: field(z.array(address).max(32).default([]), 'Addresses to announce, behind a NAT'),
  nodesPerAddress: field(
    z.int().min(1).max(100_000).optional(),
    'Most members behind one address; all of them when absent',
  ),
})

const budget = z.strictObject({
  memory: later(size({ min: 64e6 }).prefault('256MB'), 'Memory of the node', 'EDGE_MEMORY_BUDGET'),
  disk: later(size({ min: 10e6 }).prefault('1GB'), 'Disk space of the data directory'),
  writesPerHour: later(size().prefault('20MB'), 'Bytes written to flash in an hour'),
  idleBandwidth: later(rate().prefault('5 kbit/s'), 'Warn when an idle node uses more'),
})

const detect = z.strictObject({
  profile: field(
    z.enum(['lan', 'wan', 'edge-lossy']).default('lan'),
    'Network for which failure detection is tuned',
    'EDGE_DETECT_PROFILE',
  ),
  probeInterval: field(
    duration().optional(),
    'Time between probes; set by the profile when absent',
  ),
  suspectAfter: field(duration().optional(), 'Silence until suspicion; set by the profile'),
  deadAfter: field(duration().optional(), 'Silence until a node is dead; set by the profile'),
})

const every = z.strictObject({
  interval: field(
    duration({ min: 100 }).prefault('30s'),
    'Time between heartbeats with resources',
    'EDGE_HEARTBEAT_INTERVAL',
  ),
})

const deepCheck = z.strictObject({
  interval: field(duration({ min: 100 }).prefault('60s'), 'Time between deep health checks'),
})

const functions = z.strictObject({
  timeout: later(duration().prefault('30s'), 'Longest run of a function'),
  memory: later(size().prefault('128MB'), 'Memory of a function'),
  isolation: later(z.enum(['worker', 'tenant', 'untrusted']).default('worker'), 'Isolation tier'),
  prewarm: later(count().default(2), 'Instances kept warm'),
  idleEvict: later(duration().prefault('5 min'), 'Idle time until an instance goes'),
  maxVersions: later(count().default(20), 'Versions kept for rollback'),
})

const strategies = ['round_robin', 'least_loaded', 'capability', 'latency', 'adaptive'] as const

const tasks = z.strictObject({
  timeout: later(duration().prefault('300s'), 'Longest run of a task', 'EDGE_TASK_TIMEOUT'),
  retries: later(count(100).default(3), 'Attempts after the first'),
  strategy: later(z.enum(strategies).default('adaptive'), 'How a node is chosen'),
  threshold: later(share.default(0.8), 'Load from which a node gets no more'),
})

const cache = z.strictObject({
  maxEntries: later(count(1e9).default(10_000), 'Most entries', 'EDGE_CACHE_MAX_SIZE'),
  maxBytes: later(size().prefault('64MB'), 'Most bytes'),
  replicas: later(count(16).default(2), 'Copies of an entry'),
  ttl: later(duration().prefault('300s'), 'Life of an entry'),
})

const conflicts = ['newer_wins', 'remote_wins', 'local_wins', 'merge'] as const

const sync = z.strictObject({
  interval: later(duration().prefault('5 min'), 'Time between synchronisations'),
  upstream: later(z.url().nullable().default(null), 'Where to synchronise to'),
  bandwidth: later(
    z.union([z.literal('unlimited'), rate()]).default('unlimited'),
    'Most bandwidth',
  ),
  compress: later(z.boolean().default(true), 'Compress what is sent'),
  encrypt: later(z.boolean().default(true), 'Encrypt from end to end'),
  conflict: later(z.enum(conflicts).default('newer_wins'), 'Which of two changes wins'),
})

const limits = z.strictObject({
  bucket: z
    .strictObject({
      capacity: later(count().default(100), 'Requests at once', 'EDGE_RATE_LIMIT_CAPACITY'),
      refill: later(
        z.number().min(0).max(1e6).default(20),
        'Requests a second',
        'EDGE_RATE_LIMIT_REFILL',
      ),
    })
    .prefault({}),
  bulkheads: z
    .strictObject({
      node_operations: later(count().default(10), 'Node operations at once'),
      task_operations: later(count().default(20), 'Task operations at once'),
      cache_operations: later(count().default(50), 'Cache operations at once'),
    })
    .prefault({}),
  breaker: z
    .strictObject({
      failures: later(count(1_000).default(3), 'Failures that open it'),
      recovery: later(duration().prefault('30s'), 'Time until it is tried again'),
      successes: later(count(1_000).default(2), 'Successes that close it'),
    })
    .prefault({}),
})

const auth = z.strictObject({
  mode: later(z.enum(['on', 'off']).default('on'), 'Whether requests need a token'),
  jwt: z.strictObject({ ttl: later(duration().prefault('1h'), 'Life of a token') }).prefault({}),
  roles: later(z.array(name).default(['admin', 'node', 'user']), 'Roles that tokens may carry'),
})

const tls = z.strictObject({
  mode: later(z.enum(['auto', 'files']).default('auto'), 'Own certificate authority, or files'),
  only: later(z.boolean().default(true), 'Refuse plain HTTP from other machines'),
  rotateBefore: later(duration().prefault('30d'), 'Renew a certificate so long before its end'),
})

const update = z.strictObject({
  window: later(z.string().max(100).default('any'), 'When updates may run'),
  hold: later(z.boolean().default(false), 'Keep the present version'),
  channel: later(z.enum(['manual', 'stable', 'next']).default('manual'), 'Where updates come from'),
  autoRollbackAfter: later(duration().prefault('60s'), 'Unhealthy time until a rollback'),
})

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

const logs = z.strictObject({
  level: field(z.enum(levels).default('info'), 'Least severe line that is written', 'LOG_LEVEL'),
  maxBytes: later(size().prefault('64MB'), 'Most bytes of kept logs'),
  maxAge: later(duration().prefault('7d'), 'Oldest kept log'),
  redact: field(z.array(z.string()).default([]), 'More field names whose values are hidden'),
})

const telemetry = z.strictObject({
  endpoint: later(
    z.url().optional(),
    'OTLP endpoint; nothing leaves without it',
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
})

const workers = z.strictObject({
  min: later(count(1_024).default(1), 'Worker threads kept'),
  max: later(z.int().min(1).max(1_024).optional(), 'Most worker threads; one a core when absent'),
})

const models = z.strictObject({
  dir: later(z.string().optional(), 'Where models are kept; in the data directory when absent'),
  maxBytes: later(size().prefault('256MB'), 'Most bytes of models'),
})

/** The whole configuration; unknown names are errors. */
export const configSchema = z
  .strictObject({
    $schema: field(z.string().optional(), 'Address of this schema, for editors'),
    node: node.prefault({}),
    cluster: cluster.prefault({}),
    listen: listeners.prefault({}),
    net: net.prefault({}),
    dataDir: field(
      z.string().min(1).optional(),
      'Where the node keeps its data; ~/.shoal/<cluster name> when absent',
      'EDGE_DATA_DIR',
    ),
    budget: budget.prefault({}),
    detect: detect.prefault({}),
    heartbeat: every.prefault({}),
    health: deepCheck.prefault({}),
    autonomy: later(
      z.union([z.literal('forever'), duration()]).default('forever'),
      'How long an unreachable node keeps its work',
    ),
    functions: functions.prefault({}),
    tasks: tasks.prefault({}),
    cache: cache.prefault({}),
    sync: sync.prefault({}),
    limits: limits.prefault({}),
    auth: auth.prefault({}),
    tls: tls.prefault({}),
    update: update.prefault({}),
    logs: logs.prefault({}),
    telemetry: telemetry.prefault({}),
    workers: workers.prefault({}),
    models: models.prefault({}),
    fed: z
      .strictObject({ enabled: later(z.boolean().default(false), 'Federated learning') })
      .prefault({}),
    containers: z
      .strictObject({
        engine: later(
          z.enum(['auto', 'off', 'docker', 'podman']).default('auto'),
          'Container engine',
        ),
      })
      .prefault({}),
    cdn: z
      .strictObject({ providers: later(z.array(openEntry).default([]), 'CDN providers') })
      .prefault({}),
    routing: z
      .strictObject({ rules: later(z.array(openEntry).default([]), 'Routing rules') })
      .prefault({}),
    namespaces: z
      .strictObject({
        quota: later(openEntry.nullable().default(null), 'Quota of each namespace'),
      })
      .prefault({}),
  })
  .check(({ value, issues }) => {
    for (const { path, message } of contradictionsOf(value)) {
      issues.push({ code: 'custom', path: [...path], message, input: value })
    }
  })

/** What a person may write. */
export type ConfigInput = z.input<typeof configSchema>

/** One thing that the schema has against a value. */
export type ConfigIssue = z.core.$ZodIssue

/** What the program reads: every field present, in milliseconds, bytes and bits a second. */
export type Config = z.output<typeof configSchema>

interface Contradiction {
  readonly path: readonly string[]
  readonly message: string
}

/** Fields that are right alone and wrong together. */
function contradictionsOf(config: Config): readonly Contradiction[] {
  const { suspectAfter, deadAfter } = config.detect
  const { min, max } = config.workers
  const found: Contradiction[] = []
  if (suspectAfter !== undefined && deadAfter !== undefined && deadAfter < suspectAfter) {
    const message = `is ${deadAfter} ms, shorter than detect.suspectAfter with ${suspectAfter} ms`
    found.push({ path: ['detect', 'deadAfter'], message })
  }
  if (max !== undefined && max < min) {
    found.push({ path: ['workers', 'max'], message: `is ${max}, below workers.min with ${min}` })
  }
  return [...found, ...portClashesOf(config)]
}

function portClashesOf(config: Config): readonly Contradiction[] {
  const found: Contradiction[] = []
  const taken = new Map<number, string>()
  for (const key of ['p2p', 'api', 'gateway', 'metrics'] as const) {
    const place = config.listen[key]
    if (place === null || place === 'api' || place.port === 0) continue
    const other = taken.get(place.port)
    if (other === undefined) taken.set(place.port, key)
    else
      found.push({ path: ['listen', key], message: `has port ${place.port}, as listen.${other}` })
    if (place.port + config.listen.portOffset > 65_535) {
      const message = `has port ${place.port} and listen.portOffset takes it above 65535`
      found.push({ path: ['listen', key], message })
    }
  }
  return found
}
