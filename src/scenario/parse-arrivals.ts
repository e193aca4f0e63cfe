import { nearest } from '../api/did-you-mean.ts'
import { splitCall } from './parse-call.ts'
import { parseRate } from './parse-rate.ts'
import { complain, complainWithin, type Parsed, parsed } from './parse-result.ts'
import type { ArrivalSpec } from './scenario.ts'

const KINDS: readonly ArrivalSpec['kind'][] = ['poisson', 'constant']

export const ARRIVALS_FORM = 'poisson(RATE) or constant(RATE), such as poisson(800/s)'

/** Reads how requests arrive: `poisson(800/s)` or `constant(100/s)`. */
export function parseArrivals(text: string): Parsed<ArrivalSpec> {
  const call = splitCall(text)
  if (call === null) {
    const bare = parseRate(text)
    return complain(`Cannot read "${text}" as arrivals`, {
      accepted: ARRIVALS_FORM,
      didYouMean: bare.ok ? `poisson(${text.trim()})` : null,
    })
  }
  const kind = KINDS.find((known) => known === call.name)
  if (kind === undefined) {
    return complain(`No arrival process is called "${call.name}"`, {
      accepted: ARRIVALS_FORM,
      didYouMean: nearest(call.name, KINDS),
      part: { index: text.indexOf(call.name), length: call.name.length },
    })
  }
  const [argument, ...others] = call.arguments
  if (argument === undefined || argument.name !== null || others.length > 0) {
    return complain(`"${kind}" takes one rate`, { accepted: ARRIVALS_FORM })
  }
  const rate = parseRate(argument.text)
  if (!rate.ok) return complainWithin(rate.complaint, argument.index, Math.max(1, argument.text.length))
  return parsed({ kind, ratePerSecond: rate.value })
}
