import { nearest } from '../../api/did-you-mean.ts'
import { complain, complainWithin, type Parsed, parsed } from '../../scenario/parse-result.ts'
import { parseLabels, parseLimit } from '../../scenario/parse-threshold.ts'
import { THRESHOLD_METRICS, type ThresholdUnit, thresholdLabels } from '../../scenario/threshold-metrics.ts'
import type { MetricComparison } from './comparison.ts'
import { WORSE, worseOf } from './directions.ts'

/** How much worse a metric may become: a share of what it is in A, or an amount in its unit. */
export interface Tolerance {
  /** As it was given. */
  readonly text: string
  /** null for every metric that can be worse. */
  readonly metric: string | null
  readonly labels: Readonly<Record<string, string>>
  readonly relative: number
  readonly absolute: number
}

export const TOLERANCE_FORM = 'PERCENT or METRIC{LABEL=VALUE}=PERCENT or =AMOUNT, such as 5% or requests.latency.p99{traffic=shoppers}=10ms'

const SHAPE = /^(\s*)([A-Za-z_][\w.]*)\s*(\{([^{}]*)\})?\s*=\s*(\S.*?)\s*$/
const PERCENT = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/

/** Reads a tolerance. A percentage is of what the metric is in A; points of a rate are written as `0.5pp` or `0.005`. */
export function parseTolerance(text: string): Parsed<Tolerance> {
  const all = readPercent(text)
  if (all !== null) return parsed({ text: text.trim(), metric: null, labels: {}, relative: all, absolute: 0 })
  const match = SHAPE.exec(text)
  if (match === null) return complain(`Cannot read "${text}" as a tolerance`, { accepted: TOLERANCE_FORM })
  const [, lead, metric, braces, inside, amountText] = match
  const definition = THRESHOLD_METRICS.get(metric!)
  const canBeWorse = [...WORSE].flatMap(([name, worse]) => (worse === null ? [] : [name]))
  if (definition === undefined)
    return complain(`Unknown metric "${metric}"`, {
      accepted: `one of ${canBeWorse.join(', ')}`,
      didYouMean: nearest(metric!, canBeWorse),
      part: { index: lead!.length, length: metric!.length },
    })
  if (worseOf(metric!) === null)
    return complain(`"${metric}" can grow and fall without being worse`, { accepted: `one of ${canBeWorse.join(', ')}` })
  const labels = parseLabels(inside ?? '', thresholdLabels(definition), metric!)
  if (!labels.ok) return complainWithin(labels.complaint, text.indexOf(braces!), braces!.length)
  const rest = { text: text.trim(), metric: metric!, labels: labels.value }
  const relative = readPercent(amountText!)
  if (relative !== null) return parsed({ ...rest, relative, absolute: 0 })
  const amount = readAmount(amountText!, definition.unit)
  return amount.ok ? parsed({ ...rest, relative: 0, absolute: amount.value }) : amount
}

function readPercent(text: string): number | null {
  const match = PERCENT.exec(text)
  return match === null ? null : Number(match[1]) / 100
}

function readAmount(text: string, unit: ThresholdUnit): Parsed<number> {
  const points = unit === 'fraction' ? /^(\d+(?:\.\d+)?)\s*pp$/.exec(text) : null
  if (points !== null) return parsed(Number(points[1]) / 100)
  const amount = parseLimit(text, unit)
  if (amount.ok || unit !== 'fraction') return amount
  return complain(`Cannot compare a rate with "${text}"`, {
    accepted: 'a percentage of what it is in A, such as 5%, or points, such as 0.1pp or 0.001',
  })
}

type Named = Pick<MetricComparison, 'metric' | 'labels'>

/** The tolerance by which a metric is judged: the one that says the most about it, the later one of equals; null for none. */
export function toleranceFor(metric: Named, tolerances: readonly Tolerance[]): Tolerance | null {
  if (worseOf(metric.metric) === null) return null
  let best: Tolerance | null = null
  for (const tolerance of tolerances)
    if (applies(tolerance, metric) && rank(tolerance) >= (best === null ? -1 : rank(best))) best = tolerance
  return best
}

/** Why a tolerance judges nothing, or null. */
export function whyIdle(tolerance: Tolerance, metrics: readonly Named[]): string | null {
  if (tolerance.metric === null || metrics.some((metric) => applies(tolerance, metric))) return null
  const labels = Object.entries(tolerance.labels).map(([label, value]) => `${label}=${value}`)
  const there = metrics.filter(({ metric }) => metric === tolerance.metric)
  const values = Object.keys(tolerance.labels).flatMap((label) => [...new Set(there.map((one) => one.labels[label] ?? ''))])
  const near = Object.values(tolerance.labels).flatMap((value) => nearest(value, values) ?? [])[0]
  const expected = there.length === 0 ? 'this scenario has no such metric' : `expected one of ${values.join(', ')}`
  return `Nothing is judged by "${tolerance.text}": there is no ${tolerance.metric}${labels.length === 0 ? '' : `{${labels.join(',')}}`}: ${expected}${near === undefined ? '' : `. Did you mean "${near}"?`}`
}

function applies({ metric, labels }: Tolerance, named: Named): boolean {
  return metric === null || (metric === named.metric && Object.entries(labels).every(([label, value]) => named.labels[label] === value))
}

function rank({ metric, labels }: Tolerance): number {
  return metric === null ? 0 : 1 + Object.keys(labels).length
}
