/**
 * Family: the tree of cells, as lists that cost nothing for those without children.
 */
import type { Cell } from './cell.ts'
import { EdgeError } from './errors.ts'
import { extrasOf } from './extras.ts'
import * as limits from './limits.ts'
import type { SpawnOptions } from './props.ts'

/** Append to the parent's ring of children; the order of spawning is kept. */
export function adopt(parent: Cell, child: Cell): void {
  const last = parent.lastChild
  if (last !== null) {
    const first = last.nextSibling
    child.previousSibling = last
    child.nextSibling = first
    last.nextSibling = child
    first.previousSibling = child
  }
  parent.lastChild = child
}

export function disown(parent: Cell, child: Cell): void {
  if (parent.lastChild === child) {
    parent.lastChild = child.previousSibling === child ? null : child.previousSibling
  }
  child.previousSibling.nextSibling = child.nextSibling
  child.nextSibling.previousSibling = child.previousSibling
  child.nextSibling = child
  child.previousSibling = child
  const name = child.extras?.name
  if (name !== null && name !== undefined) parent.extras?.childNames?.delete(name)
}

/** Children in order of spawning. A snapshot, because visiting may change the list. */
export function childrenOf(parent: Cell): readonly Cell[] {
  const children: Cell[] = []
  const last = parent.lastChild
  if (last === null) return children
  for (let child = last.nextSibling; ; child = child.nextSibling) {
    children.push(child)
    if (child === last) return children
  }
}

/** Everybody below, the deepest first. A snapshot too; no recursion, trees may be deep. */
export function descendantsOf(root: Cell): readonly Cell[] {
  const found: Cell[] = [root]
  for (let i = 0; i < found.length; i++) {
    for (const child of childrenOf(found[i] as Cell)) found.push(child)
  }
  return found.slice(1).reverse()
}

export function childNamed(parent: Cell, name: string): Cell | null {
  const named = parent.extras?.childNames?.get(name)
  if (named !== undefined) return named
  if (!name.startsWith('$')) return null
  return childrenOf(parent).find((child) => child.name === name) ?? null
}

/** The name to give a child, checked; null when it lives under its number. */
export function chooseName(parent: Cell, options: SpawnOptions): string | null {
  const { name, namePrefix } = options
  if (name === undefined && namePrefix === undefined) return null
  if (name === undefined) return freeName(parent, checkName(namePrefix ?? ''))
  checkName(name)
  if (parent.extras?.childNames?.has(name) === true) throw duplicateName(parent, name)
  return name
}

export function giveName(parent: Cell, child: Cell, name: string): void {
  extrasOf(child).name = name
  const extras = extrasOf(parent)
  extras.childNames ??= new Map()
  extras.childNames.set(name, child)
}

/** A child born while its parent ends would be forgotten: nobody would stop it any more. */
export function checkSpawning(parent: Cell): void {
  if (parent.phase !== 'halting' && parent.phase !== 'ended') return
  throw new EdgeError(
    'parent_stopping',
    `${parent.path} is ending or restarting and can have no more children; spawn from a handler ` +
      'or the state factory',
    { detail: { path: parent.path } },
  )
}

export function checkDepth(parent: Cell): void {
  let depth = 1
  for (let cell: Cell | null = parent; cell !== null; cell = cell.parent) depth++
  if (depth <= limits.treeDepthMax) return
  throw new EdgeError(
    'tree_too_deep',
    `A child of ${parent.name} would be ${depth} levels deep; ${limits.treeDepthMax} is the ` +
      'limit: spawn siblings instead of ever deeper children',
  )
}

function freeName(parent: Cell, prefix: string): string {
  const extras = extrasOf(parent)
  let name = ''
  do name = `${prefix}-${++extras.prefixCount}`
  while (extras.childNames?.has(name) === true)
  return name
}

function checkName(name: string): string {
  const valid = /^[\w.~:@+=-]+$/.test(name) && name.length <= limits.nameLengthMax
  if (valid) return name
  throw new EdgeError(
    'invalid_name',
    `${JSON.stringify(name.slice(0, 80))} cannot name an actor; use letters, digits and ` +
      `_ - . ~ : @ + = only, ${limits.nameLengthMax} characters at most`,
  )
}

function duplicateName(parent: Cell, name: string): EdgeError {
  const path = parent.parent === null ? `/${name}` : `${parent.path}/${name}`
  return new EdgeError(
    'duplicate_name',
    `An actor ${path} is already alive; choose another name or wait until it has ended`,
    { detail: { path } },
  )
}
