import { join } from 'node:path'
import { planSweep } from '../../experiment/sweep/plan-sweep.ts'
import { COMMAND_LINE, readSetOptions } from '../../experiment/sweep/read-set-options.ts'
import { isSweep, readSweepFile } from '../../experiment/sweep/read-sweep-file.ts'
import type { SweepRequest, WrittenText } from '../../experiment/sweep/request.ts'
import { type Shard, shardOf } from '../../experiment/sweep/shard.ts'
import type { PlannedCell, SweepPlan } from '../../experiment/sweep/sweep-plan.ts'
import { idlePatterns } from '../../experiment/sweep/sweep-tables.ts'
import { invariant } from '../../invariant.ts'
import { type ManifestCell, SWEEP_SCHEMA_VERSION, type SweepManifest } from '../../report/sweep-manifest.ts'
import type { FileReader } from '../../scenario/load-files.ts'
import { inReadingOrder } from '../../scenario/load-scenario.ts'
import { YamlSource } from '../../scenario/parse-yaml.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { CellPool } from '../pool/cell-pool.ts'
import { cellCommand } from './cell-command.ts'
import { finishSweep, readSwept } from './finish-sweep.ts'
import type { SweepEvent } from './sweep-events.ts'
import { SweepFolder } from './sweep-folder.ts'
import { TimeLeft } from './time-left.ts'

/** What `towtank sweep` is asked for. */
export interface SweepOrder {
  /** A sweep or a scenario. */
  readonly file: string
  /** `FIELD=VALUE,…`, for a scenario. */
  readonly sets: readonly string[]
  /** In place of those of the file; how many, or which. */
  readonly seeds: number | readonly string[] | null
  /** In place of those of the file; null leaves them. */
  readonly variants: readonly string[] | null
  readonly measures: readonly string[] | null
  readonly out: string | null
  /** null for the whole sweep. */
  readonly shard: Shard | null
  readonly version: string
  /** Over the code of the program. */
  readonly build: string
}

/** What a sweep needs of the world, so that tests can give it another. */
export interface SweepTools {
  readonly files: FileReader
  /** Opened when there is a cell to run. */
  readonly pool: () => CellPool | Promise<CellPool>
  readonly tell: (event: SweepEvent) => void
  readonly signal: AbortSignal
  /** Seconds, for the time that is left. */
  readonly now: () => number
}

/** Plans a sweep, runs what its folder does not have yet, and writes the tables when all cells are there. */
export async function sweepJob(order: SweepOrder, tools: SweepTools): Promise<ExitCode> {
  const { tell, signal } = tools
  const read = await readRequest(order, tools.files)
  if (!read.ok) {
    tell(read.event)
    return EXIT.wrongInput
  }
  const onChecked = async (done: number, total: number): Promise<void> => {
    tell({ kind: 'checking', done, total })
    // Checking is work of this thread: only between two of its parts does a signal come through.
    await new Promise((go) => setImmediate(go))
    signal.throwIfAborted()
  }
  try {
    const planned = await planSweep(read.request, tools.files, { version: order.version, onChecked })
    if (planned.warnings.length > 0) tell({ kind: 'warnings', warnings: planned.warnings })
    const problems = [...read.problems, ...(planned.ok ? [] : planned.problems)]
    if (problems.length > 0) {
      tell({ kind: 'problems', problems: inReadingOrder(problems, order.file), options: read.options })
      return EXIT.wrongInput
    }
    invariant(planned.ok, 'a sweep without problems has a plan')
    const { request } = read
    if (request.scenarioPlace === null && request.axes.length === 0 && request.seeds === null && planned.plan.cells.length === 1) {
      tell({ kind: 'refused', reason: nothingVaries(order.file) })
      return EXIT.wrongInput
    }
    return await runPlan(planned.plan, order, tools)
  } catch (error) {
    if (!signal.aborted) throw error
    tell({ kind: 'interrupted', finished: 0, total: 0, folder: '' })
    return EXIT.interrupted
  }
}

function nothingVaries(file: string): string {
  return `"${file}" is a scenario, and nothing says what to vary: give --set FIELD=VALUE,… or --seeds NUMBER, or a sweep file. To run it once: towtank run ${file}`
}

type ReadRequest =
  | {
      readonly ok: true
      readonly request: SweepRequest
      readonly problems: Extract<SweepEvent, { kind: 'problems' }>['problems']
      /** What stands for the file {@link COMMAND_LINE}. */
      readonly options: string
    }
  | { readonly ok: false; readonly event: SweepEvent }

async function readRequest(order: SweepOrder, files: FileReader): Promise<ReadRequest> {
  const content = await files.read(order.file)
  const source = content.kind === 'file' ? new YamlSource(order.file, content.text) : null
  const sets = readSetOptions(order.sets)
  const lines = sets.text === '' ? [] : sets.text.split('\n')
  const optionTexts = (option: string, texts: readonly string[] | null): readonly WrittenText[] | null =>
    texts?.map((text) => {
      lines.push(`${option} ${text}`)
      return { text, place: { file: COMMAND_LINE, line: lines.length, column: option.length + 2, length: Math.max(1, text.length) } }
    }) ?? null
  const chosen = { variants: optionTexts('--variant', order.variants), measures: optionTexts('--measure', order.measures) }
  if (source === null || !isSweep(source)) {
    const request: SweepRequest = {
      name: null,
      scenario: order.file,
      scenarioPlace: null,
      seeds: order.seeds,
      axes: sets.axes,
      combinations: [[]],
      ...chosen,
    }
    return { ok: true, request, problems: sets.problems, options: lines.join('\n') }
  }
  if (order.sets.length > 0) {
    const reason = `Cannot use --set with "${order.file}", which is a sweep: write the field into its spec.parameters, or give a scenario`
    return { ok: false, event: { kind: 'refused', reason } }
  }
  const { request, problems } = readSweepFile(source)
  const options = lines.join('\n')
  if (request === null) return { ok: false, event: { kind: 'problems', problems, options } }
  const { seeds, variants, measures } = request
  const changed = { seeds: order.seeds ?? seeds, variants: chosen.variants ?? variants, measures: chosen.measures ?? measures }
  return { ok: true, request: { ...request, ...changed }, problems, options }
}

function manifestOf(plan: SweepPlan, { version, build }: SweepOrder): SweepManifest {
  const { name, scenario, inputHash, seeds, fields, measures } = plan
  const cells = plan.cells.map(({ id, seed, inputHash: ofCell, combination }): ManifestCell => {
    const parameters = Object.fromEntries(combination.settings.map(({ field, value }) => [field, value]))
    return { id, variant: combination.variant, parameters, seed, inputHash: ofCell }
  })
  return {
    schemaVersion: SWEEP_SCHEMA_VERSION,
    tool: { name: 'towtank', version, build },
    command: 'sweep',
    name,
    scenario,
    inputHash,
    seeds: [...seeds],
    fields: [...fields],
    measures: measures === null ? null : [...measures],
    status: 'unfinished',
    missing: [],
    cells,
  }
}

async function runPlan(plan: SweepPlan, order: SweepOrder, tools: SweepTools): Promise<ExitCode> {
  const { tell } = tools
  const refuse = (reason: string): ExitCode => {
    tell({ kind: 'refused', reason })
    return EXIT.wrongInput
  }
  const chosen = SweepFolder.choose(order.out ?? join('results', `${plan.name}-sweep`))
  if (!chosen.ok) return refuse(chosen.reason)
  const { folder } = chosen
  const opened = folder.open()
  if (!opened.ok) return refuse(opened.reason)
  try {
    const manifest = manifestOf(plan, order)
    folder.begin(manifest)
    const { finished, failed } = await runCells(plan, manifest, folder, order, tools)
    const total = manifest.cells.length
    const { shown } = folder
    if (tools.signal.aborted) {
      tell({ kind: 'interrupted', finished, total, folder: shown })
      return EXIT.interrupted
    }
    const swept = readSwept(folder, manifest)
    const there = swept.cells.filter(({ result }) => result !== null).length
    if (there < total) {
      const mine = new Set(partOf(plan, order).map(({ id }) => id))
      const lost = swept.cells.some(({ result }, index) => result === null && mine.has(manifest.cells[index]!.id))
      const reason = failed > 0 ? 'failed' : lost ? 'lost' : 'shard'
      tell({ kind: 'unfinished', finished: there, total, folder: shown, reason })
      if (reason !== 'shard') return failed > 0 ? EXIT.bug : EXIT.wrongInput
      return swept.cells.some(({ result }) => result?.passed === false) ? EXIT.thresholdFailed : EXIT.passed
    }
    for (const pattern of idlePatterns(swept)) tell({ kind: 'note', text: `No measure of this sweep matches "${pattern}"` })
    const answer = finishSweep(folder, manifest, swept)
    tell({ kind: 'finished', answer, folder: shown })
    return answer.notPassed === 0 ? EXIT.passed : EXIT.thresholdFailed
  } finally {
    opened.release()
  }
}

/** The cells of this machine's part. */
function partOf({ cells }: SweepPlan, { shard }: SweepOrder): readonly PlannedCell[] {
  return shard === null ? cells : shardOf(cells, shard)
}

/** Runs what the folder does not have of this machine's part. */
async function runCells(
  plan: SweepPlan,
  manifest: SweepManifest,
  folder: SweepFolder,
  order: SweepOrder,
  { tell, pool: makePool, signal, now }: SweepTools,
): Promise<{ readonly finished: number; readonly failed: number }> {
  const mine = new Set(partOf(plan, order).map(({ id }) => id))
  const known = new Map(manifest.cells.map((cell) => [cell.id, cell]))
  const states = new Map(manifest.cells.map((cell) => [cell.id, folder.readCell(cell, manifest.tool).state]))
  const count = (state: string): number => [...states.values()].filter((one) => one === state).length
  const [there, damaged, outdated] = [count('finished'), count('damaged'), count('outdated')]
  if (there > 0) tell({ kind: 'note', text: `${there} of ${states.size} cells are there from an earlier sweep` })
  if (damaged > 0) tell({ kind: 'note', text: `${damaged} ${damaged === 1 ? 'cell is' : 'cells are'} damaged and not used` })
  if (outdated > 0)
    tell({ kind: 'note', text: `${outdated} ${outdated === 1 ? 'cell is' : 'cells are'} of another build of Towtank and not used` })
  const todo = plan.cells.filter(({ id }) => mine.has(id) && states.get(id) !== 'finished')
  const total = mine.size
  let done = total - todo.length
  let finished = there
  let failed = 0
  if (todo.length === 0) return { finished, failed }
  const left = new TimeLeft(todo.length, now)
  const pool = await makePool()
  const report = (): void =>
    tell({ kind: 'progress', done, total, running: Math.min(pool.workers, total - done), secondsLeft: left.seconds })
  try {
    report()
    for await (const outcome of pool.run<PlannedCell>(todo, { signal })) {
      const { cell } = outcome
      if (outcome.ok) {
        invariant(outcome.result.inputHash === cell.inputHash, 'the cell that ran is the one that was planned')
        folder.writeCell(known.get(cell.id)!, manifest.tool, outcome.result.summary)
        finished++
      } else {
        failed++
        tell({ kind: 'failed', cell: cell.id, command: cellCommand(cell), stack: outcome.stack, lost: outcome.lost === true })
      }
      done++
      left.finishedOne()
      report()
    }
  } finally {
    await pool.close()
  }
  return { finished, failed }
}
