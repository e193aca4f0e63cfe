/**
 * Erlang's formulas, for c servers and an offered load of a = arrival rate * mean service time.
 */

/** Probability that a customer is lost without a queue: B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)). */
export function erlangB(servers: number, load: number): number {
  let blocked = 1
  for (let n = 1; n <= servers; n++) blocked = (load * blocked) / (n + load * blocked)
  return blocked
}

/** Probability that a customer waits in an endless queue: C = c B / (c - a (1 - B)). */
export function erlangC(servers: number, load: number): number {
  const blocked = erlangB(servers, load)
  return (servers * blocked) / (servers - load * (1 - blocked))
}

/** The state probabilities of M/M/c/K, K places in all: p(n) = p(n-1) * a / min(n, c). */
export function stateProbabilities(servers: number, places: number, load: number): number[] {
  const weights = [1]
  for (let n = 1; n <= places; n++) weights.push((weights[n - 1]! * load) / Math.min(n, servers))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
