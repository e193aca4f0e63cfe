import { Dice } from './dice.ts'
import { FAULT_SECONDS_MAX } from './faults.ts'
import type { World } from './world.ts'

/**
 * Entries of the timeline by which components are slow for a while, the last before `stop` seconds: of dice of their own. Each is of another kind,
 * and one that strikes again and again is hardly slow: factors multiply, and what has begun goes on as it was, for hours if they were large.
 */
export function randomSlowComponents(seed: string, { nodes, apiServers }: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/slow-components`)
  if (!dice.chance(0.3)) return []
  const node = () => (dice.chance(0.5) ? dice.pick(nodes) : `{ count: ${dice.pick(['1', '2', '50%', 'all'])} }`)
  const kinds = [
    { who: () => `kind: api-server-slow, server: ${dice.pick(['random', dice.between(1, apiServers)])}`, factors: [1.5, 10, 300] },
    { who: () => 'kind: controller-manager-slow', factors: [1.5, 10, 1000] },
    { who: () => 'kind: scheduler-slow', factors: [1.5, 10, 1000] },
    { who: () => `kind: kubelet-slow, node: ${node()}`, factors: [1.5, 10, 1000] },
    { who: () => `kind: kube-proxy-slow, node: ${node()}`, factors: [1.5, 10, 1000] },
  ]
  return Array.from({ length: dice.between(1, 3) }, () => {
    const [{ who, factors }] = kinds.splice(dice.between(0, kinds.length - 1), 1) as [(typeof kinds)[number]]
    const isOnce = dice.chance(0.7)
    const times = isOnce ? `at: ${dice.between(1, stop)}s` : `every: exp(30s), from: ${dice.between(0, stop - 20)}s, until: ${stop}s`
    const factor = isOnce ? dice.pick(factors) : 1.5
    return `{ ${times}, fault: { ${who()}, factor: ${factor}, for: ${dice.between(1, FAULT_SECONDS_MAX)}s }, optional: true }`
  })
}
