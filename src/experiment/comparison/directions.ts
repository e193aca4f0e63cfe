/** In which direction a metric gets worse; null: it says neither. */
export type Worse = 'higher' | 'lower' | null

/** Every metric that a threshold may name. */
export const WORSE: ReadonlyMap<string, Worse> = new Map<string, Worse>([
  ['requests.sent', null],
  ['requests.ok', 'lower'],
  ['requests.failed', 'higher'],
  ['requests.error_rate', 'higher'],
  ['requests.retries', 'higher'],
  ['requests.hedges', 'higher'],
  ['requests.tries_denied', 'higher'],
  ['requests.answers_wasted', 'higher'],
  ['requests.amplification', 'higher'],
  // Users who wait for an answer before they ask again ask less often when it is late.
  ['requests.rate', 'lower'],
  ['requests.latency.mean', 'higher'],
  ['requests.latency.p50', 'higher'],
  ['requests.latency.p90', 'higher'],
  ['requests.latency.p99', 'higher'],
  ['requests.latency.max', 'higher'],
  ['endpoints.propagation.mean', 'higher'],
  ['endpoints.propagation.p50', 'higher'],
  ['endpoints.propagation.p90', 'higher'],
  ['endpoints.propagation.p99', 'higher'],
  ['endpoints.propagation.max', 'higher'],
  ['nodes.packets_dropped', 'higher'],
  ['nodes.busiest_core', 'higher'],
  ['nodes.conntrack_dropped', 'higher'],
  ['deployments.available', 'lower'],
  ['deployments.available_after', 'higher'],
  ['pods.imbalance', 'higher'],
  ['pods.throttled', 'higher'],
])

export function worseOf(metric: string): Worse {
  return WORSE.get(metric) ?? null
}
