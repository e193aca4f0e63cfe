import { nearest } from '../api/did-you-mean.ts'
import { type Nanos, SECOND } from '../units.ts'
import { type Call, type CallArgument, splitCall } from './parse-call.ts'
import { parseDistribution } from './parse-distribution.ts'
import { parseDuration } from './parse-duration.ts'
import { parseRate, parseRateOrZero } from './parse-rate.ts'
import { type Complaint, complain, complainWithin, type Parsed, parsed } from './parse-result.ts'
import type { ArrivalSpec, ClosedLoopSpec } from './scenario.ts'

/** Arrivals as they are written: the times of a replay are still in their file. */
export type ArrivalText = Exclude<ArrivalSpec, { kind: 'replay' }> | ClosedLoopSpec | { readonly kind: 'replay'; readonly file: string }

interface Form {
  readonly example: string
  readonly read: (text: string, call: Call) => Parsed<ArrivalText>
}

/** Users of one closed loop at most: more than any load generator has been seen to drive. */
const USERS_MAX = 1_000_000

/** Adds a form: a line here. */
const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  ['poisson', { example: 'poisson(800/s)', read: steady('poisson') }],
  ['constant', { example: 'constant(100/s)', read: steady('constant') }],
  ['ramp', { example: 'ramp(10/s, 500/s, over=2m)', read: ramp }],
  ['stages', { example: 'stages(0/s, 200/s over 1m, 200/s for 3m)', read: stages }],
  ['diurnal', { example: 'diurnal(mean=300/s, swing=0.6, peak=14h)', read: diurnal }],
  ['mmpp', { example: 'mmpp(100/s for 20s, 900/s for 2s)', read: mmpp }],
  ['replay', { example: 'replay(arrivals.csv)', read: replay }],
  ['closed', { example: 'closed(users=200, think=exp(1s))', read: closed }],
])

export const ARRIVALS_FORM = `one of ${[...FORMS.values()].map((form) => form.example).join(', ')}`

/** Reads how requests arrive, such as `poisson(800/s)` or `closed(users=200, think=exp(1s))`. */
export function parseArrivals(text: string): Parsed<ArrivalText> {
  const call = splitCall(text)
  if (call === null) {
    const bare = parseRate(text)
    return complain(`Cannot read "${text}" as arrivals`, {
      accepted: ARRIVALS_FORM,
      didYouMean: bare.ok ? `poisson(${text.trim()})` : null,
    })
  }
  const form = FORMS.get(call.name)
  if (form === undefined) {
    return complain(`No arrival process is called "${call.name}"`, {
      accepted: ARRIVALS_FORM,
      didYouMean: nearest(call.name, [...FORMS.keys()]),
      part: { index: text.indexOf(call.name), length: call.name.length },
    })
  }
  return form.read(text, call)
}

function steady(kind: 'poisson' | 'constant'): Form['read'] {
  return (_text, call) => {
    const [argument, ...others] = call.arguments
    if (argument === undefined || argument.name !== null || others.length > 0) return unfit(call, `"${kind}" takes one rate`)
    const rate = within(argument, parseRate(argument.text))
    return rate.ok ? parsed({ kind, ratePerSecond: rate.value }) : rate
  }
}

/** An even change from one rate to another; the second stays. */
function ramp(text: string, call: Call): Parsed<ArrivalText> {
  const [first, second, over, ...others] = call.arguments
  const form = first?.name === null && second?.name === null && over?.name === 'over' && others.length === 0
  if (!form) return unfit(call, '"ramp" takes two rates and "over"')
  const from = within(first, parseRateOrZero(first.text))
  if (!from.ok) return from
  const to = within(second, parseRateOrZero(second.text))
  if (!to.ok) return to
  const length = within(over, parseLength(over.text))
  if (!length.ok) return length
  return staged(text, [{ length: length.value, fromPerSecond: from.value, toPerSecond: to.value }])
}

/** A first rate, then each next one: reached evenly `over` a time, or jumped to and held `for` a time. */
function stages(text: string, call: Call): Parsed<ArrivalText> {
  const [first, ...rest] = call.arguments
  if (first === undefined || rest.length === 0) return unfit(call, '"stages" takes a rate to begin with, and one stage or more')
  const begin = within(first, parseRateOrZero(first.text))
  if (!begin.ok) return begin
  let rate = begin.value
  const list = []
  for (const argument of rest) {
    const stage = within(argument, parseStage(argument.text, ['over', 'for']))
    if (!stage.ok) return stage
    const { ratePerSecond, how, length } = stage.value
    list.push({ length, fromPerSecond: how === 'over' ? rate : ratePerSecond, toPerSecond: ratePerSecond })
    rate = ratePerSecond
  }
  return staged(text, list)
}

function staged(text: string, list: readonly { length: Nanos; fromPerSecond: number; toPerSecond: number }[]): Parsed<ArrivalText> {
  if (list.every((stage) => stage.fromPerSecond === 0 && stage.toPerSecond === 0))
    return complain(`Cannot use "${text}": every rate in it is 0, so nothing would be sent`)
  return parsed({ kind: 'stages', stages: list })
}

const DAY: Nanos = 86_400 * SECOND

function diurnal(_text: string, call: Call): Parsed<ArrivalText> {
  const fields = named(call, ['mean', 'swing', 'peak', 'period'])
  if (!fields.ok) return fields
  const { mean, swing, peak, period } = fields.value
  if (mean === undefined || swing === undefined || peak === undefined) return unfit(call, '"diurnal" needs mean, swing and peak')
  const rate = within(mean, parseRate(mean.text))
  if (!rate.ok) return rate
  const share = within(swing, parseNumber(swing.text, 1))
  if (!share.ok) return share
  const top = within(peak, parseDuration(peak.text))
  if (!top.ok) return top
  const length = period === undefined ? parsed(DAY) : within(period, parseLength(period.text))
  if (!length.ok) return length
  return parsed({ kind: 'diurnal', meanPerSecond: rate.value, swing: share.value, peak: top.value, period: length.value })
}

function mmpp(text: string, call: Call): Parsed<ArrivalText> {
  const [first, second, ...others] = call.arguments
  if (first === undefined || second === undefined || others.length > 0) return unfit(call, '"mmpp" takes two phases')
  const one = within(first, parseStage(first.text, ['for']))
  if (!one.ok) return one
  const two = within(second, parseStage(second.text, ['for']))
  if (!two.ok) return two
  if (one.value.ratePerSecond === 0 && two.value.ratePerSecond === 0)
    return complain(`Cannot use "${text}": both rates are 0, so nothing would be sent`)
  const phase = ({ ratePerSecond, length }: Stage) => ({ ratePerSecond, mean: length })
  return parsed({ kind: 'mmpp', phases: [phase(one.value), phase(two.value)] })
}

function replay(_text: string, call: Call): Parsed<ArrivalText> {
  const [argument, ...others] = call.arguments
  if (argument === undefined || argument.name !== null || others.length > 0 || argument.text === '')
    return unfit(call, '"replay" takes a file of times')
  return parsed({ kind: 'replay', file: argument.text })
}

function closed(_text: string, call: Call): Parsed<ArrivalText> {
  const fields = named(call, ['users', 'think'])
  if (!fields.ok) return fields
  const { users, think } = fields.value
  if (users === undefined) return unfit(call, '"closed" needs users')
  const count = Number(users.text)
  if (!/^\d+$/.test(users.text) || count === 0 || count > USERS_MAX) {
    const complaint = complain(`Cannot use "${users.text}" as a number of users`, { accepted: `a whole number from 1 to ${USERS_MAX}` })
    return within(users, complaint)
  }
  const time = think === undefined ? parsed({ kind: 'constant' as const, value: 0 }) : within(think, parseDistribution(think.text))
  return time.ok ? parsed({ kind: 'closed', users: count, think: time.value }) : time
}

interface Stage {
  readonly ratePerSecond: number
  readonly how: string
  readonly length: Nanos
}

/** Reads `200/s over 1m` or `200/s for 1m`. */
function parseStage(text: string, words: readonly string[]): Parsed<Stage> {
  const match = /^(\S.*?)\s+([a-z]+)\s+(\S.*)$/.exec(text)
  if (match === null || !words.includes(match[2]!))
    return complain(`Cannot read "${text}" as a stage`, { accepted: words.map((word) => `200/s ${word} 1m`).join(' or ') })
  const rate = parseRateOrZero(match[1]!)
  if (!rate.ok) return complainWithin(rate.complaint, 0, match[1]!.length)
  const length = parseLength(match[3]!)
  if (!length.ok) return complainWithin(length.complaint, text.length - match[3]!.length, match[3]!.length)
  return parsed({ ratePerSecond: rate.value, how: match[2]!, length: length.value })
}

function parseLength(text: string): Parsed<Nanos> {
  const length = parseDuration(text)
  return length.ok && length.value === 0 ? complain(`Cannot use "${text}": it must be above 0`) : length
}

function parseNumber(text: string, max: number): Parsed<number> {
  const value = Number(text)
  return /^\d+(\.\d+)?$/.test(text) && value <= max
    ? parsed(value)
    : complain(`Cannot read "${text}" as a share`, { accepted: `a number from 0 to ${max}` })
}

/** The arguments by name, of which every one must have one. */
function named<Name extends string>(call: Call, names: readonly Name[]): Parsed<Partial<Record<Name, CallArgument>>> {
  const found: Partial<Record<Name, CallArgument>> = {}
  for (const argument of call.arguments) {
    const name = names.find((known) => known === argument.name)
    if (name === undefined) {
      const { name: written } = argument
      if (written === null) return unfit(call, `The arguments of "${call.name}" must be named`)
      return complain(`"${call.name}" has no argument "${written}"`, {
        accepted: names.join(', '),
        didYouMean: nearest(written, names),
        part: { index: argument.start, length: written.length },
      })
    }
    if (found[name] !== undefined) return unfit(call, `"${name}" is given twice`)
    found[name] = argument
  }
  return parsed(found)
}

function unfit(call: Call, message: string): { ok: false; complaint: Complaint } {
  return complain(message, { accepted: `for example ${FORMS.get(call.name)!.example}` })
}

/** A complaint about an argument, moved to where that stands. */
function within<T>(argument: CallArgument, result: Parsed<T>): Parsed<T> {
  return result.ok ? result : complainWithin(result.complaint, argument.index, Math.max(1, argument.text.length))
}
