/**
 * What does one whole request cost, from a client's wish to its answer, and does that hold at 150,000 pods?
 *
 * A request: Poisson client, connection tracking, rules, pick, network, queue and service at a pod, answer, time-out, recorded with the parts of its
 * time; at the end of every simulated second the tables of nodes and connections. All of it is the data plane as `towtank run` has it; pods and
 * objects are there from the start, so that no control plane is measured. Beside it runs the floor: the same five events and a time-out that is
 * set and cancelled, by hand on the same engine, with nothing but counters and a histogram.
 *
 * Run: `npm run bench -- whole-request`. CPU time of the process over requests, by slice of the run after a warm-up.
 */
import { SERVICE_NAME_LABEL } from '../src/api/objects/index.ts'
import { emptyMeta } from '../src/control-plane/empty-meta.ts'
import { distribution } from '../src/engine/distributions.ts'
import { ReseedableStream } from '../src/engine/random-stream.ts'
import { NO_TIMER, Simulation } from '../src/engine/simulation.ts'
import { NO_CAUSE, Trace } from '../src/engine/trace.ts'
import type { KubeProxySpec } from '../src/kube-proxy/kube-proxy-spec.ts'
import { NEWEST_MINOR } from '../src/kubernetes-version.ts'
import { Histogram } from '../src/metrics/histogram.ts'
import { LINUX_6_1 } from '../src/profiles/cost-profile.ts'
import { MILLISECOND, type Nanos, SECOND } from '../src/units.ts'
import { DataPlane } from '../src/workload/data-plane.ts'
import { INSTANT, READY, TEST_NETWORK } from '../src/workload/test-cluster.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

/** One figure: the median of its samples. */
export interface WholeRequestRow {
  readonly question: 'whole request'
  /** The mode of kube-proxy and how connections are used, or {@link FLOOR}. */
  readonly variant: string
  /** Pods. */
  readonly size: number
  readonly value: number
  readonly unit: 'ns'
  /** By slice. */
  readonly samples: readonly number[]
  /** Of the answers; null of the floor, whose are its own. */
  readonly checksum: string | null
  /** Modes choose other pods. */
  readonly answersAlone: true
  readonly baseline?: string
}

const FLOOR = 'by hand'

interface Shape {
  readonly nodes: number
  readonly services: number
  /** So many of them are called, each by the pods of the Service after it. */
  readonly called: number
  readonly podsPerService: number
  /** Of all Services together. */
  readonly ratePerSecond: number
  readonly requests: number
}

const SHAPES: Record<'smoke' | 'full', readonly Shape[]> = {
  smoke: [{ nodes: 3, services: 4, called: 2, podsPerService: 3, ratePerSecond: 1_000, requests: 2_000 }],
  full: [
    { nodes: 20, services: 100, called: 100, podsPerService: 10, ratePerSecond: 20_000, requests: 600_000 },
    { nodes: 5_000, services: 10_000, called: 1_000, podsPerService: 15, ratePerSecond: 20_000, requests: 600_000 },
  ],
}

const MODES = ['iptables', 'ipvs', 'nftables'] as const
/** The run is cut into so many slices; those before the first that counts warm up the code. */
const SLICES = 12
const WARM_UP_SLICES = 3
const CONCURRENCY = 4
/** When the first request is sent: the first sync of 10,000 Services with 15 endpoints takes 11 s in iptables mode, 16 in ipvs mode and 543 in nftables mode. */
const START: Readonly<Record<(typeof MODES)[number], Nanos>> = { iptables: 60 * SECOND, ipvs: 60 * SECOND, nftables: 600 * SECOND }
const SERVICE_TIME = { kind: 'exponential', mean: 2 * MILLISECOND } as const

export function measure(size: 'smoke' | 'full'): WholeRequestRow[] {
  return SHAPES[size].flatMap((shape) => {
    const about = { question: 'whole request', size: shape.services * shape.podsPerService, unit: 'ns', answersAlone: true } as const
    const byHand = floor(shape)
    const rows: WholeRequestRow[] = [{ ...about, variant: FLOOR, samples: byHand, value: medianOf(byHand), checksum: null }]
    for (const mode of MODES) {
      for (const isKept of [false, true]) {
        const { samples, checksum } = wholeRequests(shape, mode, isKept)
        const variant = `${mode}, ${isKept ? 'kept connections' : 'one request a connection'}`
        rows.push({ ...about, variant, samples, value: medianOf(samples), checksum, baseline: FLOOR })
      }
    }
    return rows
  })
}

/** Runs `slice` for each slice of the run, and gives CPU time over requests of those that count, in ns. */
function slices(slice: (index: number) => number): number[] {
  const costs: number[] = []
  for (let index = 0; index < SLICES; index++) {
    const before = process.cpuUsage()
    const requests = slice(index)
    const { user, system } = process.cpuUsage(before)
    if (index >= WARM_UP_SLICES) costs.push(((user + system) * 1000) / Math.max(1, requests))
  }
  return costs
}

function medianOf(costs: readonly number[]): number {
  return costs.toSorted((a, b) => a - b)[costs.length >> 1]!
}

function wholeRequests(shape: Shape, mode: (typeof MODES)[number], isKept: boolean): { samples: number[]; checksum: string } {
  const { ratePerSecond, requests, services, called } = shape
  const sim = new Simulation({ seed: 'bench' })
  const length = Math.ceil(requests / ratePerSecond / SLICES) * SECOND
  const start = START[mode]
  const stop = start + SLICES * length
  const dataPlane = newDataPlane(sim, shape, mode)
  for (let traffic = 0; traffic < called; traffic++) {
    const service = traffic * Math.floor(services / called)
    dataPlane.addTraffic({
      name: `t${traffic}`,
      target: { namespace: 'shop', service: `web-${service}`, port: 80, host: 'web', path: '/' },
      from: {
        kind: 'pods',
        namespace: 'shop',
        selector: { matchLabels: { app: `web-${(service + 1) % services}` }, matchExpressions: [] },
      },
      arrivals: { kind: 'poisson', ratePerSecond: ratePerSecond / called },
      timeout: SECOND,
      ...(isKept ? { connection: { keepAlive: 60 * SECOND, pool: 50 } } : {}),
      start,
      stop,
    })
  }
  fill(sim, dataPlane, shape, start)
  const expected = (ratePerSecond * length) / SECOND
  const samples = slices((slice) => {
    runUntil(sim, dataPlane, start + (slice + 1) * length)
    return expected
  })
  runUntil(sim, dataPlane, stop + 5 * SECOND)
  dataPlane.checkConservation()
  let checksum = 0
  let answered = 0
  for (const { ok, latencyMs, blameMs } of dataPlane.trafficSummaries()) {
    answered += ok
    checksum = (checksum * 31 + ok + Math.round((latencyMs.mean ?? 0) * 1e6) + Math.round((blameMs.p99?.service ?? 0) * 1e6)) % 0xffff_ffff
  }
  // Rules are there and pods keep up: what costs less since it fails is not measured.
  if (answered < 0.99 * expected * SLICES) throw new Error(`${mode}: ${answered} of ${expected * SLICES} requests were answered`)
  return { samples, checksum: checksum.toString(16).padStart(8, '0') }
}

function runUntil(sim: Simulation, dataPlane: DataPlane, until: Nanos): void {
  for (let end = dataPlane.nextIntervalEnd; end <= until; end = dataPlane.nextIntervalEnd) {
    sim.run(end - 1)
    dataPlane.endInterval(end)
  }
  sim.run(until)
}

function newDataPlane(sim: Simulation, { nodes }: Shape, mode: KubeProxySpec['mode']): DataPlane {
  const workload = { ...INSTANT, serviceTime: SERVICE_TIME, concurrency: CONCURRENCY }
  return new DataPlane({
    sim,
    nodes: Array.from({ length: nodes }, (_, node) => ({
      name: nodeName(node),
      zone: ['a', 'b', 'c'][node % 3]!,
      cpuMilli: 16_000,
      internalIP: dotted(FIRST_NODE + node),
      labels: {},
    })),
    version: NEWEST_MINOR,
    network: TEST_NETWORK,
    kubeProxy: { mode, scheduler: 'wlc' },
    costProfile: LINUX_6_1,
    trace: new Trace(sim),
    workloadOf: () => workload,
    measureFrom: 0,
  })
}

/** Pods listen, all objects stand from the start, and every kube-proxy programs them before the first request. */
function fill(sim: Simulation, dataPlane: DataPlane, { nodes, services, podsPerService }: Shape, start: Nanos): void {
  let pods = 0
  const pod = (app: string, node: number): string => {
    const address = dotted(FIRST_POD + pods++)
    const name = `${app}-${pods}`
    const id = dataPlane.backends.sandboxUp({ podUid: name, podName: name, namespace: 'shop', labels: { app }, address, nodeIndex: node })
    dataPlane.backends.listen(id)
    return address
  }
  for (let service = 0; service < services; service++) {
    const name = `web-${service}`
    const endpoints = Array.from({ length: podsPerService }, (_, index) => {
      const node = (service * podsPerService + index) % nodes
      return { address: pod(name, node), conditions: READY, nodeName: nodeName(node), zone: '', podName: '', podUid: '' }
    })
    dataPlane.history.standing({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: emptyMeta(name, 'shop'),
      spec: {
        type: 'ClusterIP',
        clusterIP: dotted(FIRST_SERVICE + service),
        ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 0 }],
        selector: null,
        publishNotReadyAddresses: false,
      },
    })
    dataPlane.history.standing({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...emptyMeta(name, 'shop'), labels: { [SERVICE_NAME_LABEL]: name } },
      endpoints,
      ports: [{ name: '', protocol: 'TCP', port: 8080 }],
    })
  }
  for (let node = 0; node < nodes; node++) {
    const proxy = dataPlane.proxy(node)
    proxy.start()
    proxy.listed('Service', 0, NO_CAUSE)
    proxy.listed('EndpointSlice', 0, NO_CAUSE)
  }
  runUntil(sim, dataPlane, start)
}

function nodeName(node: number): string {
  return `worker-${node}`
}

/** 172.16.0.0, 10.128.0.0 and 10.64.0.0. */
const FIRST_NODE = 0xac10_0001
const FIRST_POD = 0x0a80_0001
const FIRST_SERVICE = 0x0a40_0001

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}

/** The floor: arrival, SYN at the pod, request at the pod, end of service, answer at the client; a time-out that is set and cancelled. */
function floor({ called, podsPerService, ratePerSecond, requests }: Shape): number[] {
  const sim = new Simulation({ seed: 'floor' })
  const pods = called * podsPerService
  const busy = new Int32Array(pods)
  const queues = Array.from({ length: pods }, (): number[] => [])
  const inUse = 1 << 16
  const [sentAt, podOf, timers] = [new Float64Array(inUse), new Int32Array(inUse), new Float64Array(inUse).fill(NO_TIMER)]
  const free = Array.from({ length: inUse }, (_, place) => place)
  const latencies = new Histogram()
  const gap = distribution({ kind: 'exponential', mean: (called * SECOND) / ratePerSecond })
  const service = distribution(SERVICE_TIME)
  const draws = sim.rng('draws')
  const demand = new ReseedableStream()
  const way = TEST_NETWORK.sameZone
  let sent = 0
  let done = 0
  const begin = (request: number): void => {
    demand.reseed(request ^ sent)
    sim.schedule(service.sample(demand), finish, request)
  }
  const expire = sim.handler(() => {})
  const answer = sim.handler((request) => {
    sim.cancel(timers[request]!)
    latencies.record(sim.now - sentAt[request]!)
    free.push(request)
    done++
  })
  const finish = sim.handler((request) => {
    const pod = podOf[request]!
    const next = queues[pod]!.shift()
    if (next === undefined) busy[pod]!--
    else begin(next)
    sim.schedule(way, answer, request)
  })
  const atPod = sim.handler((request) => {
    const pod = podOf[request]!
    if (busy[pod]! === CONCURRENCY) queues[pod]!.push(request)
    else {
      busy[pod]!++
      begin(request)
    }
  })
  const syn = sim.handler((request) => sim.schedule(2 * way, atPod, request))
  const arrive = sim.handler((target) => {
    const request = free.pop()!
    sent++
    sentAt[request] = sim.now
    podOf[request] = target * podsPerService + draws.below(podsPerService)
    timers[request] = sim.schedule(SECOND, expire, request)
    sim.schedule(way, syn, request)
    sim.schedule(gap.sample(draws), arrive, target)
  })
  for (let target = 0; target < called; target++) sim.schedule(gap.sample(draws), arrive, target)
  const length = Math.ceil((requests / ratePerSecond / SLICES) * SECOND)
  return slices(() => {
    const before = done
    sim.run(sim.now + length)
    return done - before
  })
}

/** In µs, as targets have it. */
export default function main(size: Size): Row[] {
  return measure(size).map(({ value: _, samples, ...row }) => rowOf({ ...row, unit: 'µs', samples: samples.map((ns) => ns / 1000) }))
}
