/**
 * InspectOperations: what operators want done to a cell, as soon as it is between two turns.
 */
import type { Cell } from './cell.ts'
import { extrasOf } from './extras.ts'

export function runOperations(cell: Cell): void {
  const extras = extrasOf(cell)
  const { operations } = extras
  extras.operations = null
  for (const operation of operations ?? []) operation()
}
