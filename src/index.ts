/**
 * Towtank: a deterministic discrete-event simulator of the Kubernetes data flow.
 *
 * ```ts
 * import { loadScenario, simulate } from 'towtank'
 * ```
 *
 * @packageDocumentation
 */
export type { SourceProblem } from './api/source-problem.ts'
export type { Cell, Table } from './metrics/table.ts'
export { type LoadedScenario, loadScenario } from './scenario/load-scenario.ts'
export type { RunResult, TrafficSummary, VariantSummary } from './scenario/run-result.ts'
export type { Scenario, Variant } from './scenario/scenario.ts'
export { type SimulatedRun, type SimulateOptions, simulate } from './scenario/simulate.ts'
