import type { SourceProblem } from '../api/source-problem.ts'
import { planSweep } from '../experiment/sweep/plan-sweep.ts'
import { isSweep, readSweepFile } from '../experiment/sweep/read-sweep-file.ts'
import { formatCount } from '../report/format.ts'
import { renderProblems, renderWarning } from '../report/source-frame.ts'
import type { ScenarioWarning } from '../scenario/load-context.ts'
import type { FileReader } from '../scenario/load-files.ts'
import { inReadingOrder, loadScenario } from '../scenario/load-scenario.ts'
import { YamlSource } from '../scenario/parse-yaml.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { colorsFor, type Terminal, textOf } from './terminal.ts'

export interface ValidateOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** What is in a file, in a few words; null where something is wrong with it. */
interface Checked {
  readonly content: string | null
  readonly problems: readonly SourceProblem[]
  readonly warnings: readonly ScenarioWarning[]
}

/** `towtank validate`: everything that `run` or `sweep` would check, and nothing else. */
export async function validate(
  paths: readonly string[],
  options: ValidateOptions,
  terminal: Terminal,
  files: FileReader,
): Promise<ExitCode> {
  const { stdout, stderr, env } = terminal
  const errors = colorsFor(stderr, env)
  const output = colorsFor(stdout, env)
  const all: SourceProblem[] = []
  const results: unknown[] = []
  for (const path of paths) {
    const { content, problems, warnings } = (await checkSweep(path, files)) ?? (await checkScenario(path, files))
    if (options.quiet !== true && warnings.length > 0) {
      stderr.write(`${warnings.map((warning) => renderWarning(warning, errors)).join('\n')}\n`)
    }
    all.push(...problems)
    if (content !== null && options.quiet !== true && options.json !== true) {
      stdout.write(`${output.green('✓')} ${path} is valid ${output.dim(`(${content})`)}\n`)
    }
    results.push({ file: path, valid: content !== null, problems, warnings })
  }
  if (options.json === true) stdout.write(`${JSON.stringify({ schemaVersion: 1, files: results })}\n`)
  if (all.length > 0) stderr.write(renderProblems(all, textOf, errors))
  return all.length > 0 ? EXIT.wrongInput : EXIT.passed
}

async function checkScenario(path: string, files: FileReader): Promise<Checked> {
  const loaded = await loadScenario(path, files)
  if (!loaded.ok) return { content: null, problems: loaded.problems, warnings: loaded.warnings }
  const variants = loaded.variants.map((variant) => variant.name).join(', ')
  return { content: `${variants}; ${shortHash(loaded.inputHash)}`, problems: [], warnings: loaded.warnings }
}

/** Also checks the scenario of each of its combinations; null for a file that is no sweep. */
async function checkSweep(path: string, files: FileReader): Promise<Checked | null> {
  const file = await files.read(path)
  if (file.kind !== 'file') return null
  const source = new YamlSource(path, file.text)
  if (!isSweep(source)) return null
  const { request, problems } = readSweepFile(source)
  // The version is a part of the ids of cells, which nobody sees here.
  const planned = request === null ? null : await planSweep(request, files, { version: '' })
  const warnings = planned?.warnings ?? []
  if (problems.length > 0 || planned === null || !planned.ok) {
    const found = planned === null || planned.ok ? [] : planned.problems
    return { content: null, problems: inReadingOrder([...problems, ...found], path), warnings }
  }
  const { cells, seeds, inputHash } = planned.plan
  const combinations = count(cells.length / seeds.length, 'combination')
  return { content: `${combinations}, ${count(cells.length, 'cell')}; ${shortHash(inputHash)}`, problems: [], warnings }
}

function shortHash(hash: string): string {
  return hash.slice(0, 19)
}

function count(number: number, noun: string): string {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`
}
