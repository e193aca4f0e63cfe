import { join } from 'node:path'
import type { SourceProblem } from '../api/source-problem.ts'
import { InvariantError, invariant } from '../invariant.ts'
import { parametersTable } from '../parameters/parameters-table.ts'
import { openRaw } from '../report/raw/index.ts'
import type { RawFile } from '../report/raw/raw-file.ts'
import { EXPORT_FILES, ResultWriter } from '../report/result-files.ts'
import { passed, type RunSummary, SUMMARY_SCHEMA_VERSION } from '../report/run-summary.ts'
import type { ScenarioWarning } from '../scenario/load-context.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import type { RunResult, VariantSummary } from '../scenario/run-result.ts'
import type { Variant } from '../scenario/scenario.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { JobTools, RunJob } from './jobs.ts'
import { ResultFolder } from './result-folder.ts'

interface Planned {
  readonly name: string
  readonly variants: readonly Variant[]
  readonly inputHash: string
  readonly folder: ResultFolder
}

/**
 * Checks everything, then runs everything. When anything is wrong with any file, nothing is run and nothing is written.
 *
 * `reportClient` gives the script of reports.
 */
export async function runJob(job: RunJob, tools: JobTools<RunResult>, reportClient: () => string = unbuilt): Promise<ExitCode> {
  const plans = await plan(job, tools)
  if (plans === null) return EXIT.wrongInput
  let allPassed = true
  for (const [index, planned] of plans.entries()) {
    const base = index / plans.length
    const summary = await runOne(planned, job, { ...tools, reportClient }, (fraction) => base + fraction / plans.length)
    allPassed &&= passed(summary)
  }
  return allPassed ? EXIT.passed : EXIT.thresholdFailed
}

/** Whoever does the job without a built program can write no report. */
function unbuilt(): never {
  throw new InvariantError('a report needs the script that the build makes')
}

async function plan(job: RunJob, { files, tell }: JobTools<RunResult>): Promise<readonly Planned[] | null> {
  const plans: Planned[] = []
  const problems: SourceProblem[] = []
  const warnings: ScenarioWarning[] = []
  const refusals: string[] = []
  const names = new Map<string, string>()
  for (const file of job.files) {
    const loaded = await loadScenario(file, files)
    warnings.push(...loaded.warnings)
    if (!loaded.ok) {
      problems.push(...loaded.problems)
      continue
    }
    const { name } = loaded.variants[0]!.scenario
    const other = names.get(name)
    if (other !== undefined) refusals.push(`Cannot run "${other}" and "${file}" together: both scenarios are called "${name}"`)
    names.set(name, file)
    const chosen = ResultFolder.choose(outputOf(job, name))
    if (!chosen.ok) refusals.push(chosen.reason)
    else plans.push({ name, variants: withSeed(loaded.variants, job.seed), inputHash: loaded.inputHash, folder: chosen.folder })
  }
  if (warnings.length > 0) tell({ kind: 'warnings', warnings })
  if (problems.length > 0) tell({ kind: 'problems', problems })
  for (const reason of refusals) tell({ kind: 'refused', reason })
  return problems.length > 0 || refusals.length > 0 ? null : plans
}

function outputOf(job: RunJob, name: string): string {
  if (job.out === null) return join('results', name)
  return job.files.length === 1 ? job.out : join(job.out, name)
}

/** The variants with another seed, or as they are for null. */
export function withSeed(variants: readonly Variant[], seed: string | null): readonly Variant[] {
  return seed === null ? variants : variants.map(({ name, scenario }) => ({ name, scenario: { ...scenario, seed } }))
}

async function runOne(
  planned: Planned,
  { version, report: language, samples, raw, traces }: RunJob,
  { simulate, tell, reportClient }: JobTools<RunResult> & { readonly reportClient: () => string },
  overall: (fraction: number) => number,
): Promise<RunSummary> {
  const { name, variants, inputHash, folder } = planned
  tell({ kind: 'writing', out: folder.shown })
  const partial = folder.begin()
  let rawFile: RawFile | null = null
  try {
    if (raw !== null) rawFile = await openRaw(raw, partial)
    const writer = new ResultWriter(partial)
    const summaries: VariantSummary[] = []
    for (const [index, { name: variant, scenario }] of variants.entries()) {
      const report = (fraction: number) =>
        tell({ kind: 'progress', scenario: name, variant, fraction: overall((index + fraction) / variants.length) })
      report(0)
      const result = simulate(scenario, {
        variant,
        onProgress: report,
        ...(samples === null ? {} : { samples: { count: samples } }),
        ...(rawFile === null ? {} : { requests: rawFile.sink(variant) }),
      })
      writer.add(result, parametersTable(scenario))
      summaries.push(result.summary)
    }
    const seed = variants[0]!.scenario.seed
    const tool = { name: 'towtank', version } as const
    const summary: RunSummary = { schemaVersion: SUMMARY_SCHEMA_VERSION, tool, scenario: name, seed, inputHash, variants: summaries }
    rawFile?.finish()
    writer.finish(summary)
    if (traces) {
      const { EXPORT_FORMATS, exportResult } = await import('../report/traces/index.ts')
      for (const format of EXPORT_FORMATS) await exportResult(partial, format, join(partial, EXPORT_FILES[format]))
    }
    if (language !== null) {
      const { writeReport } = await import('../report/write-report.ts')
      const written = await writeReport(partial, { language, client: reportClient })
      invariant(written.ok, 'a report can be made of every result')
    }
    folder.commit()
    tell({ kind: 'finished', summary, folder: folder.shown })
    return summary
  } finally {
    rawFile?.close()
    folder.discard()
  }
}
