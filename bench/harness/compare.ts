/** Measures variants of a question beside each other, in one process or each in a fresh one. */
import { spawnSync } from 'node:child_process'
import { hex, type Row, rowOf, type Size } from './row.ts'

export interface Variant {
  readonly name: string
  /** Makes what is needed, untimed. */
  prepare(): Work
}

export interface Work {
  /** Does so many operations, going on from where the last call stopped; gives the checksum of the answers of all calls so far, 32 bits. */
  run(operations: number): number
}

export interface Comparison {
  readonly question: string
  readonly size: number
  readonly rounds: number
  readonly operations: number
  readonly baseline: string
  readonly variants: readonly Variant[]
  /** Operations before the clock runs, in every round. Default: a fifth of `operations`. */
  readonly warmUp?: number
}

/**
 * CPU time an operation, ns. All variants do the same work in this process, in an order that turns round every round; round 0 warms up and is
 * dropped. Throws when the answers differ.
 */
export function compare({ question, size, rounds, operations, baseline, variants, warmUp = Math.ceil(operations / 5) }: Comparison): Row[] {
  const samples = variants.map((): number[] => [])
  const checksums = variants.map(() => 0)
  for (let round = 0; round <= rounds; round++) {
    const order = variants.map((_, index) => index)
    if (round % 2 === 1) order.reverse()
    for (const index of order) {
      const { nanos, checksum } = timed(variants[index]!, operations, warmUp)
      checksums[index] = checksum
      if (round > 0) samples[index]!.push(nanos / operations)
    }
  }
  return variants.map(({ name }, index) =>
    rowOf({ question, variant: name, size, unit: 'ns', samples: samples[index]!, checksum: hex(checksums[index]!), baseline }),
  )
}

function timed(variant: Variant, operations: number, warmUp: number): { nanos: number; checksum: number } {
  const work = variant.prepare()
  if (warmUp > 0) work.run(warmUp)
  const before = process.cpuUsage()
  const checksum = work.run(operations)
  const { user, system } = process.cpuUsage(before)
  return { nanos: (user + system) * 1000, checksum }
}

/** What one process measured of one variant. */
export interface Sample {
  readonly value: number
  readonly checksum: string | null
}

export interface FreshComparison {
  /** `import.meta.url` of the benchmark; it exports `one(variant, size)`, which gives a {@link Sample} or several by name of question. */
  readonly module: string
  readonly variants: readonly string[]
  readonly rounds: number
  readonly size: Size
}

/** The module's export that is called in the fresh process: a sample of every question, by its name. */
export type One = (variant: string, size: Size) => Readonly<Record<string, Sample>> | Promise<Readonly<Record<string, Sample>>>

/**
 * Each variant in a process of its own, so that none shapes the code of another, in an order that turns round every round. By question, then by
 * variant: the samples of its rounds.
 */
export async function inFreshProcesses(
  { module, variants, rounds, size }: FreshComparison,
  one: One,
): Promise<ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>> {
  const questions = new Map<string, Map<string, Sample[]>>()
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 1 ? [...variants].reverse() : variants
    for (const variant of order) {
      // A test runs the sources, which a process of plain Node cannot.
      const samples = size === 'smoke' ? await one(variant, size) : inFreshProcess(module, variant, size)
      for (const [question, sample] of Object.entries(samples)) {
        const of = questions.get(question) ?? new Map<string, Sample[]>()
        questions.set(question, of)
        of.set(variant, [...(of.get(variant) ?? []), sample])
      }
    }
  }
  return questions
}

function inFreshProcess(module: string, variant: string, size: Size): Readonly<Record<string, Sample>> {
  const program = `const { one } = await import(${JSON.stringify(module)})
    process.stdout.write(JSON.stringify(await one(${JSON.stringify(variant)}, ${JSON.stringify(size)})))`
  const { status, stdout } = spawnSync(
    process.execPath,
    [...process.execArgv.filter((word) => word.startsWith('--expose')), '--input-type=module', '-e', program],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      maxBuffer: 1 << 26,
    },
  )
  if (status !== 0) throw new Error(`The process of ${variant} ended with ${status}`)
  return JSON.parse(stdout)
}

/** Rows of one question from fresh processes. */
export function rowsOf(
  question: string,
  samples: ReadonlyMap<string, readonly Sample[]>,
  about: { size: number; unit: Row['unit']; baseline: string },
): Row[] {
  return [...samples].map(([variant, of]) => {
    const checksums = new Set(of.map(({ checksum }) => checksum))
    if (checksums.size > 1) throw new Error(`${variant} gives different answers to "${question}" in different rounds`)
    return rowOf({ question, variant, ...about, samples: of.map(({ value }) => value), checksum: of[0]!.checksum })
  })
}
