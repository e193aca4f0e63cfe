import { BLAME_PARTS, PARTS } from '../../src/metrics/blame.ts'
import { FAILURE_CAUSES } from '../../src/metrics/failure-cause.ts'
import type { RequestBatch, RequestNames, RequestSink } from '../../src/metrics/request-batch.ts'

/** A request as a batch has it, in words. Times in ns. */
export interface RawRow {
  readonly traffic: string
  readonly sentAt: number
  /** `in-flight`, `ok`, or a cause of failure. */
  readonly outcome: string
  /** null: in flight. */
  readonly latency: number | null
  readonly client: string | null
  readonly clientNode: string | null
  readonly node: string | null
  readonly pod: string | null
  readonly podNode: string | null
  readonly connection: string | null
  readonly tries: number
  readonly repeats: number
  /** By part; null: in flight. */
  readonly parts: readonly number[] | null
}

/** The obvious way to take requests: keeps every one as an object. */
export class KeptRows implements RequestSink {
  readonly rows: RawRow[] = []

  take(batch: RequestBatch, names: RequestNames): void {
    for (let row = 0; row < batch.length; row++) this.rows.push(rowOf(batch, row, names))
  }
}

function rowOf(batch: RequestBatch, row: number, names: RequestNames): RawRow {
  const client = batch.clients[row]!
  const address = batch.addresses[row]!
  const sender = client >= 0 ? names.pod(client) : null
  const pod = batch.pods[row]! < 0 ? null : names.pod(batch.pods[row]!)
  const outcome = batch.outcomes[row]!
  const latency = batch.latencies[row]!
  return {
    traffic: names.traffics[batch.traffics[row]!]!,
    sentAt: batch.sentAt[row]!,
    outcome: outcome === -2 ? 'in-flight' : outcome === -1 ? 'ok' : FAILURE_CAUSES[outcome]!,
    latency: Number.isNaN(latency) ? null : latency,
    client: client === -1 ? [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.') : (sender?.name ?? null),
    clientNode: sender === null ? null : names.nodes[sender.node]!,
    node: batch.nodes[row]! < 0 ? null : names.nodes[batch.nodes[row]!]!,
    pod: pod?.name ?? null,
    podNode: pod === null ? null : names.nodes[pod.node]!,
    connection: [null, 'new', 'kept'][batch.connections[row]!]!,
    tries: batch.tries[row]!,
    repeats: batch.repeats[row]!,
    parts: Number.isNaN(latency) ? null : [...batch.parts.subarray(row * PARTS, row * PARTS + PARTS)],
  }
}

/** The cells that the row has in a file of the variant. */
export function cellsOf(variant: string, row: RawRow): (string | number | null)[] {
  const ms = (time: number | null) => (time === null ? null : time / 1e6)
  return [
    variant,
    row.traffic,
    row.sentAt / 1e9,
    row.outcome,
    ms(row.latency),
    row.client,
    row.clientNode,
    row.node,
    row.pod,
    row.podNode,
    row.connection,
    row.tries,
    row.repeats,
    ...BLAME_PARTS.map((_, part) => ms(row.parts === null ? null : row.parts[part]!)),
  ]
}
