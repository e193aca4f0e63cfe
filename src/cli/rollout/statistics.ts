/** An estimate from independent replications. */
export interface Estimate {
  readonly mean: number
  /** Of the 95 % t-interval of the mean; the mean itself with one replication. Not below 0, as counts are not. */
  readonly low: number
  readonly high: number
}

/** 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom. Source: any table, such as NIST/SEMATECH e-Handbook 1.3.6.7.2. */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086,
  2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
]

/** Beyond the table the normal quantile with its first correction: 2.021 at 40, 1.980 at 120, as tables have it. */
function quantile(degrees: number): number {
  return T[degrees - 1] ?? 1.96 + 2.42 / degrees
}

export function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)
  if (values.length < 2) return { mean, low: mean, high: mean }
  const variance = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / (values.length - 1)
  const half = quantile(values.length - 1) * Math.sqrt(variance / values.length)
  return { mean, low: Math.max(0, mean - half), high: mean + half }
}

/**
 * What none of `trials` says at 95 %: the rate is below this, or something less likely than 1 in 20 has happened. 1 − 0.05^(1/n), which is
 * about 3/n, the rule of three.
 */
export function upperBoundOfNone(trials: number): number {
  return trials === 0 ? 1 : 1 - Math.exp(Math.log(0.05) / trials)
}

/** The value that a share `q` of the ascending values does not exceed; null without values. */
export function quantileOf(ascending: readonly number[], q: number): number | null {
  return ascending.length === 0 ? null : ascending[Math.max(0, Math.ceil(q * ascending.length) - 1)]!
}
