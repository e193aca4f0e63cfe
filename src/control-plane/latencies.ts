import { type Distribution, type DistributionSpec, distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import type { Simulation } from '../engine/simulation.ts'
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { SharedCores } from './shared-cores.ts'

/** How we know a number: measured by us, taken from a publication or source code, or assumed by us. */
export type Provenance = 'measured' | 'cited' | 'assumed'

/** One simulated delay and where it comes from. */
export interface Latency {
  readonly distribution: DistributionSpec
  readonly provenance: Provenance
  readonly source: string
}

const us = (p50: number, p99: number): DistributionSpec => ({ kind: 'lognormal', p50: p50 * MICROSECOND, p99: p99 * MICROSECOND })
const ms = (p50: number, p99: number): DistributionSpec => ({ kind: 'lognormal', p50: p50 * MILLISECOND, p99: p99 * MILLISECOND })
const constant = (value: Nanos): DistributionSpec => ({ kind: 'constant', value })

const RECORDING = 'recorded from Kubernetes v1.36.2 on 2 cores, API server audit log'

/**
 * Every delay of the control plane and of the node agents that a machine sets.
 *
 * Delays that a rule sets (periods, back-offs, client rates) stand beside the rule, not here. A recorded write of an object
 * took 3.3 ms at the median and 13 ms at the 99th percentile, with etcd on a RAM disk: what authentication, authorisation
 * and etcd do not explain of it is in `admission`.
 */
export const LATENCIES = {
  kubectlStart: {
    distribution: ms(150, 400),
    provenance: 'assumed',
    source: 'assumption: start of the process, kubeconfig, cached discovery',
  },
  kubectlNetwork: { distribution: constant(2 * MILLISECOND), provenance: 'assumed', source: 'assumption: one way, same region' },
  controlPlaneNetwork: {
    distribution: constant(100 * MICROSECOND),
    provenance: 'assumed',
    source: 'assumption: one way inside a data centre; kube-controller-manager and kube-scheduler sit beside an API server',
  },
  loopback: {
    distribution: constant(20 * MICROSECOND),
    provenance: 'assumed',
    source: 'assumption: one way within the API server, to its own informers and clients',
  },
  nodeNetwork: {
    distribution: constant(250 * MICROSECOND),
    provenance: 'assumed',
    source: 'assumption: one way between a node and the API server',
  },
  authentication: {
    distribution: us(60, 300),
    provenance: 'assumed',
    source: 'assumption: certificate or cached token, part of the recorded write',
  },
  authorization: { distribution: us(30, 200), provenance: 'assumed', source: 'assumption: rules in memory, part of the recorded write' },
  admission: {
    distribution: ms(1.4, 8),
    provenance: 'measured',
    source: `${RECORDING}: create p50 3.3 ms, p99 13 ms, less the other stages (decode, default, mutate, validate)`,
  },
  read: { distribution: us(400, 3000), provenance: 'assumed', source: 'assumption: GET from the watch cache, decode and encode' },
  apiServerStart: {
    distribution: ms(4000, 10_000),
    provenance: 'assumed',
    source: 'assumption: from the start of the process to serving, without its lists from etcd',
  },
  etcdFsync: {
    distribution: ms(0.9, 8),
    provenance: 'cited',
    source: 'etcd FAQ: WAL fsync p99 < 10 ms; etcd performance page: mean quorum write 1.6 ms on SSD (3 members)',
  },
  etcdPeer: {
    distribution: constant(150 * MICROSECOND),
    provenance: 'assumed',
    source: 'assumption: one way between members of one region',
  },
  etcdApply: { distribution: us(100, 500), provenance: 'assumed', source: 'assumption: apply to the backend in memory and answer' },
  watchCache: {
    distribution: us(300, 1500),
    provenance: 'measured',
    source: `${RECORDING} and watch log: an event 1-5 ms after its write`,
  },
  watchDelivery: {
    distribution: us(900, 4000),
    provenance: 'measured',
    source: `${RECORDING} and watch log: an event 1-5 ms after its write`,
  },
  controllerSync: {
    distribution: us(300, 3000),
    provenance: 'assumed',
    source: 'assumption: computing of one reconcile, without its API calls',
  },
  schedulingCycle: {
    distribution: ms(1.5, 6),
    provenance: 'cited',
    source: 'scheduler_perf thresholds of Kubernetes 1.36: 270 pods a second at 5,000 nodes; 1-5 ms a pod',
  },
  kubeletSync: {
    distribution: ms(2, 15),
    provenance: 'measured',
    source: `${RECORDING}: bind to first status write about 10 ms, less the write`,
  },
  volumes: {
    distribution: { kind: 'uniform', min: 0, max: 100 * MILLISECOND },
    provenance: 'cited',
    source: 'kubelet volume manager: reconciler every 100 ms; projected service account token',
  },
  sandbox: {
    distribution: ms(120, 500),
    provenance: 'assumed',
    source: 'assumption: RunPodSandbox of containerd without CNI; 100 ms to 1 s in all',
  },
  cniAdd: { distribution: ms(60, 300), provenance: 'assumed', source: 'assumption: CNI ADD with host-local IPAM' },
  containerStart: {
    distribution: ms(50, 250),
    provenance: 'assumed',
    source: 'assumption: CreateContainer and StartContainer of containerd',
  },
  initContainerRun: {
    distribution: ms(500, 3000),
    provenance: 'assumed',
    source: 'assumption: an init container runs about half a second',
  },
  imagePullOverhead: { distribution: ms(300, 1500), provenance: 'assumed', source: 'assumption: manifest, authentication, unpacking' },
  pleg: {
    distribution: ms(3, 20),
    provenance: 'cited',
    source: 'PLEGOnDemandRelist (on in 1.36): the runtime is asked right after the worker acted',
  },
  plegRelist: {
    distribution: { kind: 'uniform', min: 0, max: SECOND },
    provenance: 'cited',
    source: 'kubelet genericPlegRelistPeriod 1 s: up to 1.35 the runtime is asked once a second',
  },
  probe: { distribution: us(500, 5000), provenance: 'assumed', source: 'assumption: a local HTTP or gRPC health call' },
  signal: { distribution: ms(5, 50), provenance: 'assumed', source: 'assumption: StopContainer through the CRI to the signal' },
  sandboxTeardown: { distribution: ms(80, 400), provenance: 'assumed', source: 'assumption: StopPodSandbox with CNI DEL' },
  podCleanup: {
    distribution: { kind: 'uniform', min: 0, max: 970 * MILLISECOND },
    provenance: 'measured',
    source: `${RECORDING}: 700 pods were gone 9-1,200 ms after the terminal status, evenly spread (quartiles 239, 500, 739 ms)`,
  },
  policyProgramming: {
    distribution: ms(100, 1000),
    provenance: 'assumed',
    source:
      "assumption: a node's network plugin works out what a change of policies, pods or namespaces means, and writes it to the kernel",
  },
  nodeBoot: {
    distribution: constant(SECOND),
    provenance: 'assumed',
    source: 'assumption: from a running kubelet to its first status write',
  },
} as const satisfies Record<string, Latency>

export type LatencyName = keyof typeof LATENCIES

export type LatencyOverrides = Readonly<Partial<Record<LatencyName, DistributionSpec>>>

/** One machine that runs everything: its cores, and the CPU time that goes with a delay of each name. Those without one take none. */
export interface MachineSpec {
  readonly cores: number
  readonly cpu: Readonly<Partial<Record<LatencyName, Nanos>>>
}

/** Where a component's delays come from. */
export interface Delays {
  /** A delay of that kind. `place` (a node, a controller) keeps the draws of different places apart. */
  draw(name: LatencyName, place?: string): Nanos
}

/** One row of the table, ready to be drawn from. */
interface Row {
  readonly distribution: Distribution
  /** The delay, where it is always the same: nobody draws then. */
  readonly constant: Nanos | null
  /** CPU time that goes with it on the one machine of all. */
  readonly cpu: Nanos
  /** By place. */
  readonly streams: Map<string, RandomStream>
}

/** Draws delays, each from a stream of its own name and place, so that one part's draws never shift another's. */
export class Latencies implements Delays {
  readonly #sim: Simulation
  readonly #rows = new Map<LatencyName, Row>()
  readonly #cores: SharedCores | null

  /**
   * `replaced` takes the place of single rows of the table, for another machine than the recorded one. Every component has cores enough
   * unless all share a `machine`.
   */
  constructor(sim: Simulation, replaced: LatencyOverrides = {}, machine: MachineSpec | null = null) {
    this.#sim = sim
    this.#cores = machine === null ? null : new SharedCores(machine.cores)
    for (const name of Object.keys(LATENCIES) as LatencyName[]) {
      const drawn = distribution(replaced[name] ?? LATENCIES[name].distribution)
      const constant = drawn.spec.kind === 'constant' ? drawn.mean : null
      this.#rows.set(name, { distribution: drawn, constant, cpu: machine?.cpu[name] ?? 0, streams: new Map() })
    }
  }

  draw(name: LatencyName, place = ''): Nanos {
    const row = this.#rows.get(name)!
    const delay = row.constant ?? row.distribution.sample(this.#streamOf(row, name, place))
    return row.cpu === 0 ? delay : delay + this.#cores!.wait(row.cpu, this.#sim.now)
  }

  #streamOf({ streams }: Row, name: LatencyName, place: string): RandomStream {
    let stream = streams.get(place)
    if (stream === undefined) {
      stream = this.#sim.rng(`latency/${name}/${place}`)
      streams.set(place, stream)
    }
    return stream
  }
}
