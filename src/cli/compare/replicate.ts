import type { Cell, CellInput } from '../../experiment/cell.ts'
import type { ComparedVariants } from '../../experiment/comparison/comparison.ts'
import { type DivergenceTable, firstDivergence, type TableRows } from '../../experiment/comparison/divergence.ts'
import { type PairedMetric, pairMeasures, type RunMeasures } from '../../experiment/comparison/pair-measures.ts'
import { invariant } from '../../invariant.ts'
import { measuresOf } from '../../scenario/measures.ts'
import type { SimulatedRun } from '../../scenario/simulate.ts'
import { Refusal } from '../system-refusal.ts'
import type { CompareTools } from './compare-job.ts'
import type { ScenarioVariant } from './side.ts'

export interface ScenarioPair {
  readonly a: ScenarioVariant
  readonly b: ScenarioVariant
}

export interface ReplicateOptions {
  readonly inputs: { readonly a: CellInput; readonly b: CellInput }
  readonly seed: string
  readonly replications: number
  readonly workers: number
  /** For the progress bar. */
  readonly scenario: string
}

interface PairCell extends Cell {
  readonly pair: number
  readonly side: 'a' | 'b'
  readonly replication: number
}

/**
 * Pairs of variants, each run with the same seeds, `SEED/1` to `SEED/N`.
 *
 * The first seed is run here, for what its runs record is walked in step; the others are run in threads or on other machines, and what comes out does not depend on how
 * many there are.
 */
export class Replications {
  readonly #pairs: readonly ScenarioPair[]
  readonly #options: ReplicateOptions
  readonly #tools: CompareTools
  readonly #runs: readonly Record<'a' | 'b', RunMeasures[]>[]
  #done = 0

  constructor(pairs: readonly ScenarioPair[], options: ReplicateOptions, tools: CompareTools) {
    this.#pairs = pairs
    this.#options = options
    this.#tools = tools
    this.#runs = pairs.map(() => ({ a: new Array<RunMeasures>(options.replications), b: new Array<RunMeasures>(options.replications) }))
  }

  /** Runs the first seed of every pair, and says where its two runs part. */
  async first(): Promise<readonly ComparedVariants[]> {
    const variants: ComparedVariants[] = []
    for (const [index, { a, b }] of this.#pairs.entries()) {
      const runA = this.#runHere(a)
      const runB = this.#runHere(b)
      this.#runs[index]!.a[0] = measuresOf(runA.summary)
      this.#runs[index]!.b[0] = measuresOf(runB.summary)
      variants.push({ variantA: a.name, variantB: b.name, divergence: await firstDivergence(tablesOf(runA), tablesOf(runB)) })
    }
    return variants
  }

  /** Of the seeds that have been run. */
  get metrics(): readonly PairedMetric[] {
    return this.#pairs.flatMap(({ a, b }, index) => {
      const { a: runsA, b: runsB } = this.#runs[index]!
      return pairMeasures({ variantA: a.name, variantB: b.name }, runsA.filter(isRun), runsB.filter(isRun))
    })
  }

  /** Runs all other seeds. */
  async rest(): Promise<void> {
    const { replications, workers } = this.#options
    const cells = this.#pairs.flatMap((pair, index) => [...this.#cells(pair, index, 'a'), ...this.#cells(pair, index, 'b')])
    if (cells.length === 0) return
    const { signal } = this.#tools
    const pool = await this.#tools.cells(Math.min(workers, cells.length))
    try {
      for await (const outcome of pool.run(cells, signal === undefined ? {} : { signal })) {
        if (!outcome.ok) {
          const text = `The run of variant ${outcome.cell.variant} with seed ${outcome.cell.seed}: ${outcome.stack}`
          throw outcome.lost === true ? new Refusal(text) : new Error(text)
        }
        const { pair, side, replication, variant } = outcome.cell
        this.#runs[pair]![side][replication - 1] = measuresOf(outcome.result.summary)
        this.#done++
        this.#progress(variant)
      }
    } finally {
      await pool.close()
    }
    signal?.throwIfAborted()
    invariant(this.#done === 2 * this.#pairs.length * replications, 'every run of a comparison has come back')
  }

  #runHere({ name, scenario }: ScenarioVariant): SimulatedRun {
    const onProgress = (part: number): void => this.#progress(name, part)
    const run = this.#tools.simulate({ ...scenario, seed: this.#seedOf(1) }, { variant: name, onProgress })
    this.#done++
    return run
  }

  #cells(pair: ScenarioPair, index: number, side: 'a' | 'b'): readonly PairCell[] {
    const { name, changes } = pair[side]
    return Array.from({ length: this.#options.replications - 1 }, (_, place) => {
      const replication = place + 2
      const seed = this.#seedOf(replication)
      return { input: this.#options.inputs[side], variant: name, changes, seed, pair: index, side, replication }
    })
  }

  #seedOf(replication: number): string {
    return `${this.#options.seed}/${replication}`
  }

  #progress(variant: string, part = 0): void {
    const { scenario, replications } = this.#options
    this.#tools.tell({ kind: 'progress', scenario, variant, fraction: (this.#done + part) / (2 * this.#pairs.length * replications) })
  }
}

function isRun(run: RunMeasures | undefined): run is RunMeasures {
  return run !== undefined
}

/** Tables as their files would be: cells are texts, and nothing is an empty one. */
function tablesOf(run: SimulatedRun): (table: DivergenceTable) => TableRows {
  return (table) => {
    const { columns, rows } = run[table]
    function* texts(): Generator<readonly string[], void, undefined> {
      for (const row of rows) yield row.map((cell) => (cell === null ? '' : String(cell)))
    }
    return { columns, rows: texts() }
  }
}
