/**
 * SimDay: carries out the faults of a plan at their times, and ends the day in calm.
 */
import { calmWeather } from './network-model.ts'
import { type Fault, faultText } from './sim-faults.ts'
import { peerIdOf } from './sim-node.ts'
import type { SimWorld } from './sim-world.ts'
import { Workload, workloadPath } from './sim-workload.ts'

/** Arm every fault of the plan. */
export function beginDay(world: SimWorld): void {
  for (const fault of world.plan.faults) {
    world.after(fault.atMs, () => {
      world.trace.event(world.nowMs, `fault: ${faultText(fault)}`)
      befall(world, fault)
    })
  }
}

/** Whatever still is wrong is put right; every machine runs. */
export async function becalm(world: SimWorld): Promise<void> {
  world.buggify.calm = true
  world.heal()
  for (const node of world.nodes) {
    world.resume(node.number)
    if (!node.up) await world.start(node.number)
  }
}

function befall(world: SimWorld, fault: Fault): void {
  switch (fault.kind) {
    case 'kill':
      return kill(world, fault)
    case 'pause':
      return world.pause(fault.node, fault.forMs)
    case 'partition':
      world.partition(fault.sides)
      return void world.after(fault.forMs, () => world.partition([]))
    case 'one-way':
      return forAWhile(world, fault, { cut: true })
    case 'refuse':
      return forAWhile(world, fault, { refuse: true })
    case 'clog':
      world.wires.clog(peerIdOf(fault.from), peerIdOf(fault.to), world.nowMs + fault.forMs)
      return void world.after(fault.forMs, () => world.changed())
    case 'weather': {
      const { loss, meanMs, jitterMs } = fault
      const delayMs = { min: calmWeather.delayMs.min, mean: meanMs }
      world.wires.weather = { ...calmWeather, loss, delayMs, jitterMs }
      return void world.after(fault.forMs, () => {
        world.wires.weather = calmWeather
      })
    }
    case 'reset':
      return world.cut(fault.from, fault.to)
    case 'clock':
      world.node(fault.node).skewMs += fault.byMs
      return
    case 'crash':
      return crash(world, fault.node)
  }
}

function kill(world: SimWorld, fault: Fault & { readonly kind: 'kill' }): void {
  if (!world.node(fault.node).up) return
  world.kill(fault.node, { silent: fault.silent })
  world.after(fault.forMs, () => {
    if (world.node(fault.node).up) return
    // The world hears of a start that fails.
    void world.start(fault.node).then(undefined, (error: Error) => world.fail(error))
  })
}

function forAWhile(
  world: SimWorld,
  { from, to, forMs }: { readonly from: number; readonly to: number; readonly forMs: number },
  wire: { readonly cut?: boolean; readonly refuse?: boolean },
): void {
  world.link(from, to, wire)
  world.after(forMs, () => world.mend(from, to))
}

function crash(world: SimWorld, number: number): void {
  const node = world.node(number)
  if (!node.up || node.paused || node.system.find(workloadPath) === null) return
  node.mesh.at(node.system.name, Workload, workloadPath).crash()
}
