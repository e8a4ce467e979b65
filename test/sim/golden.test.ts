/**
 * The golden walk-through: the story of three nodes, message by message, as it must always be.
 *
 * A change of the story is a change of behaviour: read the difference, and if it is meant, write
 * it anew with `SHOAL_GOLDEN=update npx vitest run test/sim/golden.test.ts`.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { kind } from '../../actors/node.ts'
import { Node, nodePath } from '../../protocols/node.ts'
import { actor, ask, protocol } from '../../src/kernel/index.ts'
import type { Ref } from '../../src/kernel/index.ts'
import { simulate, SimStory } from '../../src/testing/index.ts'
import type { SimWorld } from '../../src/testing/index.ts'

const golden = new URL('golden.txt', import.meta.url)

const Greeter = protocol('golden.greeter/1', {
  greet: ask<{ readonly name: string }, { readonly text: string }>(),
})
const greeter = actor(Greeter, {
  state: () => null,
  on: { greet: (_, { name }) => ({ text: `Hello, ${name}` }) },
})

test('three nodes meet, one asks another, one is stopped and noticed, it returns', async () => {
  const told = await tell()
  if (process.env['SHOAL_GOLDEN'] === 'update') await writeFile(golden, told)
  expect(told).toBe(await readFile(golden, 'utf8'))
})

test('the story does not depend on which run of the process tells it', async () => {
  expect(await tell()).toBe(await tell())
})

async function tell(): Promise<string> {
  const options = {
    seed: 3,
    nodes: 3,
    seconds: 30,
    workload: false,
    protocols: [Greeter],
    kinds: { greeter: kind(greeter, () => undefined) },
  }
  const { result } = await simulate(options, walk)
  return result
}

async function walk(world: SimWorld): Promise<string> {
  const story = SimStory.of(world)
  story.chapter(world.nowMs, 'Three nodes meet')
  await world.until(() => world.agreed(), '10s')
  story.chapter(world.nowMs, 'One asks an actor on another')
  const there = await spawnThere(world)
  const answer = await world.settle(there.greet({ name: 'edge-1' }))
  story.say(world.nowMs, `edge-1 has heard: ${answer.text}`)
  story.chapter(world.nowMs, 'One is stopped, and noticed')
  world.pause(3)
  await world.until(() => isHeldFor(world, [1, 2], 'dead'), '10s')
  story.chapter(world.nowMs, 'It returns')
  world.resume(3)
  await world.until(() => world.agreed(), '20s')
  story.say(world.nowMs, 'everyone holds everyone for alive')
  return story.text
}

async function spawnThere(world: SimWorld): Promise<Ref<typeof Greeter.messages>> {
  const { mesh } = world.node(1)
  const system = world.node(2).system.name
  const node = mesh.at(system, Node, nodePath)
  await world.settle(node.spawn({ kind: 'greeter', name: 'greeter' }))
  return mesh.at(system, Greeter, `${nodePath}/greeter`)
}

async function isHeldFor(
  world: SimWorld,
  observers: readonly number[],
  liveness: string,
): Promise<boolean> {
  for (const observer of observers) {
    const { members } = await world.settle(world.node(observer).view())
    const held = members.find(({ peerId }) => peerId === world.node(3).peerId)
    if (held?.liveness !== liveness) return false
  }
  return true
}
