/**
 * DefineConfig: gives a configuration in TypeScript its types; it changes nothing.
 */
import type { ConfigInput } from '../protocols/config.ts'

export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}
