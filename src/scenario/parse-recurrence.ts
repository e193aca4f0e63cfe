import { type DistributionSpec, distribution } from '../engine/distributions.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { splitCall } from './parse-call.ts'
import { parseDistribution } from './parse-distribution.ts'
import { parseRate } from './parse-rate.ts'
import { complain, complainWithin, type Parsed, parsed } from './parse-result.ts'

/** Reads times between events: a distribution, such as `exp(10m)`, or `poisson` with the rate that comes to the same, such as `poisson(6/h)`. */
export function parseRecurrence(text: string): Parsed<DistributionSpec> {
  const call = splitCall(text)
  if (call?.name === 'poisson') {
    const [argument, ...others] = call.arguments
    if (argument === undefined || argument.name !== null || others.length > 0)
      return complain('"poisson" takes one rate', { accepted: 'for example poisson(6/h)' })
    const rate = parseRate(argument.text)
    if (!rate.ok) return complainWithin(rate.complaint, argument.index, Math.max(1, argument.text.length))
    return checked(text, { kind: 'exponential', mean: Math.round(SECOND / rate.value) })
  }
  const gap = parseDistribution(text)
  return gap.ok ? checked(text, gap.value) : gap
}

function checked(text: string, gap: DistributionSpec): Parsed<DistributionSpec> {
  if (distribution(gap).mean >= MILLISECOND) return parsed(gap)
  return complain(`Cannot strike every "${text}": that is less than 1 ms on average`, { accepted: 'longer times, such as exp(10m)' })
}
