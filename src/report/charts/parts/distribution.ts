import type { Tables } from '../tables.ts'

/** How often latencies were at most so much: by traffic and variant, ascending. */
export interface Distribution {
  /** Milliseconds that stand for the requests of a bucket. */
  readonly latencyMs: readonly number[]
  readonly requests: readonly number[]
  readonly total: number
  /** Milliseconds. */
  readonly max: number
}

/** The distribution of a traffic in a variant; null where the table is not there or has none. */
export function distributionOf(tables: Tables, of: { readonly variant: string; readonly traffic: string }): Distribution | null {
  const table = tables.get('latency')
  if (table === undefined) return null
  const variants = table.texts('variant')
  const traffics = table.texts('traffic')
  const variant = variants.texts.indexOf(of.variant)
  const traffic = traffics.texts.indexOf(of.traffic)
  const latencies = table.numbers('latency_ms')
  const upperEnds = table.numbers('latency_ms_to')
  const counts = table.numbers('requests')
  let max = 0
  const latencyMs: number[] = []
  const requests: number[] = []
  let total = 0
  for (let row = 0; row < table.rows; row++) {
    if (variants.codes[row] !== variant || traffics.codes[row] !== traffic) continue
    latencyMs.push(latencies[row]!)
    requests.push(counts[row]!)
    total += counts[row]!
    max = Math.max(max, upperEnds[row]!)
  }
  return total > 0 ? { latencyMs, requests, total, max } : null
}

/** The latency that at least a share `q` of the requests did not exceed. */
export function quantileOf({ latencyMs, requests, total }: Distribution, q: number): number {
  // As everywhere in the results: the request of rank ceil(q * count), but for the rounding of the product.
  const exact = q * total
  const rank = Math.max(1, Math.abs(exact - Math.round(exact)) < 1e-9 * total ? Math.round(exact) : Math.ceil(exact))
  let seen = 0
  for (const [index, count] of requests.entries()) {
    seen += count
    if (seen >= rank) return latencyMs[index]!
  }
  return latencyMs.at(-1)!
}

export function percentilesOf(
  tables: Tables,
  of: { readonly variant: string; readonly traffic: string },
  shares: readonly number[],
): readonly number[] | null {
  const distribution = distributionOf(tables, of)
  return distribution === null ? null : shares.map((share) => quantileOf(distribution, share))
}
