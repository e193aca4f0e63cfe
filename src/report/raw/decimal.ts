import type { Nanos } from '../../units.ts'

/**
 * Numbers as bytes, the same that `String` gives, without a string between: what makes a row of many numbers cheap.
 *
 * Each writes from `at` on, where there must be room for {@link NUMBER_BYTES}, and gives the place after it.
 */

/** The most that a number takes. */
export const NUMBER_BYTES = 32

/** `time` in seconds: the bytes of `String(time / SECOND)`. */
export function writeSeconds(bytes: Uint8Array, at: number, time: Nanos): number {
  // Below a microsecond `String` turns to exponents, and above 15 digits the nearest double may have a shorter name than the exact decimal.
  if ((time < 1000 && time !== 0) || time >= EXACT || time !== Math.floor(time)) return writeText(bytes, at, String(time / 1e9))
  const whole = Math.floor(time / 1e9)
  const rest = time - whole * 1e9
  const end = writeInteger(bytes, at, whole)
  if (rest === 0) return end
  const high = ((rest | 0) / 1e6) | 0
  const low = (rest - high * 1e6) | 0
  const middle = (low / 1000) | 0
  bytes[end] = POINT
  writeThree(bytes, end + 1, high)
  writeThree(bytes, end + 4, middle)
  writeThree(bytes, end + 7, low - middle * 1000)
  return withoutZeros(bytes, end + 10)
}

/** `time` in milliseconds: the bytes of `String(time / MILLISECOND)`. */
export function writeMilliseconds(bytes: Uint8Array, at: number, time: Nanos): number {
  if (time === 0) {
    bytes[at] = ZERO
    return at + 1
  }
  if (time < 0 || time >= EXACT || time !== Math.floor(time)) return writeText(bytes, at, String(time / 1e6))
  // Integers of 32 bits are divided by a multiplication.
  const whole = time < 0x7fff_ffff ? ((time | 0) / 1e6) | 0 : Math.floor(time / 1e6)
  const rest = (time - whole * 1e6) | 0
  const end = writeInteger(bytes, at, whole)
  if (rest === 0) return end
  const high = (rest / 1000) | 0
  bytes[end] = POINT
  writeThree(bytes, end + 1, high)
  writeThree(bytes, end + 4, rest - high * 1000)
  return withoutZeros(bytes, end + 7)
}

/** A whole number from 0 to 2^31 - 1. */
export function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value
    return at + 1
  }
  if (value < 1000) {
    let end = at
    if (value >= 100) bytes[end++] = HUNDREDS[value]!
    bytes[end] = TENS[value]!
    bytes[end + 1] = ONES[value]!
    return end + 2
  }
  let end = at + 4
  for (let above = 10_000; value >= above && end < at + 10; above *= 10) end++
  let rest = value
  for (let place = end - 1; place >= at; place--) {
    const above = (rest / 10) | 0
    bytes[place] = ZERO + rest - above * 10
    rest = above
  }
  return end
}

function writeText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
  return at + text.length
}

/** Three digits. */
function writeThree(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = HUNDREDS[value]!
  bytes[at + 1] = TENS[value]!
  bytes[at + 2] = ONES[value]!
}

/** The place after the last digit that is no zero. */
function withoutZeros(bytes: Uint8Array, end: number): number {
  let last = end
  while (bytes[last - 1] === ZERO) last--
  return last
}

const ZERO = 48
const POINT = 46
/** The digits of the numbers below a thousand. */
const HUNDREDS = Uint8Array.from({ length: 1000 }, (_, value) => ZERO + Math.floor(value / 100))
const TENS = Uint8Array.from({ length: 1000 }, (_, value) => ZERO + (Math.floor(value / 10) % 10))
const ONES = Uint8Array.from({ length: 1000 }, (_, value) => ZERO + (value % 10))
/** Decimals of up to 15 digits are told apart by doubles. */
const EXACT = 1e15
