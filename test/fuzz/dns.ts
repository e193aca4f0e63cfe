import { Dice } from './dice.ts'
import { hasServers, isController, type World } from './world.ts'

export interface RandomDns {
  /** Of `spec.cluster`, as a line of YAML. */
  readonly cluster: string
  readonly manifests: readonly string[]
  readonly behaviours: readonly string[]
  readonly traffic: readonly string[]
}

const NONE: RandomDns = { cluster: '', manifests: [], behaviours: [], traffic: [] }

/** DNS servers that client pods look names up at, and traffic from pods, kept connections or not: of dice of its own. */
export function randomDns(seed: string, world: World, stop: number): RandomDns {
  const dice = new Dice(`${seed}/dns`)
  const apps = world.workloads.filter(({ kind, name }) => kind !== 'Job' && !isController(name)).map(({ name }) => name)
  if (!hasServers(world) || apps.length === 0 || !dice.chance(0.4)) return NONE
  const options = dice.chance(0.5)
    ? ''
    : `, ndots: ${dice.between(0, 6)}, timeout: ${dice.pick(['50ms', '1s', '5s'])}, attempts: ${dice.between(1, 4)}`
  const traffic = apps
    .filter(() => dice.chance(0.6))
    .map((app) => {
      const name = dice.pick([`${app}.default`, `${app}.default.svc`, `${app}.default.svc.cluster.local`])
      const kept = dice.chance(0.5) ? '' : `, connection: { keepAlive: ${dice.pick([1, 20])}s, pool: ${dice.pick([1, 5])} }`
      return `
    - { name: by-name-${app}, to: "http://${name}", from: { pods: fuzz=yes }, arrivals: poisson(${dice.between(1, 10)}/s), timeout: ${dice.pick(['100ms', '2s', '15s'])}, stop: ${stop}s${kept} }`
    })
  return {
    cluster: `    dns: { service: names.default${options} }\n`,
    manifests: [
      `apiVersion: apps/v1
kind: Deployment
metadata: { name: names }
spec:
  replicas: ${dice.between(1, 3)}
  selector: { matchLabels: { app: names } }
  template:
    metadata: { labels: { app: names } }
    spec: { containers: [{ name: dns, image: "example/names:v1", ports: [{ containerPort: 53, protocol: UDP }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: names }
spec:
  selector: { app: names }
  ports: [{ port: 53, protocol: UDP }]
`,
    ],
    behaviours: [`    - { selector: app=names, serviceTime: ${dice.pick(['100us', 'exp(5ms)'])}, queue: ${dice.pick([2, 1000])} }`],
    traffic,
  }
}
