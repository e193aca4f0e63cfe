import { Dice } from './dice.ts'
import { isController, type World } from './world.ts'

export interface RandomNodePorts {
  readonly manifests: readonly string[]
  readonly traffic: readonly string[]
}

/** Services with node ports and cluster IPs of their own choice, and traffic to these addresses: of dice of its own. */
export function randomNodePorts(seed: string, { workloads, nodes }: World, stop: number): RandomNodePorts {
  const dice = new Dice(`${seed}/node-ports`)
  const manifests: string[] = []
  const traffic: string[] = []
  if (!dice.chance(0.4)) return { manifests, traffic }
  for (const [index, { kind, name }] of workloads.entries()) {
    if (kind === 'Job' || isController(name) || dice.chance(0.4)) continue
    const policy = dice.pick(['', '', '  externalTrafficPolicy: Local\n'])
    const protocol = dice.pick(['TCP', 'TCP', 'UDP'])
    const scheme = protocol === 'UDP' ? 'udp' : 'http'
    const clusterIP = `10.96.0.${200 + index}`
    manifests.push(`apiVersion: v1
kind: Service
metadata: { name: at-node-${name} }
spec:
  type: NodePort
  clusterIP: ${clusterIP}
${policy}  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: 8080, protocol: ${protocol}, nodePort: ${30_050 + index} }]
`)
    const rest = `arrivals: poisson(${dice.between(1, 10)}/s), timeout: ${dice.pick(['50ms', '2s', '15s'])}, stop: ${stop}s }`
    traffic.push(
      `
    - { name: at-node-${name}, to: "${scheme}://${dice.pick(nodes)}:${30_050 + index}", from: { external: true }, ${rest}`,
      `
    - { name: at-ip-${name}, to: "${scheme}://${clusterIP}:80", from: { nodes: all }, ${rest}`,
    )
  }
  return { manifests, traffic }
}
