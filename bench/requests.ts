/**
 * How many whole requests does the data plane carry in a second of CPU time, and does that hold with many Services?
 *
 * A request: Poisson client, connection tracking, rules, network, queue and service at a pod, answer, time-out set and dropped, recorded.
 * The checksum is a function of the answers, and must not change with speed.
 *
 * Run: `npm run bench -- requests`
 */
import type { KubeProxySpec } from '../src/scenario/scenario.ts'
import { MILLISECOND, SECOND } from '../src/units.ts'
import { INSTANT, TestCluster } from '../src/workload/test-cluster.ts'

const QUESTION = 'whole requests a CPU second'

export interface BenchRow {
  readonly question: string
  readonly variant: string
  readonly size: string
  readonly perCpuSecond: number
  readonly checksum: string
}

const VARIANTS: readonly (KubeProxySpec & { readonly name: string })[] = [
  { name: 'iptables', mode: 'iptables', scheduler: 'rr' },
  { name: 'ipvs rr', mode: 'ipvs', scheduler: 'rr' },
  { name: 'ipvs wlc', mode: 'ipvs', scheduler: 'wlc' },
]

const NODES = 5
/** Requests a second and Service in simulated time: 3 pods of 4 servers are half busy. */
const REQUESTS_PER_POD = 40

export default function main(size: 'smoke' | 'full'): BenchRow[] {
  const requests = size === 'full' ? 1_000_000 : 4_000
  const rows: BenchRow[] = []
  for (const [services, pods] of [
    [4, 3],
    [100, 10],
  ] as const) {
    for (const variant of VARIANTS) rows.push(run({ services, pods, requests, variant }))
  }
  console.table(rows)
  return rows
}

function run(options: { services: number; pods: number; requests: number; variant: (typeof VARIANTS)[number] }): BenchRow {
  const { services, pods, requests, variant } = options
  const zones = Array.from({ length: NODES }, (_, node) => ['a', 'b', 'c'][node % 3]!)
  const cluster = new TestCluster({ seed: 'bench', zones, kubeProxy: variant, cpuMilli: 64_000 })
  const workload = { ...INSTANT, serviceTime: { kind: 'exponential', mean: 10 * MILLISECOND }, concurrency: 1 } as const
  for (let node = 0; node < NODES; node++) cluster.pod({ node, app: 'client' })
  for (let service = 0; service < services; service++) {
    const members = Array.from({ length: pods }, (_, pod) =>
      cluster.pod({ node: (service + pod) % NODES, app: `web-${service}`, workload }),
    )
    cluster.service(`web-${service}`)
    cluster.sliceOf(`web-${service}`, members)
  }
  cluster.startProxies()
  const rate = pods * REQUESTS_PER_POD
  const start = cluster.sim.now
  const duration = Math.round((requests / (services * rate)) * SECOND)
  for (let service = 0; service < services; service++) {
    const stop = start + duration
    cluster.traffic({ name: `t${service}`, service: `web-${service}`, from: 'client', ratePerSecond: rate, kind: 'poisson', stop })
  }
  const cpu = process.cpuUsage()
  cluster.sim.run(start + duration + 5 * SECOND)
  const { user, system } = process.cpuUsage(cpu)
  cluster.dataPlane.checkConservation()
  let sent = 0
  let checksum = 0
  for (const summary of cluster.dataPlane.trafficSummaries()) {
    sent += summary.sent
    checksum = (checksum * 31 + Math.round(summary.latencyMs.mean! * 1e6) + summary.failed) % 0xffffffff
  }
  return {
    question: QUESTION,
    variant: variant.name,
    size: `${services} Services x ${pods} pods`,
    perCpuSecond: Math.round((sent / (user + system)) * 1e6),
    checksum: checksum.toString(16),
  }
}
