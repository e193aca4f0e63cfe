/** How the cost of a large benchmark grows with its size: the exponent of the power law that fits best, for scaling.csv and its chart. */
import type { Row } from './harness/row.ts'

/** Questions whose growth is shown, by benchmark, for these variants or for all. Each is measured at 4 sizes at least. One line here is all that a benchmark needs. */
export const SCALED: readonly {
  readonly benchmark: string
  readonly question: string
  readonly variants?: readonly string[]
  readonly of: string
}[] = [
  { benchmark: 'event-queue', question: 'hold', variants: ['radix wheel', 'heap-js'], of: 'events pending' },
  { benchmark: 'lookup', question: 'service', variants: ['linear', 'hash'], of: 'Services' },
  { benchmark: 'picks', question: 'pick', variants: ['rr', 'wlc', 'lblcr', 'smooth-wrr'], of: 'backends' },
  { benchmark: 'connections', question: 'connection step', variants: ['connection table'], of: 'connections' },
  { benchmark: 'requests', question: 'whole request', of: 'pods' },
  { benchmark: 'large-cluster', question: 'full cluster', of: 'pods' },
  { benchmark: 'end-to-end', question: 'all pods to Ready', of: 'pods' },
]

/** Sizes that a curve needs. */
export const SIZES_MIN = 4

export interface Point {
  readonly size: number
  readonly value: number
}

export interface Growth {
  readonly benchmark: string
  readonly question: string
  readonly variant: string
  /** What the size counts. */
  readonly of: string
  readonly unit: Row['unit']
  readonly points: readonly Point[]
  /** 0: it does not grow; 1: in proportion. Null with fewer than two sizes. */
  readonly exponent: number | null
}

/**
 * The exponent b of value = a * size^b by least squares of the logarithms. Null unless two sizes differ and all is positive.
 */
export function fitExponent(points: readonly Point[]): number | null {
  if (points.some(({ size, value }) => !(size > 0 && value > 0))) return null
  const x = points.map(({ size }) => Math.log(size))
  const y = points.map(({ value }) => Math.log(value))
  const meanX = sum(x) / x.length
  const meanY = sum(y) / y.length
  const spread = sum(x.map((at) => (at - meanX) * (at - meanX)))
  if (!(spread > 0)) return null
  return sum(x.map((at, index) => (at - meanX) * (y[index]! - meanY))) / spread
}

/** The growth of every variant of the questions of {@link SCALED} that has sizes enough. */
export function growthOf(benchmark: string, rows: readonly Row[]): Growth[] {
  return SCALED.filter((scaled) => scaled.benchmark === benchmark).flatMap(({ question, variants, of }) => {
    const own = rows.filter((row) => row.question === question)
    return (variants ?? [...new Set(own.map(({ variant }) => variant))]).flatMap((variant) => {
      const mine = own.filter((row) => row.variant === variant).sort((a, b) => a.size - b.size)
      if (mine.length < SIZES_MIN) return []
      const points = mine.map(({ size, value }) => ({ size, value }))
      return [{ benchmark, question, variant, of, unit: mine[0]!.unit, points, exponent: fitExponent(points) }]
    })
  })
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
