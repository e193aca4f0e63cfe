import type { Deployment } from '../api/objects/index.ts'
import { objectKey } from '../control-plane/object-key.ts'
import type { Trace } from '../engine/trace.ts'
import { imbalance, loadRate } from '../metrics/pod-loads.ts'
import type { RequestSink } from '../metrics/request-batch.ts'
import type { Cell, Table } from '../metrics/table.ts'
import { throttledShare } from '../node/container-cpu.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import type { SampleSpec } from '../workload/samples/request-sampler.ts'
import { LoadsByLabel } from './loads-by-label.ts'
import { eventTable } from './run-events.ts'
import type { DeploymentSummary, RunResult, VariantSummary } from './run-result.ts'
import { runUntil } from './run-until.ts'
import type { Scenario } from './scenario.ts'
import { SimulatedCluster } from './simulated-cluster.ts'
import { judgeThresholds } from './threshold-metrics.ts'

export interface SimulateOptions {
  /** What the run is called in its results. */
  readonly variant: string
  /** Told the share of simulated time that has passed, 0 to 1, a hundred times. */
  readonly onProgress?: (fraction: number) => void
  /** Which requests to keep with every step of theirs; left out, none. Nothing else in the result depends on it. */
  readonly samples?: SampleSpec | undefined
  /** Told every request once it has ended, and at the end those on their way; left out, nobody is. Nothing in the result depends on it. */
  readonly requests?: RequestSink | undefined
}

/** A result with the hops that its stories are told from. */
export interface SimulatedRun extends RunResult {
  readonly hops: Trace
}

const PROGRESS_STEPS = 100

/** Runs a checked scenario from start to end. The result is a function of the scenario (its seed included) and the version alone. */
export function simulate(scenario: Scenario, options: SimulateOptions): SimulatedRun {
  const cluster = new SimulatedCluster(scenario, options.samples ?? null, options.requests ?? null)
  cluster.start()
  for (let step = 1; step <= PROGRESS_STEPS; step++) {
    const until = Math.floor((scenario.duration * step) / PROGRESS_STEPS)
    // To stop where measuring begins is no event, so it changes nothing.
    if (cluster.sim.now < scenario.warmUp && scenario.warmUp <= until) {
      runUntil(cluster, scenario.warmUp - 1, scenario.duration)
      cluster.dataPlane.beginMeasuring()
    }
    runUntil(cluster, until, scenario.duration)
    options.onProgress?.(step / PROGRESS_STEPS)
  }
  cluster.dataPlane.endInterval(scenario.duration)
  cluster.dataPlane.checkConservation()
  cluster.dataPlane.finishRecords()
  const measured: Omit<VariantSummary, 'thresholds'> = {
    variant: options.variant,
    traffic: cluster.dataPlane.trafficSummaries(),
    propagation: cluster.dataPlane.propagation('measured'),
    deployments: deploymentsOf(scenario, cluster),
    kubeProxy: cluster.dataPlane.kubeProxySummary(),
    nodes: cluster.dataPlane.nodesSummary(),
    ...(scenario.cluster.bootstrap
      ? { bootstrap: { allNodesReadySeconds: cluster.allNodesReadyAt === null ? null : seconds(cluster.allNodesReadyAt) } }
      : {}),
    faults: cluster.faults,
    refusals: cluster.controlPlane.kubectl.refusals,
    ...flowControlOf(cluster),
    engine: { events: cluster.sim.eventsExecuted, hops: cluster.trace.length, simulatedSeconds: scenario.duration / SECOND },
  }
  const samples = cluster.dataPlane.sampleTable()
  return {
    variant: options.variant,
    requests: cluster.dataPlane.requestTable(),
    latency: cluster.dataPlane.latencyTable(),
    objects: hopTable(cluster.trace),
    proxy: cluster.dataPlane.proxyTable(),
    pods: podTable(cluster),
    nodes: cluster.dataPlane.nodeTable(),
    connections: cluster.dataPlane.connectionTable(),
    failures: cluster.dataPlane.failureTable(),
    ...(samples === null ? {} : { samples }),
    events: eventTable({
      commands: cluster.controlPlane.kubectl.runs,
      rollouts: cluster.rollouts.list,
      faults: cluster.faultSpans,
      end: scenario.duration,
    }),
    hops: cluster.trace,
    summary: { ...measured, thresholds: judgeThresholds(scenario.thresholds, measured) },
  }
}

/** Says nothing where nobody waited: results are then the same as without Priority and Fairness. */
function flowControlOf(cluster: SimulatedCluster): Pick<VariantSummary, 'flowControl'> {
  const flowControl = cluster.controlPlane.server
    .flowControlReport()
    .map(({ longestWait, ...rest }) => ({ ...rest, longestWaitMs: longestWait / MILLISECOND }))
  return flowControl.length === 0 ? {} : { flowControl }
}

/** The Deployments of the scenario's manifests, as they stand at the end; one that was deleted has no replicas. */
function deploymentsOf(scenario: Scenario, cluster: SimulatedCluster): DeploymentSummary[] {
  const applied = [
    ...scenario.manifests,
    ...scenario.timeline.flatMap((entry) => (entry.kind === 'kubectl' && 'objects' in entry.command ? entry.command.objects : [])),
  ]
  const keys = new Map(
    applied
      .filter((object) => object.kind === 'Deployment')
      .map((object) => [objectKey('Deployment', object.metadata.namespace, object.metadata.name), object.metadata]),
  )
  const loads = new LoadsByLabel(cluster.dataPlane.backends.loads())
  return [...keys].map(([key, { namespace, name }]) => {
    const deployment: Deployment | undefined = cluster.controlPlane.server.peek('Deployment', namespace, name)
    const availableAt = cluster.availableAt.get(key)
    const selector = deployment?.spec.selector
    const own = selector === undefined ? [] : loads.selected(namespace, selector)
    const stats = own.flatMap(({ cpu }) => cpu ?? [])
    return {
      namespace,
      name,
      replicas: deployment?.spec.replicas ?? 0,
      available: deployment?.status.availableReplicas ?? 0,
      availableAtSeconds: availableAt === undefined ? null : seconds(availableAt),
      imbalance: selector === undefined ? null : imbalance(own.map(({ load }) => load)),
      ...(stats.length === 0 ? {} : { throttled: throttledShare(stats) }),
    }
  })
}

/** Every pod as a row: where it was, and since the warm-up how long it listened, how many requests came to it, and what it had of the CPU. */
function podTable(cluster: SimulatedCluster): Table {
  const names = cluster.nodeNames
  const rows = cluster.dataPlane.backends.loads().map(({ pod, load, cpu }): readonly Cell[] => {
    const rate = load.listened === 0 ? null : loadRate(load) * SECOND
    const state = load.listening ? 'listening' : 'gone'
    const used = cpu === null ? NO_CPU : [seconds(cpu.used), cpu.periods, cpu.throttledPeriods, seconds(cpu.throttled)]
    return [pod.namespace, pod.podName, pod.address, names[pod.nodeIndex]!, state, seconds(load.listened), load.requests, rate, ...used]
  })
  const columns = ['namespace', 'pod', 'address', 'node', 'at_end', 'listened_s', 'requests', 'requests_per_s']
  return { columns: [...columns, 'cpu_s', 'cpu_periods', 'throttled_periods', 'throttled_s'], rows }
}

/** Of a pod whose requests' CPU time is not given. */
const NO_CPU = [null, null, null, null] as const

/** Every hop as a row: what happened to which object, when, by whom, and which hop led to it. */
function hopTable(trace: Trace): Table {
  function* rows(): Generator<readonly Cell[], void, unknown> {
    for (let id = 0; id < trace.length; id++) {
      const hop = trace.hop(id)
      const cause = hop.cause < 0 ? null : hop.cause
      const revision = hop.revision === 0 ? null : hop.revision
      yield [id, cause, seconds(hop.started), seconds(hop.time), hop.actor, hop.action, hop.subject, revision, hop.detail]
    }
  }
  return {
    columns: ['hop', 'cause_hop', 'started_s', 'ended_s', 'actor', 'action', 'object', 'revision', 'detail'],
    rows: { [Symbol.iterator]: rows },
  }
}

/** Exact to the nanosecond as far as a double goes. */
function seconds(time: Nanos): number {
  return time / SECOND
}
