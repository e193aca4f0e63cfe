import { Dice } from './dice.ts'
import { isController, type World } from './world.ts'

export interface RandomKernel {
  /** Lines of the cluster. */
  readonly cluster: string
  /** What stands beside the mode of kube-proxy. */
  readonly kubeProxy: string
  readonly traffic: readonly string[]
}

/** Nodes with an older kernel, and a client that comes back to its ports within two minutes: of dice of its own. */
export function randomKernel(seed: string, { workloads, nodes }: World, mode: string): RandomKernel {
  const dice = new Dice(`${seed}/kernel`)
  if (!dice.chance(0.4)) return { cluster: '', kubeProxy: '', traffic: [] }
  const kernel = dice.pick(mode === 'nftables' ? ['5.13', '6.5', '6.12'] : ['4.15', '5.4', '5.4', '5.10', '5.16', '6.5'])
  const kubeProxy = mode === 'ipvs' && dice.chance(0.6) ? `, connReuseMode: ${dice.pick([0, 1])}` : ''
  const target = workloads.find(({ kind, name }) => kind !== 'Job' && !isController(name))
  const traffic: string[] = []
  if (mode === 'ipvs' && target !== undefined && dice.chance(0.5)) {
    const [rate, begin] = [dice.between(200, 400), dice.between(0, 60)]
    traffic.push(`
    - { name: comes-back, to: "http://${target.name}.default.svc", from: { nodes: kubernetes.io/hostname=${dice.pick(nodes)} }, arrivals: constant(${rate}/s), timeout: ${dice.pick(['300ms', '2s', '5s'])}, start: ${begin + 30}s, stop: ${begin + 110}s }`)
  }
  return { cluster: `    kernel: "${kernel}"\n`, kubeProxy, traffic }
}
