import type { Table } from '../metrics/table.ts'
import { parametersTable } from '../parameters/parameters-table.ts'
import type { RunResult, VariantSummary } from '../scenario/run-result.ts'
import { simulate as run } from '../scenario/simulate.ts'
import { Scenario } from './scenario.ts'

/** Options of {@link simulate}. */
export interface SimulateOptions {
  /** Which variant of the scenario; may be left out when there is one. */
  readonly variant?: string
  /** Default: the scenario's own. A number is the seed of its decimal digits. */
  readonly seed?: string | number
  /** Told the share of simulated time that has passed, 0 to 1, a hundred times. */
  readonly onProgress?: (fraction: number) => void
}

/** Every table of a run, as in the CSV files of the same names, whose columns docs/results.md explains. Rows can be read any number of times. */
export interface ResultTables extends Omit<RunResult, 'variant' | 'summary'> {
  /** Every parameter in force: value, unit, where it is from. */
  readonly parameters: Table
}

/** One step of the control plane: who did what to which object, when, and which earlier hop led to it. */
export interface Hop {
  /** Its place in the order of recording, from 0. */
  readonly id: number
  /** The id of the hop that led to it; -1: nothing did. */
  readonly cause: number
  /** A component, such as `kubelet/worker-3`. */
  readonly actor: string
  readonly action: string
  /** An object or a request. */
  readonly subject: string
  /** The resource version that it made or saw; 0: none. */
  readonly revision: number
  /** When it began, in ns of simulated time. */
  readonly started: number
  /** When it ended, in ns of simulated time. */
  readonly time: number
  readonly detail: string
}

/** Every hop of a run in the order of recording. Objects are made as they are read. */
export interface Hops extends Iterable<Hop> {
  readonly length: number
  hop(id: number): Hop
}

/** What one run gives back: a function of scenario, variant, seed and version of Towtank, on every machine. */
export interface SimulationResult {
  readonly scenario: string
  readonly variant: string
  readonly seed: string
  /** Of the scenario: see {@link Scenario.inputHash}. */
  readonly inputHash: string
  /** What `summary.json` says of the variant. */
  readonly summary: VariantSummary
  readonly tables: ResultTables
  /** What led to what, for telling stories; `tables.objects` has the same as rows. */
  readonly hops: Hops
}

/**
 * Runs a scenario from start to end. Blocks while it runs; {@link replicate} has runs in threads.
 *
 * @throws RangeError when the scenario has no such variant, or several and none is named.
 */
export function simulate(scenario: Scenario, options: SimulateOptions = {}): SimulationResult {
  const { name, scenario: checked } = checkedScenario(scenario).checked(options.variant)
  const seed = seedOf(options.seed) ?? checked.seed
  const seeded = { ...checked, seed }
  const { onProgress } = options
  const { variant, summary, hops, ...tables } = run(seeded, { variant: name, ...(onProgress === undefined ? {} : { onProgress }) })
  return {
    scenario: scenario.name,
    variant,
    seed,
    inputHash: scenario.inputHash,
    summary,
    tables: { ...tables, parameters: parametersTable(seeded) },
    hops,
  }
}

/** Programs without types may give anything. */
export function checkedScenario(scenario: Scenario): Scenario {
  if (scenario instanceof Scenario) return scenario
  throw new TypeError('Cannot run what is no Scenario: expected what loadScenario, parseScenario or defineScenario gives (await it)')
}

/** The seed as a text; undefined for none. */
export function seedOf(seed: string | number | undefined): string | undefined {
  if (seed === undefined) return undefined
  if (seed === '' || (typeof seed === 'number' && !Number.isSafeInteger(seed)))
    throw new RangeError(`Cannot take "${seed}" as a seed: expected a text that is not empty, or a whole number`)
  return String(seed)
}
