import { Dice } from './dice.ts'
import { FAULT_SECONDS_MAX } from './faults.ts'
import type { World } from './world.ts'

const LINKS = ['sameNode', 'sameZone', 'crossZone', 'external'] as const

/** Networks that lose and delay packets, now and then, as a line of `spec.cluster.network`: of dice of their own. */
export function randomLinks(seed: string): string {
  const dice = new Dice(`${seed}/links`)
  if (!dice.chance(0.25)) return ''
  const some = (values: readonly string[]): string =>
    dice.chance(0.5)
      ? dice.pick(values)
      : `{ ${LINKS.filter(() => dice.chance(0.5))
          .map((link) => `${link}: ${dice.pick(values)}`)
          .join(', ')} }`
  const loss = some(['0.1%', '2%', '30%'])
  const jitter = some(['exp(100us)', '"uniform(0s, 20ms)"', '3ms'])
  const parts = [dice.pick([`loss: ${loss}`, `jitter: ${jitter}`, `loss: ${loss}, jitter: ${jitter}`])]
  if (dice.chance(0.4)) parts.push(`bandwidth: ${dice.pick(['100k/s', '10M/s', '1G/s'])}`)
  if (dice.chance(0.3)) parts.push('cni: overlay')
  return parts.join(', ')
}

/** How long a traffic's requests and answers are, where it is said: the end of its entry. Dice of their own. */
export function randomSizes(seed: string, traffic: string): string {
  const dice = new Dice(`${seed}/sizes/${traffic}`)
  if (!dice.chance(0.4)) return ''
  return `, requestSize: ${dice.pick(['1', '3000', '20k'])}, responseSize: ${dice.pick(['1', '1448', '1449', '50k'])}`
}

/** Entries of the timeline with links that are cut, lose packets or are slow; all are whole again `FAULT_SECONDS_MAX` after `stop`. Dice of their own. */
export function randomLinkFaults(seed: string, { nodes }: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/link-faults`)
  if (!dice.chance(0.25)) return []
  const zone = (): string =>
    `{ selector: "topology.kubernetes.io/zone=${dice.pick(['a', 'b', 'c'])}", count: ${dice.pick(['all', '1', '50%'])} }`
  const machines = (): string => dice.pick([dice.pick(nodes), `[${nodes[0]}, ${nodes.at(-1)}]`, zone(), '{ count: 2 }'])
  return Array.from({ length: dice.between(1, 3) }, () => {
    const what = dice.pick([
      'kind: partition',
      'kind: partition',
      `kind: link-loss, loss: ${dice.pick(['1%', '40%'])}`,
      'kind: link-delay, delay: exp(30ms)',
    ])
    const [from, to] = dice.pick([
      [machines(), 'others'],
      ['outside', machines()],
      ['control-plane', machines()],
      ['outside', 'others'],
    ])
    const when = dice.chance(0.7)
      ? `at: ${dice.between(1, stop)}s`
      : `every: exp(60s), from: ${dice.between(0, stop - 20)}s, until: ${stop}s`
    const length = dice.pick([1, 5, 20, 60, FAULT_SECONDS_MAX])
    return `{ ${when}, fault: { ${what}, from: ${from}, to: ${to}, oneWay: ${dice.chance(0.4)}, for: ${length}s }, optional: true }`
  })
}
