import { formatCount, threeDigits } from '../../format.ts'
import { tidy } from './scale.ts'

/** A tick or figure in milliseconds, in the unit that suits it: `250 µs`, `63 ms`, `1.5 s`. */
export function milliseconds(value: number): string {
  if (value === 0) return '0 ms'
  if (value < 0.9995e-3) return `${short(value * 1e6)} ns`
  if (value < 0.9995) return `${short(value * 1000)} µs`
  if (value < 999.5) return `${short(value)} ms`
  const seconds = value / 1000
  return seconds < 599.5 ? `${short(seconds)} s` : `${short(seconds / 60)} min`
}

export function nanoseconds(value: number): string {
  return milliseconds(value / 1e6)
}

/** A fraction as a percentage: what is not zero does not look like it. */
export function percent(fraction: number): string {
  const value = fraction * 100
  if (value === 0) return '0%'
  if (value < 0.01) return '<0.01%'
  if (value >= 99.995 && value < 100) return '>99.99%'
  return `${value < 1 ? tidy(Number(value.toFixed(2))) : value > 99 ? tidy(Number(value.toFixed(2))) : tidy(Number(value.toFixed(1)))}%`
}

export function perSecond(value: number): string {
  return `${short(value)}/s`
}

/** Three digits that count, without zeros at the end. */
export function short(value: number): string {
  if (value >= 99.95) return formatCount(value)
  if (value !== 0 && Math.abs(value) < 0.01) return String(tidy(Number(value.toPrecision(2))))
  return String(Number(threeDigits(value)))
}

/** Times along an axis, in one unit for all of it. */
export function timeLabel(most: number): (seconds: number) => string {
  if (most <= 600) return (value) => `${tidy(value)} s`
  if (most <= 3 * 3600) return (value) => `${tidy(value / 60)} min`
  return (value) => `${tidy(value / 3600)} h`
}

/** Steps of a time axis in seconds that people read easily. */
export const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]
