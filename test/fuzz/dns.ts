import { Dice } from './dice.ts'
import { hasServers, isController, type World } from './world.ts'

export interface RandomDns {
  /** Of `spec.cluster`, as a line of YAML. */
  readonly cluster: string
  readonly manifests: readonly string[]
  /** Entries of the timeline. */
  readonly timeline: readonly string[]
  readonly behaviours: readonly string[]
  readonly traffic: readonly string[]
}

const NONE: RandomDns = { cluster: '', manifests: [], timeline: [], behaviours: [], traffic: [] }

/** DNS servers that client pods look names up at, and traffic from pods, kept connections or not: of dice of its own. */
export function randomDns(seed: string, world: World, stop: number): RandomDns {
  const dice = new Dice(`${seed}/dns`)
  const apps = world.workloads.filter(({ kind, name }) => kind !== 'Job' && !isController(name)).map(({ name }) => name)
  if (!hasServers(world) || apps.length === 0 || !dice.chance(0.4)) return NONE
  const options = dice.chance(0.5)
    ? ''
    : `, ndots: ${dice.between(0, 6)}, timeout: ${dice.pick(['50ms', '1s', '5s'])}, attempts: ${dice.between(1, 4)}`
  const older = new Dice(`${seed}/dns-clash`)
  const sequence = older.chance(0.3) ? `, options: [${older.pick(['single-request', 'single-request-reopen'])}]` : ''
  const overlapping = older.chance(0.5) ? `, overlapping: ${older.pick(['30%', '100%'])}` : ''
  const traffic = apps
    .filter(() => dice.chance(0.6))
    .map((app) => {
      const name = dice.pick([`${app}.default`, `${app}.default.svc`, `${app}.default.svc.cluster.local`])
      const kept = dice.chance(0.5) ? '' : `, connection: { keepAlive: ${dice.pick([1, 20])}s, pool: ${dice.pick([1, 5])} }`
      return `
    - { name: by-name-${app}, to: "http://${name}", from: { pods: fuzz=yes }, arrivals: poisson(${dice.between(1, 10)}/s), timeout: ${dice.pick(['100ms', '2s', '15s'])}, stop: ${stop}s${kept} }`
    })
  return {
    timeline: randomFailures(seed, stop),
    cluster: `    dns: { service: names.default${options}${sequence}${overlapping} }\n`,
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

/** Failures of the DNS servers: of dice of their own. */
function randomFailures(seed: string, stop: number): string[] {
  const dice = new Dice(`${seed}/dns-failure`)
  return Array.from({ length: dice.pick([0, 0, 1, 2]) }, () => {
    const share = dice.chance(0.5) ? '' : `, share: ${dice.pick(['30%', '90%'])}`
    const length = dice.chance(0.2) ? '' : `, for: ${dice.between(1, 20)}s`
    return `{ at: ${dice.between(1, stop)}s, fault: { kind: dns-failure, answer: ${dice.pick(['none', 'servfail'])}${share}${length} }, optional: true }`
  })
}
