import { UnreadableFile } from '../../read/input-file.ts'
import type { ResultRow, ResultTables } from '../result-tables.ts'
import { Histograms, Numbers, Summaries } from './families.ts'

/** As upstream has them: 15, from 1 ms on, doubled. Source: kubernetes v1.36.2 pkg/proxy/metrics/metrics.go. */
const SYNC_LIMITS = Array.from({ length: 15 }, (_, index) => (1 << index) / 1000)

/** A result as metrics at the end of the run, in the text format of Prometheus. Where Kubernetes has a name for something it is used. */
export async function writePrometheus(tables: ResultTables, write: (text: string) => void): Promise<void> {
  for (const family of [...ofSummary(tables), ...(await ofRequests(tables)), ...(await ofNodes(tables))]) write(family.text())
}

function ofSummary({ summary }: ResultTables): (Numbers | Histograms | Summaries)[] {
  const info = gauge('towtank_run_info', 'What was run; always 1.')
  const simulated = gauge('towtank_simulated_seconds', 'Simulated time of the run.')
  const events = counter('towtank_events_total', 'Events that the simulation has executed.')
  const wanted = gauge('kube_deployment_spec_replicas', 'Number of desired pods for a deployment.')
  const available = gauge('kube_deployment_status_replicas_available', 'The number of available replicas per deployment.')
  const held = gauge('towtank_threshold_passed', 'Whether a threshold of the scenario holds: 1, or 0.')
  const propagation = new Summaries({
    name: 'towtank_propagation_seconds',
    type: 'summary',
    help: 'From the write of an EndpointSlice until a node is programmed, over nodes and writes since the warm-up.',
  })
  info.set({ scenario: summary.scenario, seed: summary.seed, version: summary.tool.version }, 1)
  for (const { variant, engine, deployments, thresholds, propagation: measured } of summary.variants) {
    simulated.set({ variant }, engine.simulatedSeconds)
    events.add({ variant }, engine.events)
    for (const { namespace, name: deployment, ...replicas } of deployments) {
      wanted.set({ variant, namespace, deployment }, replicas.replicas)
      available.set({ variant, namespace, deployment }, replicas.available)
    }
    for (const { expression, passed } of thresholds) held.set({ variant, threshold: expression }, passed ? 1 : 0)
    const { count, mean, p50, p90, p99 } = measured
    if (mean === null || p50 === null || p90 === null || p99 === null) continue
    const quantiles = [['0.5', p50 / 1000] as const, ['0.9', p90 / 1000] as const, ['0.99', p99 / 1000] as const]
    propagation.known({ variant }, quantiles, (mean * count) / 1000, count)
  }
  return [info, simulated, events, wanted, available, held, propagation]
}

async function ofRequests(tables: ResultTables): Promise<(Numbers | Histograms)[]> {
  const total = counter(
    'towtank_requests_total',
    'Requests of the whole run by what became of them: ok, the cause of the failure, or in-flight.',
  )
  const retries = counter('towtank_request_retries_total', 'Tries after a failed one.')
  const hedges = counter('towtank_request_hedges_total', 'Tries beside one that had no answer yet.')
  const parts = counter('towtank_request_part_seconds_total', 'Time of answered requests by what it was spent on.')
  for await (const row of tables.rows('requests')) {
    const { variant = '', traffic = '' } = row
    const ok = Number(row.ok)
    let failed = 0
    total.add({ variant, traffic, outcome: 'ok' }, ok)
    for (const [column, cell] of Object.entries(row)) {
      if (column.startsWith('failed_')) {
        failed += Number(cell)
        if (cell !== '0') total.add({ variant, traffic, outcome: column.slice('failed_'.length).replaceAll('_', '-') }, Number(cell))
      }
      const part = /^(?!latency)(.+)_ms_mean$/.exec(column)?.[1]
      if (part !== undefined && ok > 0) parts.add({ variant, traffic, part: part.replaceAll('_', '-') }, (Number(cell) * ok) / 1000)
    }
    total.add({ variant, traffic, outcome: 'in-flight' }, Number(row.sent) - ok - failed)
    retries.add({ variant, traffic }, Number(row.retries))
    hedges.add({ variant, traffic }, Number(row.hedges))
  }
  return [total, retries, hedges, parts, await durations(tables)]
}

/** Of the measured phase, as its sum is known only there. */
async function durations(tables: ResultTables): Promise<Histograms> {
  const duration = new Histograms({
    name: 'towtank_request_duration_seconds',
    type: 'histogram',
    help: 'Latency of the requests that were answered, from when each was to be sent, since the warm-up.',
  })
  const traffics = new Map(
    tables.summary.variants.flatMap(({ variant, traffic }) => traffic.map((one) => [`${variant}\n${one.traffic}`, one.latencyMs])),
  )
  for await (const rows of tables.groups('latency', keyOf)) {
    const { variant = '', traffic = '' } = rows[0]!
    const latency = traffics.get(keyOf(rows[0]!))
    if (latency === undefined)
      throw new UnreadableFile(tables.fileOf('latency'), `the summary has no traffic "${traffic}" of variant "${variant}"`)
    const { count, mean } = latency
    duration.known({ variant, traffic }, [...atLimits(rows)], ((mean ?? 0) * count) / 1000, count)
  }
  return duration
}

/**
 * How many requests were answered within limits of one nanosecond below 2^n and 1.5 * 2^n: the first within which there is one, up to the first
 * that none is above. Buckets of latency.csv begin at 2^n and 1.5 * 2^n, so that none is on both sides of a limit, and the counts are exact.
 */
function* atLimits(rows: readonly ResultRow[]): Generator<{ readonly limit: number; readonly count: number }> {
  let row = 0
  let count = 0
  for (let power = NANOSECONDS_LEAST; row < rows.length; power *= 2) {
    for (const limit of [power, 1.5 * power]) {
      while (row < rows.length && Math.round(Number(rows[row]!.latency_ms_from) * 1e6) < limit) count = Number(rows[row++]!.requests_up_to)
      if (count > 0) yield { limit: (limit - 1) / 1e9, count }
      if (row === rows.length) return
    }
  }
}

/** From here on buckets are wider than a nanosecond. */
const NANOSECONDS_LEAST = 128

function keyOf({ variant, traffic }: ResultRow): string {
  return `${variant}\n${traffic}`
}

async function ofNodes(tables: ResultTables): Promise<(Numbers | Histograms)[]> {
  const syncs = new Histograms(
    { name: 'kubeproxy_sync_proxy_rules_duration_seconds', type: 'histogram', help: 'SyncProxyRules latency in seconds.' },
    SYNC_LIMITS,
  )
  const changes = counter('towtank_kube_proxy_changes_total', 'Watch events that syncs of kube-proxy have carried out.')
  for await (const { variant = '', node = '', sync_ms, changes: changed } of tables.rows('proxy')) {
    syncs.observe({ variant, node }, Number(sync_ms) / 1000)
    changes.add({ variant, node }, Number(changed))
  }
  const softirq = counter('towtank_node_softirq_seconds_total', 'CPU time that a node has spent on packets.')
  const packets = counter('towtank_node_packets_total', 'Packets that a node has handled.')
  const dropped = counter('towtank_node_packets_dropped_total', 'Packets that a node has dropped, as a core was behind.')
  const entries = gauge('node_nf_conntrack_entries', 'Number of currently allocated flow entries for connection tracking.')
  for await (const row of tables.rows('nodes')) {
    const labels = { variant: row.variant!, node: row.node! }
    softirq.add(labels, Number(row.softirq_ms) / 1000)
    packets.add(labels, Number(row.packets))
    dropped.add(labels, Number(row.packets_dropped))
    entries.set(labels, Number(row.conntrack_entries))
  }
  const served = counter('towtank_pod_requests_total', 'Requests that came to a pod since the warm-up.')
  for await (const { variant = '', namespace = '', pod = '', node = '', requests } of tables.rows('pods'))
    served.add({ variant, namespace, pod, node }, Number(requests))
  return [syncs, changes, softirq, packets, dropped, entries, served]
}

function counter(name: string, help: string): Numbers {
  return new Numbers({ name, type: 'counter', help })
}

function gauge(name: string, help: string): Numbers {
  return new Numbers({ name, type: 'gauge', help })
}
