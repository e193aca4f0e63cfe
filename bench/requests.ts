/**
 * What CPU time does the data plane take for a whole request, and does that hold with many Services?
 *
 * A request: Poisson client, connection tracking, rules, network, queue and service at a pod, answer, time-out set and dropped, recorded.
 * The checksum is a function of the answers, and must not change with speed.
 *
 * Run: `npm run bench -- requests`
 */
import type { KubeProxySpec } from '../src/scenario/scenario.ts'
import { MILLISECOND, SECOND } from '../src/units.ts'
import { INSTANT, TestCluster } from '../src/workload/test-cluster.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

const VARIANTS: readonly (KubeProxySpec & { readonly name: string })[] = [
  { name: 'iptables', mode: 'iptables', scheduler: 'rr' },
  { name: 'ipvs rr', mode: 'ipvs', scheduler: 'rr' },
  { name: 'ipvs wlc', mode: 'ipvs', scheduler: 'wlc' },
]

const NODES = 5
/** Requests a second and Service in simulated time: 3 pods of 4 servers are half busy. */
const REQUESTS_PER_POD = 40

export default function main(size: Size): Row[] {
  const full = size === 'full'
  const requests = full ? 1_000_000 : 4_000
  const sizes = full
    ? [
        [4, 3],
        [100, 10],
      ]
    : [
        [2, 3],
        [4, 5],
      ]
  const rows: Row[] = []
  for (const [services, pods] of sizes as [number, number][]) {
    const measured = VARIANTS.map((variant) => ({ variant, samples: [] as number[], checksum: '' }))
    for (let round = 0; round < (full ? 3 : 1); round++) {
      for (const of of round % 2 === 0 ? measured : [...measured].reverse()) {
        const { cpuMicros, checksum } = run({ services, pods, requests, variant: of.variant })
        of.samples.push(cpuMicros)
        of.checksum = checksum
      }
    }
    for (const { variant, samples, checksum } of measured) {
      const of = { question: 'whole request', variant: variant.name, size: services * pods }
      rows.push(rowOf({ ...of, unit: 'µs', samples, checksum, answersAlone: true }))
    }
  }
  return rows
}

function run(options: { services: number; pods: number; requests: number; variant: (typeof VARIANTS)[number] }): {
  cpuMicros: number
  checksum: string
} {
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
  return { cpuMicros: (user + system) / sent, checksum: checksum.toString(16) }
}
