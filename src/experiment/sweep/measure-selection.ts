import { nearest } from '../../api/did-you-mean.ts'
import { complain, type Parsed, parsed } from '../../scenario/parse-result.ts'
import { THRESHOLD_METRICS } from '../../scenario/threshold-metrics.ts'

/** Whether a measure of this name is kept. */
export type MeasureSelection = (name: string) => boolean

export const MEASURE_FORM = 'a measure such as requests.latency.p99 or requests.error_rate{traffic=users}, with * for any characters'

/**
 * Reads which measures a pattern selects: those whose metric it matches, or whose whole name when it has labels. `*` stands for any characters.
 * A pattern that no metric matches is a mistake.
 */
export function parseMeasurePattern(text: string): Parsed<MeasureSelection> {
  const match = /^([\w.*]+)(\{[^{}]*\})?$/.exec(text)
  if (match === null) return complain(`Cannot read "${text}" as a pattern for measures`, { accepted: MEASURE_FORM })
  const [, metric, labels] = match
  const metrics = [...THRESHOLD_METRICS.keys()]
  const ofMetric = pattern(metric!)
  if (!metrics.some((name) => ofMetric.test(name))) {
    const part = { index: 0, length: metric!.length }
    return complain(`No metric is called "${metric}"`, {
      accepted: `one of ${metrics.join(', ')}`,
      didYouMean: nearest(metric!, metrics),
      part,
    })
  }
  if (labels === undefined) return parsed((name) => ofMetric.test(name.split('{')[0]!))
  const whole = pattern(text)
  return parsed((name) => whole.test(name))
}

function pattern(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.{}]/g, '\\$&').replaceAll('*', '.*')}$`)
}
