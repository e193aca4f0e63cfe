/** A whole number with a comma at the thousands. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A time with three digits and the unit that suits it, such as `250 µs`, `8.13 ms` or `1m 30s`. */
export function formatMilliseconds(value: number): string {
  if (value === 0) return '0 ms'
  // What is not zero does not look like it.
  if (value > 0 && value < 5e-6) return '<0.01 µs'
  // What would be rounded to the next unit is written in it.
  if (value < 0.9995) return `${threeDigits(value * 1000)} µs`
  if (value < 999.5) return `${threeDigits(value)} ms`
  const seconds = value / 1000
  if (seconds < 119.5) return `${threeDigits(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}m ${whole % 60}s`
}

/** A fraction as a percentage; what is not zero does not look like it. */
export function formatPercent(fraction: number): string {
  const percent = fraction * 100
  if (percent === 0 || percent === 100) return `${percent} %`
  if (percent < 0.0005) return '<0.001 %'
  if (percent >= 99.9995) return '>99.999 %'
  // What would be rounded to 1 % has the digits of that.
  return `${percent < 0.9995 || percent >= 99.995 ? percent.toFixed(3) : percent.toFixed(2)} %`
}

/** A number with three digits that count, without an exponent. */
export function threeDigits(value: number): string {
  if (value >= 99.95) return formatCount(value)
  return value.toFixed(value >= 9.995 ? 1 : 2)
}

/** The change from one value to another in percent, such as `+12%`; null when it is within 1 % or cannot be said. */
export function formatChange(from: number | null, to: number | null): string | null {
  if (from === null || to === null || from <= 0) return null
  const percent = (to / from - 1) * 100
  // A hair above 1, so that the rounding of the division does not decide.
  if (Math.abs(percent) <= 1 + 1e-9) return null
  if (percent >= 999.5) return `×${threeDigits(to / from)}`
  return `${percent > 0 ? '+' : '−'}${Math.abs(percent) < 9.95 ? Math.abs(percent).toFixed(1) : Math.round(Math.abs(percent))}%`
}
