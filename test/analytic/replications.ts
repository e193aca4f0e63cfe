/**
 * A mean judged by independent replications: each has its own seed, discards its warm-up, and gives one number a measure.
 *
 * The 99.9 % interval is mean ± t * s / sqrt(n), with n = 20 replications and t = 3.8834, the 0.9995 quantile of Student's t with 19
 * degrees of freedom.
 */
export const REPLICATIONS = 20
const T_999 = 3.8834

export interface Estimate {
  readonly mean: number
  readonly halfWidth: number
}

/** Runs `replicate` with the seeds '1' to '20' and estimates each number that it gives. */
export function estimate<Measure extends string>(replicate: (seed: string) => Record<Measure, number>): Record<Measure, Estimate> {
  const results = Array.from({ length: REPLICATIONS }, (_, index) => replicate(String(index + 1)))
  const measures = Object.keys(results[0]!) as Measure[]
  const estimates = measures.map((measure) => {
    const mean = results.reduce((sum, result) => sum + result[measure], 0) / REPLICATIONS
    const variance = results.reduce((sum, result) => sum + (result[measure] - mean) ** 2, 0) / (REPLICATIONS - 1)
    return [measure, { mean, halfWidth: T_999 * Math.sqrt(variance / REPLICATIONS) }] as const
  })
  return Object.fromEntries(estimates) as Record<Measure, Estimate>
}
