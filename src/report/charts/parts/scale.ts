/** Axes: where they begin and end, their ticks, and where a value lies between them. */

export interface Scale {
  readonly type: 'value' | 'log'
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
}

/** Ratios 1, 2, 5, 10 and so on. */
const STEPS = [1, 2, 5, 10]

/** From zero to a round number at or above `most`. */
export function fromZero(most: number, ticks = 4): Scale {
  const top = most > 0 ? most : 1
  const step = roundStep(top / ticks)
  const count = Math.ceil(top / step - 1e-9)
  const max = tidy(count * step)
  return { type: 'value', min: 0, max, ticks: Array.from({ length: count + 1 }, (_, index) => tidy(index * step)) }
}

/** Round numbers around two values, with 0 among them. */
export function aroundZero(least: number, most: number, ticks = 6): Scale {
  const [low, high] = [Math.min(0, least), Math.max(0, most)]
  if (low === high) return { type: 'value', min: -1, max: 1, ticks: [-1, 0, 1] }
  const step = roundStep((high - low) / ticks)
  const [from, to] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)]
  return {
    type: 'value',
    min: tidy(from * step),
    max: tidy(to * step),
    ticks: Array.from({ length: to - from + 1 }, (_, index) => tidy((from + index) * step)),
  }
}

/** Between two values, with ticks at round numbers in between; the ends are the values themselves. */
export function between(min: number, max: number, ticks: number, steps: readonly number[] = []): Scale {
  const span = max - min
  if (!(span > 0)) return { type: 'value', min: min - 0.5, max: min + 0.5, ticks: [min] }
  const step = steps.find((candidate) => span / candidate <= ticks) ?? roundStep(span / ticks)
  const all: number[] = []
  for (let index = Math.ceil(min / step - 1e-9); index * step <= max + step * 1e-9; index++) all.push(tidy(index * step))
  return { type: 'value', min, max, ticks: all }
}

/** Logarithmic, from a round number at or below the smallest to one at or above the largest. Values are above zero. */
export function logarithmic(least: number, most: number): Scale {
  const decades = Math.log10(most / least)
  if (decades > 2.3) {
    const from = Math.floor(Math.log10(least) + 1e-9)
    const to = Math.ceil(Math.log10(most) - 1e-9)
    const every = Math.max(1, Math.ceil((to - from) / 8))
    const ticks: number[] = []
    for (let exponent = from; exponent <= to; exponent += every) ticks.push(powerOfTen(exponent))
    return { type: 'log', min: powerOfTen(from), max: powerOfTen(to), ticks }
  }
  const ticks = [...oneTwoFive(least, most)]
  if (ticks.length === 1) ticks.push(next(ticks[0]!))
  return { type: 'log', min: ticks[0]!, max: ticks.at(-1)!, ticks }
}

/** Where a value lies between the ends: 0 to 1. */
export function shareOf(scale: Scale, value: number): number {
  if (scale.type === 'value') return (value - scale.min) / (scale.max - scale.min)
  return Math.log(value / scale.min) / Math.log(scale.max / scale.min)
}

function* oneTwoFive(least: number, most: number): Generator<number> {
  let exponent = Math.floor(Math.log10(least) + 1e-9)
  let place = 0
  for (const [index, step] of STEPS.entries()) if (step < 10 && tidy(step * powerOfTen(exponent)) <= least * (1 + 1e-9)) place = index
  for (;;) {
    const value = tidy(STEPS[place]! * powerOfTen(exponent))
    yield value
    if (value >= most * (1 - 1e-9)) return
    place++
    if (place === 3) {
      place = 0
      exponent++
    }
  }
}

function next(value: number): number {
  const digit = Math.round(value / powerOfTen(Math.floor(Math.log10(value) + 1e-9)))
  return tidy(value * (digit === 2 ? 2.5 : 2))
}

function roundStep(wanted: number): number {
  const decade = powerOfTen(Math.floor(Math.log10(wanted) + 1e-9))
  const step = STEPS.find((candidate) => candidate * decade >= wanted * (1 - 1e-9)) ?? 10
  return tidy(step * decade)
}

/** Exact where the number has a decimal form: `1e-3` and not 0.1 * 0.1 * 0.1. */
function powerOfTen(exponent: number): number {
  return Number(`1e${exponent}`)
}

/** Without the last digits that binary fractions add. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12))
}
