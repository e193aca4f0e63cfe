import { invariant } from '../invariant.ts'

/**
 * Amounts as Kubernetes writes them: `500m`, `1.5Gi`, `2`, `1e3`.
 *
 * A quantity is an exact number of billionths, since the API itself rounds every amount up (away from zero) to a billionth. It remembers in
 * which family of suffixes it was written, because sums are spelt in the family of their first operand.
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go (behaviour; checked case by case).
 */
export interface Quantity {
  /** The amount times 10^9, exact. */
  readonly nanos: bigint
  readonly format: QuantityFormat
  /** As the API server would write it back. */
  readonly canonical: string
}

/** `DecimalSI`: n u m k M G T P E. `BinarySI`: Ki Mi Gi Ti Pi Ei. `DecimalExponent`: `1e3`. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

export type ParsedQuantity =
  | { readonly ok: true; readonly quantity: Quantity }
  /** `format`: not a number with a suffix at all; `suffix`: a suffix that does not exist. */
  | { readonly ok: false; readonly error: 'format' | 'suffix' }

const NANOS_PER_UNIT = 1_000_000_000n
const NANOS_PER_MILLI = 1_000_000n
const DECIMAL_SUFFIXES: readonly (readonly [suffix: string, exponent: number])[] = [
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]
const BINARY_SUFFIXES: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

/** The largest amount that can be written with a binary suffix: 2^63 - 1. */
const BINARY_MAX = 9_223_372_036_854_775_807n

/** Digits within which the API keeps a decimal text that is canonical enough. */
const SHORT_DIGITS_MAX = 18

/** Largest exponent of ten that is read, either way. Our own bound: without one, nine characters could ask for a number of gigabytes. */
const EXPONENT_MAX = 1000

export function parseQuantity(text: string): ParsedQuantity {
  const match = /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[+-]?\d*)$/.exec(text)
  if (text === '' || match === null) return { ok: false, error: 'format' }
  const whole = match[2] === '' ? '0' : match[2]!
  const fraction = match[3] ?? ''
  const suffix = readSuffix(match[4]!)
  if (suffix === null) return { ok: false, error: 'suffix' }
  const digits = whole + fraction
  const scale = suffix.base === 10 ? suffix.exponent - fraction.length : -fraction.length
  const multiplier = suffix.base === 2 ? 1n << BigInt(suffix.exponent) : 1n
  let nanos = scaleUp(BigInt(digits) * multiplier, scale + 9)
  let format = suffix.format
  if (format === 'BinarySI') {
    if (nanos > BINARY_MAX * NANOS_PER_UNIT) nanos = BINARY_MAX * NANOS_PER_UNIT
    if (nanos > 0n && nanos < NANOS_PER_UNIT) format = 'DecimalSI'
  }
  if (match[1] === '-') nanos = -nanos
  const keepsText = suffix.base === 10 ? keepsDecimalText(digits, scale) : fraction === '' && keepsBinaryText(whole, suffix.exponent)
  return { ok: true, quantity: keepsText && nanos !== 0n ? { nanos, format, canonical: text } : quantity(nanos, format) }
}

/** Negative, zero or positive as a is less than, equal to or more than b. */
export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

/** a + b, in a's family of suffixes (b's, if a is zero). */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return quantity(a.nanos + b.nanos, a.nanos === 0n ? b.format : a.format)
}

/** a - b, in a's family of suffixes (b's, if a is zero). */
export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return quantity(a.nanos - b.nanos, a.nanos === 0n ? b.format : a.format)
}

/** That many billionths, to be told in that family of suffixes. */
export function quantityOf(nanos: bigint, format: QuantityFormat): Quantity {
  return quantity(nanos, format)
}

/** In whole units, rounded away from zero. */
export function quantityUnits(value: Quantity): bigint {
  return divideAway(value.nanos, NANOS_PER_UNIT)
}

/** In thousandths, rounded away from zero. */
export function quantityMillis(value: Quantity): bigint {
  return divideAway(value.nanos, NANOS_PER_MILLI)
}

/** The exact amount in plain decimal digits. */
export function quantityDecimal(value: Quantity): string {
  const digits = (value.nanos < 0n ? -value.nanos : value.nanos).toString().padStart(10, '0')
  const fraction = digits.slice(-9).replace(/0+$/, '')
  return `${value.nanos < 0n ? '-' : ''}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`
}

/** CPU in thousandths of a core, rounded up. The text has been validated. */
export function cpuMilli(text: string): number {
  return Number(quantityMillis(validQuantity(text)))
}

/** Memory in bytes, rounded up. The text has been validated. Exact to 2^53. */
export function bytes(text: string): number {
  return Number(quantityUnits(validQuantity(text)))
}

function validQuantity(text: string): Quantity {
  const parsed = parseQuantity(text)
  invariant(parsed.ok, `quantity "${text}" was not validated`)
  return parsed.quantity
}

interface Suffix {
  readonly base: 2 | 10
  readonly exponent: number
  readonly format: QuantityFormat
}

function readSuffix(text: string): Suffix | null {
  const decimal = DECIMAL_SUFFIXES.find(([suffix]) => suffix === text)
  if (decimal !== undefined) return { base: 10, exponent: decimal[1], format: 'DecimalSI' }
  const binary = BINARY_SUFFIXES.indexOf(text)
  if (binary > 0) return { base: 2, exponent: binary * 10, format: 'BinarySI' }
  if (!/^[eE][+-]?\d+$/.test(text)) return null
  const exponent = Number(text.slice(1))
  return exponent >= -EXPONENT_MAX && exponent <= EXPONENT_MAX ? { base: 10, exponent, format: 'DecimalExponent' } : null
}

/**
 * Whether the API writes a decimal text back as it came: short enough, no more digits than it can round, an exponent that is a multiple of
 * three, and neither a leading zero nor three trailing ones. So `1.025` stays and `1.08` becomes `1080m`.
 */
function keepsDecimalText(digits: string, scale: number): boolean {
  return digits.length <= SHORT_DIGITS_MAX && scale >= -9 && scale % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0')
}

/** Likewise for whole numbers with a binary suffix: short ones that are not a multiple of eight. Only a `+` or leading zeros show it. */
function keepsBinaryText(whole: string, exponent: number): boolean {
  return whole.length <= 14 - Math.floor((exponent * 3) / 10) && (BigInt(whole) & 7n) !== 0n
}

function quantity(nanos: bigint, format: QuantityFormat): Quantity {
  return { nanos, format, canonical: canonicalText(nanos, format) }
}

function canonicalText(nanos: bigint, format: QuantityFormat): string {
  if (nanos === 0n) return '0'
  const sign = nanos < 0n ? '-' : ''
  const size = nanos < 0n ? -nanos : nanos
  const binary = format === 'BinarySI' && size >= 1024n * NANOS_PER_UNIT && size % NANOS_PER_UNIT === 0n
  return sign + (binary ? binaryText(size / NANOS_PER_UNIT) : decimalText(size, format))
}

function binaryText(units: bigint): string {
  let mantissa = units
  let power = 0
  while (power < BINARY_SUFFIXES.length - 1 && mantissa % 1024n === 0n) {
    mantissa /= 1024n
    power += 1
  }
  return `${mantissa}${BINARY_SUFFIXES[power]}`
}

/** The fewest digits whose exponent is a multiple of three. Past `E` there is no suffix, so an exponent is written. */
function decimalText(nanos: bigint, format: QuantityFormat): string {
  let mantissa = nanos
  let exponent = -9
  while (mantissa % 1000n === 0n) {
    mantissa /= 1000n
    exponent += 3
  }
  const suffix = DECIMAL_SUFFIXES.find(([, power]) => power === exponent)
  if (format === 'DecimalExponent' || suffix === undefined) return exponent === 0 ? `${mantissa}` : `${mantissa}e${exponent}`
  return `${mantissa}${suffix[0]}`
}

/** value * 10^exponent, rounded up to a whole number. */
function scaleUp(value: bigint, exponent: number): bigint {
  const power = BigInt(`1${'0'.repeat(Math.abs(exponent))}`)
  return exponent >= 0 ? value * power : (value + power - 1n) / power
}

function divideAway(value: bigint, divisor: bigint): bigint {
  const size = value < 0n ? -value : value
  const rounded = (size + divisor - 1n) / divisor
  return value < 0n ? -rounded : rounded
}
