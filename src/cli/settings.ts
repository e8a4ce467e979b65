/**
 * Settings: the flags that say which node or data directory a command means.
 */
import { loadConfig } from '../config.ts'
import type { FlagSetting, LoadedConfig } from '../config.ts'
import { findRunning } from '../control-client.ts'
import type { RunningNode } from '../control-client.ts'
import { EdgeError } from '../kernel/index.ts'

export interface CommonFlags {
  readonly config?: string
  readonly dataDir?: string
  readonly portOffset?: string
  readonly name?: string
  readonly json?: boolean
}

export function load(flags: CommonFlags): Promise<LoadedConfig> {
  const settings: FlagSetting[] = []
  const add = (path: string, flag: string, value: unknown): void => {
    if (value !== undefined) settings.push({ path, flag, value })
  }
  add('dataDir', '--data-dir', flags.dataDir)
  add('listen.portOffset', '--port-offset', numberOf(flags.portOffset))
  add('node.name', '--name', flags.name)
  const file = flags.config === undefined ? {} : { file: flags.config }
  return loadConfig({ ...file, flags: settings })
}

/** The nodes that run with the configured data directory; at least one. */
export async function running(flags: CommonFlags): Promise<readonly RunningNode[]> {
  const { config } = await load(withoutName(flags))
  const nodes = await findRunning(config.dataDir)
  const chosen =
    flags.name === undefined ? nodes : nodes.filter(({ record }) => record.name === flags.name)
  if (chosen.length > 0) return chosen
  const who = flags.name === undefined ? 'No node runs' : `No node named ${flags.name} runs`
  throw new EdgeError(
    'nothing_running',
    `${who} with the data directory ${config.dataDir}; start one with 'shoal up', ` +
      'or name another directory with --data-dir or EDGE_DATA_DIR',
    { detail: { dataDir: config.dataDir } },
  )
}

/** Here the name chooses among nodes; it sets nothing. */
function withoutName({ name: _name, ...rest }: CommonFlags): CommonFlags {
  return rest
}

/** Text that is no number is left to the schema, which says what it expects. */
function numberOf(text: string | undefined): unknown {
  if (text === undefined) return undefined
  return /^\d+$/.test(text) ? Number(text) : text
}
