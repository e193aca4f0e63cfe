import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { RandomStream } from './random-stream.ts'

/**
 * Distributions of times. This is the one file that uses log, exp, sqrt and cos: they agree on Node 18 to 24, while `Math.pow` does not,
 * so a power is written exp(y * log(x)).
 */
export type DistributionSpec =
  | { kind: 'constant'; value: Nanos }
  | { kind: 'uniform'; min: Nanos; max: Nanos }
  | { kind: 'exponential'; mean: Nanos }
  /** Draws below 0 become 0. */
  | { kind: 'normal'; mean: Nanos; sd: Nanos }
  | { kind: 'lognormal'; p50: Nanos; p99: Nanos }
  /** Shape 1 is the exponential; the squared coefficient of variation is 1 / shape. */
  | { kind: 'gamma'; shape: number; mean: Nanos }
  | { kind: 'pareto'; min: Nanos; alpha: number }
  /** Between the sorted values, quantiles are interpolated; the smallest is quantile 0, the largest quantile 1. */
  | { kind: 'empirical'; values: readonly Nanos[] }

export interface Distribution {
  /** A draw: whole nanoseconds, rounded to the nearest, from 0 to {@link SAMPLE_MAX}. */
  sample(rng: RandomStream): Nanos
  /** The expectation before rounding, exact; Infinity for a Pareto with alpha <= 1. */
  readonly mean: Nanos
  readonly spec: DistributionSpec
}

/** A longer draw is cut to this: 2^52 ns, 52 days. Only a heavy Pareto tail reaches it. */
export const SAMPLE_MAX: Nanos = 0x10_0000_0000_0000

/** The distribution of a spec whose parameters are in range (a scenario is checked before it comes here). */
export function distribution(spec: DistributionSpec): Distribution {
  switch (spec.kind) {
    case 'constant':
      return constant(spec)
    case 'uniform':
      return uniform(spec)
    case 'exponential':
      return exponential(spec)
    case 'normal':
      return normal(spec)
    case 'lognormal':
      return lognormal(spec)
    case 'gamma':
      return gamma(spec)
    case 'pareto':
      return pareto(spec)
    case 'empirical':
      return empirical(spec)
  }
}

type Spec<K extends DistributionSpec['kind']> = Extract<DistributionSpec, { kind: K }>

/** The 0.99 quantile of the standard normal. */
const Z99 = 2.3263478740408408
const TWO_PI = 2 * Math.PI

function constant(spec: Spec<'constant'>): Distribution {
  invariant(spec.value >= 0, 'A constant distribution needs a value >= 0')
  const value = toNanos(spec.value)
  return { spec, mean: value, sample: () => value }
}

function uniform(spec: Spec<'uniform'>): Distribution {
  const { min, max } = spec
  invariant(min >= 0 && max >= min, 'A uniform distribution needs 0 <= min <= max')
  return { spec, mean: (min + max) / 2, sample: (rng) => toNanos(min + rng.uniform() * (max - min)) }
}

function exponential(spec: Spec<'exponential'>): Distribution {
  const { mean } = spec
  invariant(mean >= 0, 'An exponential distribution needs a mean >= 0')
  return { spec, mean, sample: (rng) => toNanos(mean * standardExponential(rng)) }
}

/** The mean of max(0, X) for X normal with mean m and deviation s is m Φ(m/s) + s φ(m/s). */
function normal(spec: Spec<'normal'>): Distribution {
  const { mean, sd } = spec
  invariant(sd >= 0, 'A normal distribution needs a deviation >= 0')
  const z = mean / sd
  const meanCut = sd === 0 ? Math.max(0, mean) : mean * normalCdf(z) + sd * normalDensity(z)
  return { spec, mean: meanCut, sample: (rng) => toNanos(mean + sd * standardNormal(rng)) }
}

/** exp(N(m, s²)) with m = ln p50 and s = ln(p99 / p50) / z99. */
function lognormal(spec: Spec<'lognormal'>): Distribution {
  const { p50, p99 } = spec
  invariant(p50 > 0 && p99 >= p50, 'A log-normal distribution needs 0 < p50 <= p99')
  const sigma = Math.log(p99 / p50) / Z99
  return {
    spec,
    mean: p50 * Math.exp((sigma * sigma) / 2),
    sample: (rng) => toNanos(p50 * Math.exp(sigma * standardNormal(rng))),
  }
}

/**
 * Squeeze and rejection with a cubed normal; a shape below 1 is drawn with shape + 1 and scaled by u^(1/shape).
 *
 * Source: G. Marsaglia and W. W. Tsang, A simple method for generating gamma variables, ACM TOMS 26 (2000).
 */
function gamma(spec: Spec<'gamma'>): Distribution {
  const { shape, mean } = spec
  invariant(shape > 0 && mean >= 0, 'A gamma distribution needs a shape > 0 and a mean >= 0')
  const scale = mean / shape
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  const sample = (rng: RandomStream) => {
    for (;;) {
      const x = standardNormal(rng)
      const root = 1 + c * x
      if (root <= 0) continue
      const v = root * root * root
      if (-standardExponential(rng) >= (x * x) / 2 + d - d * v + d * Math.log(v)) continue
      const boost = shape < 1 ? Math.exp(-standardExponential(rng) / shape) : 1
      return toNanos(scale * d * v * boost)
    }
  }
  return { spec, mean, sample }
}

/** Above x with probability (min / x)^alpha. */
function pareto(spec: Spec<'pareto'>): Distribution {
  const { min, alpha } = spec
  invariant(min >= 0 && alpha > 0, 'A Pareto distribution needs min >= 0 and alpha > 0')
  return {
    spec,
    mean: alpha > 1 ? (alpha * min) / (alpha - 1) : Number.POSITIVE_INFINITY,
    sample: (rng) => toNanos(min * Math.exp(standardExponential(rng) / alpha)),
  }
}

function empirical(spec: Spec<'empirical'>): Distribution {
  const values = Float64Array.from(spec.values).sort()
  invariant(values.length > 0 && values[0]! >= 0, 'An empirical distribution needs one value or more, none below 0')
  const last = values.length - 1
  let twice = 0
  for (let i = 0; i < last; i++) twice += values[i]! + values[i + 1]!
  const sample = (rng: RandomStream) => {
    const position = rng.uniform() * last
    const index = Math.floor(position)
    const low = values[index]!
    return toNanos(index < last ? low + (position - index) * (values[index + 1]! - low) : low)
  }
  return { spec, mean: last === 0 ? values[0]! : twice / (2 * last), sample }
}

/** One uniform; -ln(1 - u) is finite because u < 1. */
function standardExponential(rng: RandomStream): number {
  return -Math.log(1 - rng.uniform())
}

/** Box–Muller with always two uniforms and no half kept for the next call: a draw depends on its stream alone. */
function standardNormal(rng: RandomStream): number {
  const radius = Math.sqrt(2 * standardExponential(rng))
  return radius * Math.cos(TWO_PI * rng.uniform())
}

function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(TWO_PI)
}

/** Φ(z) = 1/2 + φ(z) (z + z³/3 + z⁵/(3·5) + …): all terms have one sign, so nothing cancels; beyond 8 deviations it is 0 or 1. */
function normalCdf(z: number): number {
  if (z < 0) return 1 - normalCdf(-z)
  if (z > 8) return 1
  let term = z
  let sum = z
  for (let odd = 3; term > sum * Number.EPSILON; odd += 2) {
    term *= (z * z) / odd
    sum += term
  }
  return 0.5 + normalDensity(z) * sum
}

function toNanos(value: number): Nanos {
  return value < 0 ? 0 : value > SAMPLE_MAX ? SAMPLE_MAX : Math.round(value)
}
