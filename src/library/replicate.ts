import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Cell } from '../experiment/cell.ts'
import type { VariantSummary } from '../scenario/run-result.ts'
import type { Scenario } from './scenario.ts'
import { checkedScenario, seedOf } from './simulate.ts'

/** Options of {@link replicate}. */
export interface ReplicateOptions {
  /** Which variant of the scenario; may be left out when there is one. */
  readonly variant?: string
  /** How many runs, >= 1. */
  readonly replications: number
  /** Run k has the seed `SEED/k`, from 1. Default: the scenario's own. */
  readonly seed?: string | number
  /** Runs at once, each in a thread; 1: in this thread. Results do not depend on it. Default: 1. */
  readonly workers?: number
}

/** The file that a thread starts with. It is built beside the package's entry; a program that bundles Towtank, and its sources, have none. */
const WORKER_FILE = fileURLToPath(new URL('./cli/cell-worker.js', import.meta.url))

/**
 * Runs a scenario with many seeds, for what one run cannot tell: how much of a number is chance.
 *
 * @returns The summary of each run, in the order of the seeds.
 * @throws RangeError for a variant, a number of runs or of workers that cannot be.
 */
export async function replicate(scenario: Scenario, options: ReplicateOptions): Promise<readonly VariantSummary[]> {
  const { replications, workers = 1 } = options
  const whole = (what: string, value: number): void => {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`Cannot take ${value} as the number of ${what}: expected a whole number, 1 or more`)
  }
  whole('replications', replications)
  whole('workers', workers)
  const { name, changes } = checkedScenario(scenario).checked(options.variant)
  const seed = seedOf(options.seed) ?? scenario.seed
  const cells = Array.from({ length: replications }, (_, index): Cell & { readonly index: number } => ({
    input: scenario.input,
    variant: name,
    changes,
    seed: `${seed}/${index + 1}`,
    index,
  }))
  const atOnce = Math.min(workers, replications)
  if (atOnce > 1 && !existsSync(WORKER_FILE))
    throw new RangeError(
      `Cannot run in ${workers} workers: "${WORKER_FILE}" is missing, as in a bundle. Use 1 worker, or keep towtank out of the bundle`,
    )
  const { cellsHere, cellsInThreads } = await import('../cli/pool/cell-pool.ts')
  const pool = atOnce > 1 ? cellsInThreads(atOnce, WORKER_FILE) : cellsHere()
  const summaries = new Array<VariantSummary>(replications)
  try {
    for await (const outcome of pool.run(cells)) {
      if (!outcome.ok) throw new Error(`The run with seed ${outcome.cell.seed}: ${outcome.stack}`)
      summaries[outcome.cell.index] = outcome.result.summary
    }
  } finally {
    await pool.close()
  }
  return summaries
}
