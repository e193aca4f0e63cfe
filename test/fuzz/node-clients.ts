import { Dice } from './dice.ts'
import { isController, type World } from './world.ts'

/** Traffic that nodes themselves send, with kept connections or without: of dice of its own. */
export function randomNodeClients(seed: string, { workloads, nodes }: World, stop: number): readonly string[] {
  const dice = new Dice(`${seed}/node-clients`)
  if (!dice.chance(0.4)) return []
  return workloads
    .filter(({ kind, name }) => kind !== 'Job' && !isController(name) && dice.chance(0.5))
    .map(({ name }) => {
      const from = dice.pick(['all', 'all', `kubernetes.io/hostname=${dice.pick(nodes)}`])
      const kept = dice.chance(0.5) ? '' : `, connection: { keepAlive: ${dice.pick([1, 20])}s, pool: ${dice.pick([1, 5])} }`
      return `
    - { name: of-nodes-to-${name}, to: "http://${name}.default.svc", from: { nodes: ${from} }, arrivals: poisson(${dice.between(1, 10)}/s), timeout: ${dice.pick(['50ms', '2s', '15s'])}, stop: ${stop}s${kept} }`
    })
}
