import { Dice } from './dice.ts'
import { FAULT_SECONDS_MAX } from './faults.ts'
import type { World } from './world.ts'

/** Entries of the timeline by which nodes stand still for a while, the last before `stop` seconds: of dice of their own. */
export function randomFreezes(seed: string, { nodes }: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/freezes`)
  if (!dice.chance(0.3)) return []
  return Array.from({ length: dice.between(1, 3) }, () => {
    const node = dice.chance(0.5) ? dice.pick(nodes) : `{ count: ${dice.pick(['1', '2', '50%', 'all'])} }`
    // As long as a garbage collection of a kernel, a live migration, a grace period, and until connections are given up.
    const length = dice.pick(['7ms', '200ms', `${dice.between(1, 10)}s`, `${dice.between(40, FAULT_SECONDS_MAX)}s`, '160s'])
    const times = dice.chance(0.7)
      ? `at: ${dice.between(1, stop)}s`
      : `every: exp(20s), from: ${dice.between(0, stop - 20)}s, until: ${stop}s`
    return `{ ${times}, fault: { kind: node-freeze, node: ${node}, for: ${length} }, optional: true }`
  })
}
