import { BLAME_PARTS, type BlamePart } from '../metrics/blame.ts'
import type { Cell, Table } from '../metrics/table.ts'
import type { RunResult, VariantSummary } from '../scenario/run-result.ts'

/** A variant's summary with a number of its own for everything, for tests of what is made from it. */
export function sampleSummary(changes: Partial<VariantSummary> = {}): VariantSummary {
  return {
    variant: 'ipvs',
    traffic: [
      {
        traffic: 'shoppers',
        sent: 1000,
        ok: 989,
        failed: 10,
        inFlight: 1,
        failedByCause: { 'connection refused': 7, timeout: 3 },
        stale: 0,
        errorRate: 0.01,
        retries: 120,
        hedges: 30,
        hedgesWon: 12,
        triesDenied: 5,
        answersWasted: 17,
        amplification: 1.15,
        requestsPerSecond: 100,
        latencyMs: { count: 989, mean: 12, p50: 10, p90: 20, p99: 200, max: 900 },
        blameMs: {
          mean: blame({ network: 2, rules: 0.5, packets: 0.5, 'pod-queue': 3, service: 6 }),
          p99: blame({ network: 2, rules: 0.5, packets: 0.5, retransmit: 200, 'pod-queue': 37, service: 10 }),
        },
      },
    ],
    propagation: { count: 4, mean: 700, p50: 600, p90: 1100, p99: 1200, max: 1300 },
    deployments: [{ namespace: 'shop', name: 'frontend', replicas: 4, available: 3, availableAtSeconds: 12.5, imbalance: 1.25 }],
    nodes: {
      packets: 9000,
      packetsDropped: 0,
      busiestCore: { node: 'worker-1', share: 0.25, atSeconds: 31 },
      conntrackEntriesMax: 4100,
      conntrackDropped: 0,
    },
    kubeProxy: { mode: 'ipvs', syncs: 31, rulesMax: 42, syncMsMax: 34.5 },
    faults: [{ fault: 'node-crash worker-3 for 1m', tookEffect: true, effect: '2 pods were lost' }],
    refusals: [],
    thresholds: [],
    engine: { events: 5000, hops: 60, simulatedSeconds: 300 },
    ...changes,
  }
}

export function sampleTable(columns: readonly string[], rows: Iterable<readonly Cell[]>): Table {
  return { columns, rows }
}

/** A variant's whole result with small tables. */
export function sampleResult(variant = 'ipvs', changes: Partial<VariantSummary> = {}): RunResult {
  return {
    variant,
    requests: sampleTable(
      ['interval_start_s', 'traffic', 'sent', 'latency_p99_ms'],
      [
        [0, 'shoppers', 500, 12.5],
        [10, 'shoppers', 500, null],
      ],
    ),
    latency: sampleTable(['traffic', 'requests'], []),
    objects: sampleTable(['time_s', 'detail'], [[1.25, 'says "hello", and\ngoes']]),
    proxy: sampleTable(['time_s', 'node'], []),
    pods: sampleTable(['pod', 'requests'], []),
    nodes: sampleTable(['node', 'packets'], []),
    connections: sampleTable(['pod', 'connections_open'], []),
    failures: sampleTable(['cause', 'failures'], []),
    events: sampleTable(['kind', 'name'], []),
    summary: sampleSummary({ variant, ...changes }),
  }
}

/** The parts that are not given are 0. */
function blame(parts: Partial<Record<BlamePart, number>>): Record<BlamePart, number> {
  return Object.fromEntries(BLAME_PARTS.map((part) => [part, parts[part] ?? 0])) as Record<BlamePart, number>
}
