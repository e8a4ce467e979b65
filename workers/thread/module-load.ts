/**
 * ModuleLoad: one export of a module that a job or an actor was said to be in.
 */
import { EdgeError } from '../../src/kernel/index.ts'

export interface Exported {
  /** Address of the module. */
  readonly module: string
  readonly export: string
}

export async function loadExport(from: Exported): Promise<unknown> {
  try {
    return Reflect.get((await import(from.module)) as object, from.export)
  } catch (cause) {
    throw new EdgeError(
      'worker_module_invalid',
      `${from.module} cannot be loaded: ${String(cause)}; check its address`,
      { cause },
    )
  }
}
