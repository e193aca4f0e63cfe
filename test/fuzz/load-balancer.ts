import { Dice } from './dice.ts'
import type { World } from './world.ts'

const SCHEDULERS = ['rr', 'wrr', 'lc', 'wlc', 'sh', 'mh', 'twos']

/** What stands before the cluster, as a line of `spec.cluster`: now and then IPVS with keepalived. Of dice of its own. */
export function randomLoadBalancer(seed: string, { nodes }: World): string {
  const dice = new Dice(`${seed}/load-balancer`)
  if (!dice.chance(0.25)) return ''
  const scheduler = `scheduler: ${dice.pick(SCHEDULERS)}`
  const persistence = dice.chance(0.3) ? `, persistence: ${dice.pick(['10s', '5m'])}` : ''
  const weights = dice.chance(0.3) ? `, weights: { ${dice.pick(nodes)}: ${dice.between(0, 3)} }` : ''
  const flags = `, inhibitOnFailure: ${dice.chance(0.5)}, alpha: ${dice.chance(0.3)}`
  const times = `delayLoop: ${dice.pick(['2s', '10s', '60s'])}, connectTimeout: ${dice.pick(['500ms', '5s'])}`
  const check = `check: { kind: ${dice.pick(['tcp', 'http'])}, ${times}, retry: ${dice.between(0, 3)}, warmUp: ${dice.pick(['0s', '5s'])} }`
  return `    loadBalancer: { keepalived: { ${scheduler}${persistence}${weights}${flags}, ${check} } }\n`
}
