import { join } from 'node:path'
import { type CompareOptions, compareMetrics } from '../../experiment/comparison/compare-metrics.ts'
import {
  COMPARISON_SCHEMA_VERSION,
  type ComparedSide,
  type ComparedVariants,
  type Comparison,
  type ComparisonWarning,
  FAMILY_LEVEL,
} from '../../experiment/comparison/comparison.ts'
import { firstDivergence } from '../../experiment/comparison/divergence.ts'
import { type PairedMetric, pairMeasures } from '../../experiment/comparison/pair-measures.ts'
import { parseTolerance, type Tolerance, whyIdle } from '../../experiment/comparison/tolerance.ts'
import { tooFewPairs } from '../../experiment/comparison/too-few-pairs.ts'
import { CONFIDENCE } from '../../experiment/statistics/paired.ts'
import { invariant } from '../../invariant.ts'
import { writeComparisonFiles } from '../../report/comparison/comparison-files.ts'
import { renderJunit } from '../../report/comparison/junit.ts'
import { renderMarkdown } from '../../report/comparison/markdown.ts'
import { LANGUAGES } from '../../report/language/index.ts'
import { UnreadableFile } from '../../report/read/input-file.ts'
import { writeComparisonReport } from '../../report/write-report.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { CompareJob, JobTools } from '../jobs.ts'
import { OutputFile } from '../output-file.ts'
import type { CellPool } from '../pool/cell-pool.ts'
import { ResultFolder } from '../result-folder.ts'
import { chooseVariants } from './choose-variants.ts'
import { Replications } from './replicate.ts'
import { openSide, type ResultVariant, type ScenarioVariant, type Side } from './side.ts'

export type CompareTools = JobTools & {
  readonly cells: (workers: number) => CellPool | Promise<CellPool>
  /** Ends the runs. */
  readonly signal?: AbortSignal
}

/** Compares two results, or two scenarios over many seeds. */
export async function compareJob(job: CompareJob, tools: CompareTools): Promise<ExitCode> {
  try {
    return await compareSides(job, tools)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    tools.tell({ kind: 'refused', reason: `Cannot compare "${job.a}" and "${job.b}": ${error.message}. Run the scenario again` })
    return EXIT.wrongInput
  }
}

async function compareSides(job: CompareJob, tools: CompareTools): Promise<ExitCode> {
  const { tell } = tools
  const refuse = (reason: string): ExitCode => {
    tell({ kind: 'refused', reason })
    return EXIT.wrongInput
  }
  const tolerances: Tolerance[] = []
  for (const text of job.tolerances) {
    const read = parseTolerance(text)
    if (!read.ok) {
      const { message, accepted, didYouMean } = read.complaint
      const hint = didYouMean == null ? '' : `. Did you mean "${didYouMean}"?`
      return refuse(`--tolerance: ${message}${accepted === undefined ? '' : `: expected ${accepted}`}${hint}`)
    }
    tolerances.push(read.value)
  }
  const sides = await openSides(job, tools)
  if (sides === null) return EXIT.wrongInput
  const [a, b] = sides
  if (a.kind !== b.kind) {
    const [result, scenario] = a.kind === 'result' ? [a, b] : [b, a]
    return refuse(
      `Cannot compare a result with a scenario: "${result.given}" has been run, "${scenario.given}" has not: expected two result folders or two scenario files. Run the scenario first: towtank run ${scenario.given}`,
    )
  }
  const chosen = chooseVariants<ResultVariant | ScenarioVariant>(a, b)
  if (!chosen.ok) return refuse(chosen.reason)
  const place = ResultFolder.choose(job.out ?? join('results', `${b.scenario}-compare`))
  if (!place.ok) return refuse(place.reason)
  const outputs: { readonly file: OutputFile; readonly render: (comparison: Comparison) => string }[] = []
  const words = LANGUAGES[job.language].compare
  for (const [path, render] of [
    [job.markdown, (comparison: Comparison) => renderMarkdown(comparison, words)],
    [job.junit, (comparison: Comparison) => renderJunit(comparison, words)],
  ] as const) {
    if (path === null) continue
    const output = OutputFile.choose(path)
    if (!output.ok) return refuse(output.reason)
    outputs.push({ file: output.file, render })
  }
  const seed = job.seed ?? a.seed
  const { folder } = place
  const whyNone = (metrics: readonly PairedMetric[]): string | undefined =>
    tolerances.flatMap(
      (tolerance) =>
        whyIdle(
          tolerance,
          metrics.map(({ measure }) => measure),
        ) ?? [],
    )[0]
  const runs = bothResults(a, b)
    ? await resultRuns(chosen.pairs as readonly (readonly [ResultVariant, ResultVariant])[])
    : await scenarioRuns(a, b, chosen.pairs as readonly (readonly [ScenarioVariant, ScenarioVariant])[], { job, tools, seed, whyNone })
  const idle = whyNone(runs.metrics)
  if (idle !== undefined) return refuse(`--tolerance: ${idle}`)
  const replications = a.kind === 'result' ? 1 : job.replications
  const options: CompareOptions = { seed, tolerances }
  const metrics = compareMetrics(runs.metrics, options)
  const tested = metrics.filter(({ p }) => p !== null).length
  const regressed = metrics.some(({ toleranceVerdict }) => toleranceVerdict === 'beyond')
  const comparison: Comparison = {
    schemaVersion: COMPARISON_SCHEMA_VERSION,
    tool: { name: 'towtank', version: job.version },
    command: 'compare',
    kind: a.kind === 'result' ? 'single' : 'replications',
    a: described(a, chosen.pairs[0]![0]),
    b: described(b, chosen.pairs[0]![1]),
    seed,
    replications,
    confidence: CONFIDENCE,
    familyLevel: FAMILY_LEVEL,
    tested,
    tolerances: tolerances.map(({ text }) => text),
    verdict: tolerances.length === 0 ? 'not-judged' : regressed ? 'regression' : 'passed',
    warnings: [...warningsOf(a, b, chosen), ...tooFewPairs(metrics)],
    variants: runs.variants,
    metrics,
  }
  tell({ kind: 'writing', out: folder.shown })
  try {
    const partial = folder.begin()
    writeComparisonFiles(partial, comparison)
    if (job.report) {
      const written = await writeComparisonReport(partial, { language: job.language })
      invariant(written.ok, 'a report can be made of every comparison')
    }
    folder.commit()
  } finally {
    folder.discard()
  }
  for (const { file, render } of outputs) file.write(render(comparison))
  tell({ kind: 'compared', comparison, folder: folder.shown })
  return comparison.verdict === 'regression' ? EXIT.thresholdFailed : EXIT.passed
}

/** Both sides; null when something is wrong with one, which has been told. */
async function openSides(job: CompareJob, { files, tell }: CompareTools): Promise<readonly [Side, Side] | null> {
  const opened = [await openSide(job.a, files, job.version), await openSide(job.b, files, job.version)] as const
  const same = job.a.split('#')[0] === job.b.split('#')[0]
  let failed = false
  for (const [index, one] of opened.entries()) {
    // One file that is both sides is told about once.
    if (index === 1 && same) continue
    if (one.warnings !== undefined && one.warnings.length > 0) tell({ kind: 'warnings', warnings: one.warnings })
    if (one.ok) continue
    failed = true
    if (one.problems !== undefined) tell({ kind: 'problems', problems: one.problems })
    if (one.reason !== undefined) tell({ kind: 'refused', reason: one.reason })
  }
  const [a, b] = opened
  return failed || !a.ok || !b.ok ? null : [a.side, b.side]
}

interface Runs {
  readonly metrics: readonly PairedMetric[]
  readonly variants: readonly ComparedVariants[]
}

async function resultRuns(pairs: readonly (readonly [ResultVariant, ResultVariant])[]): Promise<Runs> {
  const variants: ComparedVariants[] = []
  const metrics: PairedMetric[] = []
  for (const [a, b] of pairs) {
    const names = { variantA: a.name, variantB: b.name }
    metrics.push(...pairMeasures(names, [a.measures], [b.measures]))
    variants.push({ ...names, divergence: await firstDivergence(a.table, b.table) })
  }
  return { metrics, variants }
}

interface ScenarioRunsOptions {
  readonly job: CompareJob
  readonly tools: CompareTools
  readonly seed: string
  /** Known after the first seed: no time is spent on the others for a tolerance that judges nothing. */
  readonly whyNone: (metrics: readonly PairedMetric[]) => string | undefined
}

async function scenarioRuns(
  a: Side,
  b: Side,
  pairs: readonly (readonly [ScenarioVariant, ScenarioVariant])[],
  { job, tools, seed, whyNone }: ScenarioRunsOptions,
): Promise<Runs> {
  invariant(a.kind === 'scenario' && b.kind === 'scenario', 'only scenarios are run')
  const { replications, workers } = job
  const options = { inputs: { a: a.input, b: b.input }, seed, replications, workers, scenario: b.scenario }
  const asked = pairs.map(([variantA, variantB]) => ({ a: variantA, b: variantB }))
  const runs = new Replications(asked, options, tools)
  const variants = await runs.first()
  if (whyNone(runs.metrics) === undefined) await runs.rest()
  return { metrics: runs.metrics, variants }
}

function bothResults(a: Side, b: Side): boolean {
  return a.kind === 'result' && b.kind === 'result'
}

function described({ given, scenario, inputHash, version, seed }: Side, variant: ResultVariant | ScenarioVariant): ComparedSide {
  return { given, scenario, inputHash, durationSeconds: variant.durationSeconds, version, seed }
}

function warningsOf(
  a: Side,
  b: Side,
  chosen: {
    readonly pairs: readonly (readonly [ResultVariant | ScenarioVariant, ResultVariant | ScenarioVariant])[]
    readonly leftOutA: readonly string[]
    readonly leftOutB: readonly string[]
  },
): readonly ComparisonWarning[] {
  const warnings: ComparisonWarning[] = []
  if (a.scenario !== b.scenario) warnings.push({ kind: 'scenarios-differ', a: a.scenario, b: b.scenario })
  const lengths = chosen.pairs.find(([one, other]) => one.durationSeconds !== other.durationSeconds)
  if (lengths !== undefined && lengths[0].durationSeconds !== null && lengths[1].durationSeconds !== null)
    warnings.push({ kind: 'durations-differ', aSeconds: lengths[0].durationSeconds, bSeconds: lengths[1].durationSeconds })
  if (a.kind === 'result' && a.seed !== b.seed) warnings.push({ kind: 'seeds-differ', a: a.seed, b: b.seed })
  if (a.version !== b.version) warnings.push({ kind: 'versions-differ', a: a.version, b: b.version })
  if (chosen.leftOutA.length > 0) warnings.push({ kind: 'variants-left-out', side: 'a', names: chosen.leftOutA })
  if (chosen.leftOutB.length > 0) warnings.push({ kind: 'variants-left-out', side: 'b', names: chosen.leftOutB })
  return warnings
}
