import { nearest } from '../api/did-you-mean.ts'
import type { DistributionSpec } from '../engine/distributions.ts'
import { type Call, type CallArgument, splitCall } from './parse-call.ts'
import { formatDuration, parseDuration } from './parse-duration.ts'
import { type Complaint, complain, complainWithin, type Parsed, parsed } from './parse-result.ts'

/** A parameter is a length of time, or a plain number for a shape. */
type Parameter = { readonly name: string; readonly type: 'time' | 'number' }

interface Form {
  readonly example: string
  readonly parameters: readonly Parameter[]
  /** Whether the arguments must be named, because their order would be a matter of taste. */
  readonly named: boolean
  /** What the values must satisfy together: a complaint, or the distribution. */
  readonly make: (values: readonly number[]) => DistributionSpec | string
}

const time = (name: string): Parameter => ({ name, type: 'time' })
const number = (name: string): Parameter => ({ name, type: 'number' })

const FORMS: ReadonlyMap<string, Form> = new Map<string, Form>([
  [
    'exp',
    {
      example: 'exp(8ms)',
      parameters: [time('mean')],
      named: false,
      make: ([mean]) => (mean! > 0 ? { kind: 'exponential', mean: mean! } : 'the mean must be above 0'),
    },
  ],
  [
    'uniform',
    {
      example: 'uniform(1ms, 3ms)',
      parameters: [time('min'), time('max')],
      named: false,
      make: ([min, max]) => (min! <= max! ? { kind: 'uniform', min: min!, max: max! } : 'the minimum is above the maximum'),
    },
  ],
  [
    'normal',
    {
      example: 'normal(4s, 1s)',
      parameters: [time('mean'), time('sd')],
      named: false,
      make: ([mean, sd]) => ({ kind: 'normal', mean: mean!, sd: sd! }),
    },
  ],
  [
    'lognormal',
    {
      example: 'lognormal(p50=8ms, p99=60ms)',
      parameters: [time('p50'), time('p99')],
      named: true,
      make: ([p50, p99]) => {
        if (p50! <= 0) return 'p50 must be above 0'
        return p50! < p99! ? { kind: 'lognormal', p50: p50!, p99: p99! } : 'p99 must be above p50'
      },
    },
  ],
  [
    'gamma',
    {
      example: 'gamma(shape=2, mean=5ms)',
      parameters: [number('shape'), time('mean')],
      named: true,
      make: ([shape, mean]) => {
        if (shape! <= 0) return 'the shape must be above 0'
        return mean! > 0 ? { kind: 'gamma', shape: shape!, mean: mean! } : 'the mean must be above 0'
      },
    },
  ],
  [
    'pareto',
    {
      example: 'pareto(min=1ms, alpha=2.5)',
      parameters: [time('min'), number('alpha')],
      named: true,
      make: ([min, alpha]) => {
        if (min! <= 0) return 'the minimum must be above 0'
        return alpha! > 1 ? { kind: 'pareto', min: min!, alpha: alpha! } : 'alpha must be above 1, or the mean would be infinite'
      },
    },
  ],
])

const EMPIRICAL = 'empirical(1ms, 2ms, 9ms)'
const NAMES = [...FORMS.keys(), 'empirical']
export const DISTRIBUTION_FORM = `a length of time, such as 8ms, or one of ${[...FORMS.values()].map((form) => form.example).join(', ')}, ${EMPIRICAL}`

/** Reads a distribution of times: a fixed time such as `8ms`, or a call such as `lognormal(p50=8ms, p99=60ms)`. */
export function parseDistribution(text: string): Parsed<DistributionSpec> {
  const fixed = parseDuration(text)
  if (fixed.ok) return parsed({ kind: 'constant', value: fixed.value })
  if (/^\s*[\d.]/.test(text)) return fixed
  const call = splitCall(text)
  if (call === null) return complain(`Cannot read "${text}" as a distribution of times`, { accepted: DISTRIBUTION_FORM })
  if (call.name === 'empirical') return empirical(text, call)
  const form = FORMS.get(call.name)
  if (form === undefined) {
    return complain(`No distribution is called "${call.name}"`, {
      accepted: DISTRIBUTION_FORM,
      didYouMean: nearest(call.name, NAMES),
      part: { index: text.indexOf(call.name), length: call.name.length },
    })
  }
  const values = bind(text, call, form)
  if (!values.ok) return values
  const made = form.make(values.value)
  return typeof made === 'string' ? complain(`Cannot use "${text}": ${made}`, { accepted: `for example ${form.example}` }) : parsed(made)
}

/** Gives each parameter its argument, by name or by position, whichever the call uses. */
function bind(text: string, call: Call, form: Form): Parsed<readonly number[]> {
  const accepted = `for example ${form.example}`
  const names = form.parameters.map((parameter) => parameter.name)
  const byName = call.arguments.some((argument) => argument.name !== null)
  if (!byName && form.named) return complain(`The arguments of "${call.name}" must be named`, { accepted })
  if (call.arguments.length !== names.length) {
    return complain(
      `"${call.name}" takes ${names.length === 1 ? 'one argument' : `${names.length} arguments`} (${names.join(', ')}), not ${call.arguments.length}`,
      { accepted },
    )
  }
  const values: number[] = []
  for (const argument of call.arguments) {
    const index = argument.name === null ? call.arguments.indexOf(argument) : names.indexOf(argument.name)
    if (byName && argument.name === null)
      return complainWithin(
        complaintOf(`"${argument.text}" needs a name, as the other arguments have`, accepted),
        argument.start,
        argument.text.length,
      )
    if (index < 0) {
      const complaint = {
        ...complaintOf(`"${call.name}" has no argument "${argument.name}"`, accepted),
        didYouMean: nearest(argument.name!, names),
      }
      return complainWithin(complaint, argument.start, argument.name!.length)
    }
    if (values[index] !== undefined) return complain(`"${argument.name}" is given twice in "${text}"`, { accepted })
    const value = form.parameters[index]!.type === 'time' ? parseDuration(argument.text) : parseNumber(argument.text)
    if (!value.ok) return complainWithin(value.complaint, argument.index, Math.max(1, argument.text.length))
    values[index] = value.value
  }
  return parsed(values)
}

function empirical(text: string, call: Call): Parsed<DistributionSpec> {
  if (call.arguments.length === 0) return complain(`Cannot use "${text}": it has no values`, { accepted: `for example ${EMPIRICAL}` })
  const values: number[] = []
  for (const argument of call.arguments) {
    const value = argument.name === null ? parseDuration(argument.text) : named(argument)
    if (!value.ok) return complainWithin(value.complaint, argument.start, Math.max(1, argument.text.length))
    values.push(value.value)
  }
  return parsed({ kind: 'empirical', values })
}

function named(argument: CallArgument): Parsed<number> {
  return complain(`The values of "empirical" have no names, such as "${argument.name}"`, { accepted: `for example ${EMPIRICAL}` })
}

function parseNumber(text: string): Parsed<number> {
  if (!/^\d+(\.\d+)?$/.test(text)) return complain(`Cannot read "${text}" as a number`, { accepted: 'a plain number, such as 2.5' })
  return parsed(Number(text))
}

function complaintOf(message: string, accepted: string): Complaint {
  return { message, accepted, didYouMean: null, part: null }
}

/** The distribution as a person would write it; {@link parseDistribution} reads it back. */
export function formatDistribution(spec: DistributionSpec): string {
  switch (spec.kind) {
    case 'constant':
      return formatDuration(spec.value)
    case 'uniform':
      return `uniform(${formatDuration(spec.min)}, ${formatDuration(spec.max)})`
    case 'exponential':
      return `exp(${formatDuration(spec.mean)})`
    case 'normal':
      return `normal(${formatDuration(spec.mean)}, ${formatDuration(spec.sd)})`
    case 'lognormal':
      return `lognormal(p50=${formatDuration(spec.p50)}, p99=${formatDuration(spec.p99)})`
    case 'gamma':
      return `gamma(shape=${spec.shape}, mean=${formatDuration(spec.mean)})`
    case 'pareto':
      return `pareto(min=${formatDuration(spec.min)}, alpha=${spec.alpha})`
    case 'empirical':
      return `empirical(${spec.values.map(formatDuration).join(', ')})`
  }
}
