import { nearest } from '../api/did-you-mean.ts'
import { MILLISECOND } from '../units.ts'
import { DURATION_FORM, parseDuration } from './parse-duration.ts'
import { parseRate, RATE_FORM } from './parse-rate.ts'
import { complain, complainWithin, type Parsed, parsed } from './parse-result.ts'
import type { Threshold } from './scenario.ts'
import { THRESHOLD_METRICS, type ThresholdUnit, thresholdLabels } from './threshold-metrics.ts'

export const THRESHOLD_FORM = 'METRIC{LABEL=VALUE} OPERATOR LIMIT, such as requests.latency.p99{traffic=shoppers} < 250ms'

const SHAPE = /^(\s*)([A-Za-z_][\w.]*)(\s*)(\{([^{}]*)\})?\s*(<=|>=|<|>|==|=|!=)\s*(\S.*?)\s*$/

/** Reads a threshold. Whether the traffic or Deployment that it names exists is not looked at here. */
export function parseThreshold(text: string): Parsed<Threshold> {
  const match = SHAPE.exec(text)
  if (match === null) return complain(`Cannot read "${text}" as a threshold`, { accepted: THRESHOLD_FORM })
  const [, lead, name, gap, braces, inside, operator, limitText] = match
  const metric = THRESHOLD_METRICS.get(name!)
  if (metric === undefined) {
    const names = [...THRESHOLD_METRICS.keys()]
    const part = { index: lead!.length, length: name!.length }
    return complain(`Unknown metric "${name}"`, { accepted: `one of ${names.join(', ')}`, didYouMean: nearest(name!, names), part })
  }
  const labels = parseLabels(inside ?? '', thresholdLabels(metric), name!)
  if (!labels.ok) return complainWithin(labels.complaint, lead!.length + name!.length + gap!.length, braces!.length)
  const limitIndex = text.lastIndexOf(limitText!)
  if (operator !== '<' && operator !== '<=' && operator !== '>' && operator !== '>=') {
    const index = text.slice(0, limitIndex).lastIndexOf(operator!)
    return complain(`Cannot compare with "${operator}"`, { accepted: 'one of <, <=, >, >=', part: { index, length: operator!.length } })
  }
  const limit = parseLimit(limitText!, metric.unit)
  if (!limit.ok) return complainWithin(limit.complaint, limitIndex, limitText!.length)
  return parsed({ text: text.trim(), metric: name!, labels: labels.value, operator, limit: limit.value })
}

/** Complaints about a label have no part: the caller underlines the braces. */
export function parseLabels(inside: string, known: readonly string[], metric: string): Parsed<Readonly<Record<string, string>>> {
  const labels: Record<string, string> = {}
  if (inside.trim() === '') return parsed(labels)
  for (const piece of inside.split(',')) {
    const match = /^\s*([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s"]+))\s*$/.exec(piece)
    if (match === null) return complain(`Cannot read "${piece.trim()}" as a label`, { accepted: 'LABEL=VALUE' })
    const label = match[1]!
    if (!known.includes(label)) {
      const accepted = known.length === 0 ? `no labels on ${metric}` : known.join(' or ')
      return complain(`"${metric}" has no label "${label}"`, { accepted, didYouMean: nearest(label, known) })
    }
    if (labels[label] !== undefined) return complain(`The label "${label}" is given twice`)
    labels[label] = match[2] ?? match[3]!
  }
  return parsed(labels)
}

export function parseLimit(text: string, unit: ThresholdUnit): Parsed<number> {
  if (unit === 'milliseconds') {
    const time = parseDuration(text)
    return time.ok
      ? parsed(time.value / MILLISECOND)
      : complain(`Cannot compare a time with "${text}"`, { accepted: DURATION_FORM, didYouMean: time.complaint.didYouMean })
  }
  if (unit === 'perSecond') {
    const rate = parseRate(text)
    return rate.ok
      ? parsed(rate.value)
      : complain(`Cannot compare a rate with "${text}"`, { accepted: RATE_FORM, didYouMean: rate.complaint.didYouMean })
  }
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  if (unit === 'count' || unit === 'ratio') {
    return match !== null && match[2] === ''
      ? parsed(Number(text))
      : complain(`Cannot compare a ${unit} with "${text}"`, { accepted: 'a number, such as 3' })
  }
  const form = 'a percentage or a fraction of 1, such as 0.1% or 0.001'
  if (match === null) return complain(`Cannot compare an error rate with "${text}"`, { accepted: form })
  const percent = match[2] === '%'
  const fraction = percent ? Number(match[1]) / 100 : Number(match[1])
  if (fraction > 1)
    return complain(`Cannot compare an error rate with "${text}": it is above 100%`, {
      accepted: form,
      didYouMean: percent ? null : `${text}%`,
    })
  return parsed(fraction)
}
