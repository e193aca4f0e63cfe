import { Dice } from './dice.ts'
import { hasServers, isController, type World } from './world.ts'

export interface RandomUdp {
  readonly manifests: readonly string[]
  readonly traffic: readonly string[]
}

/** UDP Services for some of the workloads, and traffic to them, from pods with sockets of either kind or from outside: of dice of its own. */
export function randomUdp(seed: string, world: World, stop: number): RandomUdp {
  const dice = new Dice(`${seed}/udp`)
  const oneWay = new Dice(`${seed}/one-way`)
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
    const reuse = fromPods && dice.chance(0.6)
    const rate = dice.between(1, 20)
    const wait = dice.pick(['20ms', '1s', '7s'])
    const isOneWay = oneWay.chance(0.4)
    const lifetime = reuse && oneWay.chance(0.3) ? `, lifetime: ${oneWay.pick(['100ms', '3s'])}` : ''
    const socket = fromPods || isOneWay ? `, socket: { reuse: ${reuse}${lifetime}${isOneWay ? ', oneWay: true' : ''} }` : ''
    const from = fromPods ? 'from: { pods: fuzz=yes }' : 'from: { external: true }'
    const timeout = isOneWay ? '' : `, timeout: ${wait}`
    traffic.push(`
    - { name: udp-to-${name}, to: "udp://udp-${name}.default.svc:53", ${from}${socket}, arrivals: poisson(${rate}/s)${timeout}, stop: ${stop}s }`)
  }
  return { manifests, traffic }
}
