import { nearest } from '../../api/did-you-mean.ts'
import type { SourceProblem } from '../../api/source-problem.ts'
import { invariant } from '../../invariant.ts'
import type { ScenarioWarning } from '../../scenario/load-context.ts'
import { type FileReader, RecordingFiles } from '../../scenario/load-files.ts'
import { loadScenario, type OpenedScenario, openScenario } from '../../scenario/load-scenario.ts'
import type { Complaint } from '../../scenario/parse-result.ts'
import type { Place } from '../../scenario/parse-yaml.ts'
import type { Scenario } from '../../scenario/scenario.ts'
import { applyChanges, type Change, type FieldChange, resolveField, VariantPlaces } from '../../scenario/variants.ts'
import type { CellInput } from '../cell.ts'
import { Findings } from './findings.ts'
import { expandGrid, gridSize } from './grid.ts'
import { parseMeasurePattern } from './measure-selection.ts'
import type { SweepRequest, WrittenField, WrittenText, WrittenValue } from './request.ts'
import { isWithin, type Setting, SettingPlaces } from './setting.ts'
import { cellId, type PlannedCell, type SweepPlan } from './sweep-plan.ts'

/** Each is loaded and checked before the first cell runs. */
export const COMBINATIONS_MAX = 10_000

export const CELLS_MAX = 100_000

export interface PlanOptions {
  readonly version: string
  /** Called between two combinations: how many have been checked; awaited, so that whoever waits can also do something else, or throw. */
  readonly onChecked?: (done: number, total: number) => Promise<void>
}

export type PlannedSweep =
  | { readonly ok: true; readonly plan: SweepPlan; readonly warnings: readonly ScenarioWarning[] }
  | { readonly ok: false; readonly problems: readonly SourceProblem[]; readonly warnings: readonly ScenarioWarning[] }

/** A variant of the `compare` block, or the scenario without one. */
interface Base {
  readonly variant: string | null
  readonly changes: readonly Change[]
}

/** Looks up all that a sweep asks for, and checks the scenario of every combination. What is wrong is reported all at once. */
export async function planSweep(request: SweepRequest, files: FileReader, options: PlanOptions): Promise<PlannedSweep> {
  const recording = new RecordingFiles(files)
  const whole = await loadScenario(request.scenario, recording)
  const opened = await openScenario(request.scenario, recording)
  if (!opened.ok) return { ok: false, problems: whole.ok ? [] : whole.problems.map((one) => atScenarioPlace(one, request)), warnings: [] }
  const { scenario } = opened
  const problems: SourceProblem[] = whole.ok ? [] : [...whole.problems]
  const report = (place: Place, path: string, complaint: Omit<Complaint, 'part'>): void => {
    const { message, accepted, didYouMean } = complaint
    if (problems.some((known) => known.file === place.file && known.line === place.line && known.message === message)) return
    problems.push({ ...place, path, message, accepted, didYouMean })
  }
  const patterns = readPatterns(request, report)
  checkValues(request, report)
  const bases = basesOf(request, scenario, report)
  if (scenario.source.brokenFrom !== null || isTooLarge(request, bases.length, report)) return { ok: false, problems, warnings: [] }
  const combinations = bases.flatMap((base) => settingsOf(base, request, scenario, report).map((settings) => ({ ...base, settings })))

  const wrong = new Findings<SourceProblem>()
  const notable = new Findings<ScenarioWarning>()
  const loaded: { readonly scenario: Scenario; readonly inputHash: string }[] = []
  for (const [index, { changes, settings }] of combinations.entries()) {
    const places = new SettingPlaces(new VariantPlaces(scenario.source, changes), settings)
    const one = await scenario.load(changesOf(changes, settings), places)
    wrong.add(
      index,
      one.problems.filter((problem) => !problems.some((known) => isSame(known, problem))),
    )
    notable.add(index, one.warnings)
    if (one.scenario !== null) loaded.push({ scenario: one.scenario, inputHash: one.inputHash })
    await options.onChecked?.(index + 1, combinations.length)
  }
  problems.push(...wrong.explained(combinations))
  const warnings = notable.explained(combinations)
  if (problems.length === 0)
    checkLabels(
      request,
      patterns,
      loaded.map((one) => one.scenario),
      report,
    )
  if (problems.length > 0) return { ok: false, problems, warnings }
  invariant(whole.ok && loaded.length === combinations.length, 'a combination without problems has been read')

  const own = loaded[0]!.scenario
  const seeds = typeof request.seeds === 'number' ? Array.from({ length: request.seeds }, (_, i) => `${own.seed}/${i + 1}`) : request.seeds
  const input: CellInput = { path: request.scenario, files: recording.contents }
  const cells = combinations.flatMap(({ variant, changes, settings }, index): readonly PlannedCell[] => {
    const { scenario: checked, inputHash } = loaded[index]!
    const combination = { variant, settings: settings.map(({ field, value }) => ({ field, value })) }
    return (seeds ?? [own.seed]).map((seed) => {
      const cell = { variant: variant ?? checked.cluster.kubeProxy.mode, changes: changesOf(changes, settings), seed }
      return { ...cell, input, inputHash, combination, id: cellId(cell, inputHash, options.version) }
    })
  })
  const plan: SweepPlan = {
    name: request.name ?? own.name,
    scenario: own.name,
    inputHash: whole.inputHash,
    seeds: seeds ?? [own.seed],
    fields: [...new Set(combinations.flatMap(({ settings }) => settings.map(({ field }) => field)))],
    measures: request.measures?.map(({ text }) => text) ?? null,
    cells,
  }
  return { ok: true, plan, warnings }
}

type Report = (place: Place, path: string, complaint: Omit<Complaint, 'part'>) => void

/** A scenario that cannot be read is a mistake of the file that names it. */
function atScenarioPlace(problem: SourceProblem, { scenarioPlace }: SweepRequest): SourceProblem {
  if (scenarioPlace === null) return problem
  const place = { ...scenarioPlace, path: 'spec.scenario', accepted: 'a scenario file, relative to this file' }
  if (problem.message.startsWith('This is a Sweep'))
    return { ...problem, ...place, message: `"${problem.file}" is a sweep too: its scenario has to be named` }
  return problem.message.startsWith('Cannot read the scenario') ? { ...problem, ...place } : problem
}

function changesOf(changes: readonly Change[], settings: readonly Setting[]): readonly FieldChange[] {
  return [...changes, ...settings].map(({ target, value }) => ({ target, value }))
}

function isSame(a: SourceProblem, b: SourceProblem): boolean {
  return a.file === b.file && a.line === b.line && a.column === b.column && a.message === b.message
}

function basesOf(request: SweepRequest, { variants }: OpenedScenario, report: Report): readonly Base[] {
  const alone: readonly Base[] = [{ variant: null, changes: [] }]
  const all = variants.map(({ name, changes }): Base => ({ variant: name, changes }))
  if (request.variants === null) return all.length === 0 ? alone : all
  if (request.variants.length === 0) return alone
  const names = variants.map(({ name }) => name)
  return request.variants.flatMap(({ text, place }, index) => {
    const found = all.find(({ variant }) => variant === text)
    const twice = request.variants!.findIndex((other) => other.text === text) < index
    const path = `spec.variants[${index}]`
    if (twice) report(place, path, { message: `The variant "${text}" is given twice`, accepted: null, didYouMean: null })
    else if (found === undefined) {
      const accepted = names.length === 0 ? 'none: the scenario has no compare block' : `one of ${names.join(', ')}`
      report(place, path, { message: `The scenario has no variant "${text}"`, accepted, didYouMean: nearest(text, names) })
    }
    return found === undefined || twice ? [] : [found]
  })
}

/** The same value twice on an axis, or the same entry twice: its cells would be the same. */
function checkValues({ axes, combinations }: SweepRequest, report: Report): void {
  const twice = (entries: readonly { readonly key: string; readonly place: Place; readonly path: string }[], what: string): void => {
    for (const [index, { key, place, path }] of entries.entries()) {
      if (entries.findIndex((other) => other.key === key) === index) continue
      report(place, path, { message: `The ${what} is given twice: its runs would be the same`, accepted: null, didYouMean: null })
    }
  }
  for (const { field, values } of axes) {
    const path = (index: number) => `spec.parameters["${field}"][${index}]`
    twice(
      values.map(({ value, places }, index) => ({ key: JSON.stringify(value), place: places.place([]), path: path(index) })),
      'value',
    )
  }
  const keyOf = (entry: SweepRequest['combinations'][number]) => JSON.stringify(entry.map(({ field, value }) => [field, value]).toSorted())
  const entries = combinations.flatMap((entry, index) =>
    entry.length === 0 ? [] : [{ key: keyOf(entry), place: entry[0]!.placeOf(null), path: `spec.combinations[${index}]` }],
  )
  twice(entries, 'combination')
}

function isTooLarge(request: SweepRequest, variants: number, report: Report): boolean {
  const count = variants * request.combinations.length * gridSize(request.axes.map(({ values }) => values))
  const seeds = typeof request.seeds === 'number' ? request.seeds : (request.seeds?.length ?? 1)
  if (count <= COMBINATIONS_MAX && count * seeds <= CELLS_MAX) return false
  const place = request.axes[0]?.placeOf(null) ?? request.combinations[0]?.[0]?.placeOf(null) ?? request.scenarioPlace
  const message = `The sweep has ${count} combinations and ${count * seeds} cells`
  const accepted = `at most ${COMBINATIONS_MAX} combinations and ${CELLS_MAX} cells`
  report(place ?? { file: request.scenario, line: 1, column: 1, length: 1 }, '', { message, accepted, didYouMean: null })
  return true
}

/** Every combination of settings over a base. A field that cannot be found is reported, and left out. */
function settingsOf(base: Base, request: SweepRequest, { source }: OpenedScenario, report: Report): readonly (readonly Setting[])[] {
  const file = applyChanges(source.value, base.changes)
  const resolve = (written: WrittenField, values: readonly WrittenValue[], above: string): readonly Setting[] => {
    const { field } = written
    const found = resolveField(file, field)
    const path = `${above}["${field}"]`
    if (!found.ok) {
      report(written.placeOf(found.complaint.part), path, forSweeps(found.complaint, field))
      return []
    }
    const changing = base.changes.find(({ target }) => isWithin(target, found.path))
    if (changing !== undefined) {
      const message = `The variant "${base.variant}" of the scenario changes "${field}", too`
      const accepted = 'a field that no variant changes, or a choice of variants; none with an empty list'
      report(written.placeOf(null), path, { message, accepted, didYouMean: null })
    }
    return values.map(({ value, places }) => ({ field, target: found.path, value, places }))
  }
  const axes = request.axes.map((axis) => resolve(axis, axis.values, 'spec.parameters'))
  const found = axes.filter((axis) => axis.length > 0)
  const written = new Map<string, WrittenField>(request.axes.map((axis) => [axis.field, axis]))
  return request.combinations.flatMap((entry, index) => {
    const own = entry.flatMap((setting) => resolve(setting, [setting], `spec.combinations[${index}]`))
    const all: readonly { readonly setting: Setting; readonly written: WrittenField }[] = [
      ...found.map((axis) => ({ setting: axis[0]!, written: written.get(axis[0]!.field)! })),
      ...own.map((setting) => ({ setting, written: entry.find(({ field }) => field === setting.field)! })),
    ]
    for (const [position, { setting, written: later }] of all.entries()) {
      const other = all
        .slice(0, position)
        .find(({ setting: { target } }) => isWithin(target, setting.target) || isWithin(setting.target, target))
      if (other === undefined) continue
      const message = `"${setting.field}" and "${other.setting.field}" set the same field`
      report(later.placeOf(null), later.field, { message, accepted: 'fields of which none is a part of another', didYouMean: null })
    }
    return expandGrid(found).map((grid) => [...own, ...grid])
  })
}

/** Variants are spoken of where a field is looked up; a sweep has another way to say the same. */
function forSweeps({ message, accepted, didYouMean }: Complaint, field: string): Omit<Complaint, 'part'> {
  if (field === 'seed')
    return { message: 'Seeds are no field of a sweep', accepted: 'seeds: how many, or a list of them', didYouMean: null }
  if (field.split(/[.[]/)[0] === 'compare')
    return { message: 'The compare block is no field of a sweep', accepted: 'variants: which of them to run', didYouMean: null }
  return { message, accepted, didYouMean }
}

function readPatterns({ measures }: SweepRequest, report: Report): readonly WrittenText[] {
  return (measures ?? []).filter(({ text, place }, index) => {
    const read = parseMeasurePattern(text)
    if (!read.ok) report(place, `spec.measures[${index}]`, read.complaint)
    return read.ok
  })
}

/** A traffic or Deployment that a pattern names has to be one of some combination. */
function checkLabels(request: SweepRequest, patterns: readonly WrittenText[], scenarios: readonly Scenario[], report: Report): void {
  const calls = scenarios.flatMap(({ workloads }) =>
    workloads.flatMap((workload) => (workload.calls ?? []).flatMap((step) => step.calls.map(({ name }) => name))),
  )
  const traffic = [...new Set([...scenarios.flatMap((one) => one.traffic.map(({ name }) => name)), ...calls])]
  for (const { text, place } of patterns) {
    const named = /\{traffic="?([^"*}]+)"?\}$/.exec(text)?.[1]
    if (named === undefined || traffic.includes(named)) continue
    const accepted = traffic.length === 0 ? '(there is no traffic)' : `one of ${traffic.join(', ')}`
    const path = `spec.measures[${request.measures!.findIndex((one) => one.text === text)}]`
    report(place, path, { message: `There is no traffic called "${named}"`, accepted, didYouMean: nearest(named, traffic) })
  }
}
