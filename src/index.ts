/**
 * Towtank: a deterministic discrete-event simulator of the Kubernetes data flow, as a library.
 *
 * **A first run.** A scenario is a file; reading it checks it to the end, and a run of it gives numbers that are the same on every machine.
 *
 * ```ts
 * import { loadScenario, simulate } from 'towtank'
 *
 * const scenario = await loadScenario('scenarios/hello.yaml')
 * const { summary } = simulate(scenario)
 * for (const { traffic, sent, errorRate, latencyMs } of summary.traffic) console.log(traffic, sent, errorRate, latencyMs.p99)
 * ```
 *
 * **A scenario in code** has the fields of a file's `spec`, with types and descriptions; manifests are objects. {@link parseScenario} takes texts instead.
 *
 * ```ts
 * const scenario = await defineScenario({ name: 'shop', duration: '2m', manifests: [deployment, service], traffic: [{ … }] })
 * ```
 *
 * **What is wrong** comes as one {@link ScenarioError} with every mistake: file, line, column, path, message, what is accepted, what was meant.
 *
 * **Variants** of a `compare` block are run by name, on the same random numbers: `simulate(scenario, { variant: 'ipvs' })`.
 *
 * **Numbers.** {@link measuresOf} gives what a threshold can name as a flat list; `tables` has every request interval, sync, pod, node, failure and
 * event: {@link records} reads them as objects, {@link toCsv} writes one, {@link writeResults} writes the folder of `towtank run`.
 *
 * **Chance.** {@link replicate} runs many seeds, in threads if asked; {@link compareRuns} says which differences between two such sets are real.
 *
 * Times in summaries are milliseconds where a name ends in `Ms` and seconds where it ends in `Seconds`; rates and shares are fractions of 1.
 *
 * Charts are `towtank/charts`, the engine is `towtank/engine`, the proxy core `towtank/proxy`.
 *
 * @packageDocumentation
 */
export type { SourceProblem } from './api/source-problem.ts'
export {
  type ComparisonVerdict,
  type ComparisonWarning,
  METRIC_VERDICTS,
  type MetricComparison,
  type MetricVerdict,
  type ToleranceVerdict,
} from './experiment/comparison/comparison.ts'
export type { Worse } from './experiment/comparison/directions.ts'
export type { PairedMethod } from './experiment/statistics/paired.ts'
export type { FaultOutcome } from './faults/planned-fault.ts'
export { type CompareRunsOptions, compareRuns, type RunComparison } from './library/compare.ts'
export {
  defineScenario,
  type KubernetesObject,
  loadScenario,
  type ParseScenarioOptions,
  parseScenario,
  type ScenarioDefinition,
} from './library/load-scenario.ts'
export { type ReplicateOptions, replicate } from './library/replicate.ts'
export type { Scenario } from './library/scenario.ts'
export { ScenarioError } from './library/scenario-error.ts'
export type { ScenarioSpec } from './library/scenario-spec.ts'
export { type Hop, type Hops, type ResultTables, type SimulateOptions, type SimulationResult, simulate } from './library/simulate.ts'
export { records, toCsv } from './library/tables.ts'
export { VERSION } from './library/version.ts'
export { writeResults } from './library/write-results.ts'
export { BLAME_PARTS, type BlameMs, type BlamePart, type BlameSummary } from './metrics/blame.ts'
export type { KubeProxySummary, LateFirstSyncs, NodesSummary, QuantileSummary, TrafficSummary } from './metrics/summaries.ts'
export type { Cell, Table } from './metrics/table.ts'
export type { RunSummary } from './report/run-summary.ts'
export type { ScenarioWarning } from './scenario/load-context.ts'
export { type Measure, measuresOf } from './scenario/measures.ts'
export type { DeploymentSummary, FlowControlSummary, ThresholdResult, VariantSummary } from './scenario/run-result.ts'
export type { ThresholdUnit } from './scenario/threshold-metrics.ts'
