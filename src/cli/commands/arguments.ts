import { type Command, InvalidArgumentError, Option } from 'commander'
import { nearest } from '../../api/did-you-mean.ts'
import { parseDuration } from '../../scenario/parse-duration.ts'
import type { Nanos } from '../../units.ts'
import { whyNotQueue } from '../queue/queue-address.ts'

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

/** Where a queue is, with or without a user, a password and a database. */
export function queueAddress(text: string): string {
  const why = whyNotQueue(text)
  if (why !== null) throw new InvalidArgumentError(why)
  return text
}

/** For a command whose runs other machines can do. */
export function queueOption(): Option {
  return new Option('--queue <url>', 'have towtank worker do the runs, on any machine: redis://HOST:PORT').argParser(queueAddress)
}

/** How many runs are done at once is then for the workers to say. */
export function refuseWorkersWithQueue(command: Command, { queue, workers }: { readonly queue?: string; readonly workers?: number }): void {
  if (queue !== undefined && workers !== undefined)
    command.error('Cannot use --workers with --queue: towtank worker --concurrency says how many runs a machine does at once')
}

/** One of a few words; a word that is near one is told. */
export function choiceOf<Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text)
    if (found !== undefined) return found
    const near = nearest(text, words)
    throw new InvalidArgumentError(`Expected one of ${words.join(', ')}.${near === null ? '' : ` Did you mean "${near}"?`}`)
  }
}

/** An option whose value is one of a few words; the help lists them. */
export function choice(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, description).choices(words).argParser(choiceOf(words))
}
