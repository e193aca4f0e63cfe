import { Dice } from './dice.ts'
import { FAULT_SECONDS_MAX } from './faults.ts'
import type { World } from './world.ts'

/** Entries of the timeline by which components are slow for a while, the last before `stop` seconds: of dice of their own. */
export function randomSlowComponents(seed: string, { nodes, apiServers }: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/slow-components`)
  if (!dice.chance(0.3)) return []
  return Array.from({ length: dice.between(1, 3) }, () => {
    const node = dice.chance(0.5) ? dice.pick(nodes) : `{ count: ${dice.pick(['1', '2', '50%', 'all'])} }`
    const who = dice.pick([
      `kind: api-server-slow, server: ${dice.pick(['random', dice.between(1, apiServers)])}, factor: ${dice.pick([1.5, 10, 300])}`,
      `kind: controller-manager-slow, factor: ${dice.pick([1.5, 10, 1000])}`,
      `kind: scheduler-slow, factor: ${dice.pick([1.5, 10, 1000])}`,
      `kind: kubelet-slow, node: ${node}, factor: ${dice.pick([1.5, 10, 1000])}`,
      `kind: kube-proxy-slow, node: ${node}, factor: ${dice.pick([1.5, 10, 1000])}`,
    ])
    const times = dice.chance(0.7)
      ? `at: ${dice.between(1, stop)}s`
      : `every: exp(30s), from: ${dice.between(0, stop - 20)}s, until: ${stop}s`
    return `{ ${times}, fault: { ${who}, for: ${dice.between(1, FAULT_SECONDS_MAX)}s }, optional: true }`
  })
}
