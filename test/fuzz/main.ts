/**
 * Random scenarios with every invariant on: `npm run fuzz -- --minutes 5`, `npm run fuzz -- --seed SEED` to replay one.
 *
 * Exit codes: 0 nothing was violated; 1 something was; 2 an option is wrong.
 */
import { parseArgs } from 'node:util'
import { runSeed } from './run-seed.ts'

const MINUTE_MS = 60_000

export interface FuzzConsole {
  readonly print: (line: string) => void
  readonly complain: (line: string) => void
  /** Milliseconds, from any beginning. */
  readonly clock: () => number
}

/** Gives the exit code. */
export async function main(words: readonly string[], { print, complain, clock }: FuzzConsole): Promise<number> {
  const options = optionsOf(words)
  if (typeof options === 'string') {
    complain(`${options}\nUsage: npm run fuzz -- [--minutes N] [--runs N] [--first N] [--seed SEED] [--show]`)
    return 2
  }
  const { minutes, runs, first, seed, show } = options
  const started = clock()
  let passed = 0
  let failed = 0
  let events = 0
  for (let n = 0; seed === undefined ? n < runs && clock() - started < minutes * MINUTE_MS : n < 1; n++) {
    const name = seed ?? String(first + n)
    const result = await runSeed(name)
    events += result.events
    if (show) for (const [path, text] of Object.entries(result.files)) print(`# ${path}\n${text}`)
    if (result.violations.length === 0) passed++
    else {
      failed++
      print(`seed ${name}:`)
      for (const { invariant, detail } of result.violations) print(`  violated: ${invariant}: ${detail}`)
      print(`  replay: npm run fuzz -- --seed ${name} --show`)
    }
  }
  print(`${events} events in ${passed + failed} random scenarios, ${Math.round((clock() - started) / 1000)} s`)
  print(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

interface FuzzOptions {
  readonly minutes: number
  readonly runs: number
  readonly first: number
  readonly seed: string | undefined
  readonly show: boolean
}

/** A text says what is wrong. */
function optionsOf(words: readonly string[]): FuzzOptions | string {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        minutes: { type: 'string' },
        runs: { type: 'string' },
        first: { type: 'string', default: '1' },
        seed: { type: 'string' },
        show: { type: 'boolean', default: false },
      },
    })
    const runs = values.runs === undefined ? Number.POSITIVE_INFINITY : Number(values.runs)
    const minutes = values.minutes === undefined ? (values.runs === undefined ? 1 : Number.POSITIVE_INFINITY) : Number(values.minutes)
    const first = Number(values.first)
    for (const [name, value] of Object.entries({ minutes, runs, first })) {
      if (!(value > 0)) return `Cannot use --${name}: expected a number above 0`
    }
    return { minutes, runs, first, seed: values.seed, show: values.show }
  } catch (error) {
    return (error as Error).message
  }
}
