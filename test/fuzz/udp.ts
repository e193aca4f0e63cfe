import { Dice } from './dice.ts'
import { hasServers, isController, type World } from './world.ts'

export interface RandomUdp {
  readonly manifests: readonly string[]
  readonly traffic: readonly string[]
}

/** UDP Services for some of the workloads, and traffic to them, from pods with sockets of either kind or from outside: of dice of its own. */
export function randomUdp(seed: string, world: World, stop: number): RandomUdp {
  const dice = new Dice(`${seed}/udp`)
  const manifests: string[] = []
  const traffic: string[] = []
  if (!dice.chance(0.4)) return { manifests, traffic }
  for (const { kind, name } of world.workloads) {
    if (kind === 'Job' || isController(name) || dice.chance(0.4)) continue
    const policy = dice.pick([
      '',
      '',
      '  externalTrafficPolicy: Local\n',
      '  internalTrafficPolicy: Local\n',
      '  sessionAffinity: ClientIP\n',
    ])
    manifests.push(`apiVersion: v1
kind: Service
metadata: { name: udp-${name} }
spec:
  type: NodePort
${policy}  selector: { app: ${name} }
  ports: [{ port: 53, targetPort: 5353, protocol: UDP }]
`)
    const fromPods = hasServers(world) && dice.chance(0.7)
    const from = fromPods ? `from: { pods: fuzz=yes }, socket: { reuse: ${dice.chance(0.6)} }` : 'from: { external: true }'
    traffic.push(`
    - { name: udp-to-${name}, to: "udp://udp-${name}.default.svc:53", ${from}, arrivals: poisson(${dice.between(1, 20)}/s), timeout: ${dice.pick(['20ms', '1s', '7s'])}, stop: ${stop}s }`)
  }
  return { manifests, traffic }
}
