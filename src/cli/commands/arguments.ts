import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../../scenario/parse-duration.ts'
import type { Nanos } from '../../units.ts'

/** Readers of option values: each gives the value, or says what it expects. */

export function duration(text: string): Nanos {
  const read = parseDuration(text)
  if (read.ok) return read.value
  throw new InvalidArgumentError(`${read.complaint.message}.`)
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
  }
}

export function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.')
  return text
}
