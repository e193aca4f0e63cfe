import type { SourceProblem } from '../api/source-problem.ts'
import { renderProblems, renderWarning } from '../report/source-frame.ts'
import type { FileReader } from '../scenario/load-files.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { colorsFor, type Terminal, textOf } from './terminal.ts'

export interface ValidateOptions {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** `towtank validate`: everything that `run` would check, and nothing else. */
export async function validate(
  paths: readonly string[],
  options: ValidateOptions,
  terminal: Terminal,
  files: FileReader,
): Promise<ExitCode> {
  const { stdout, stderr, env } = terminal
  const errors = colorsFor(stderr, env)
  const output = colorsFor(stdout, env)
  const problems: SourceProblem[] = []
  const results: unknown[] = []
  for (const path of paths) {
    const loaded = await loadScenario(path, files)
    if (options.quiet !== true && loaded.warnings.length > 0) {
      stderr.write(`${loaded.warnings.map((warning) => renderWarning(warning, errors)).join('\n')}\n`)
    }
    if (!loaded.ok) problems.push(...loaded.problems)
    else if (options.quiet !== true && options.json !== true) {
      const variants = loaded.variants.map((variant) => variant.name).join(', ')
      stdout.write(`${output.green('✓')} ${path} is valid ${output.dim(`(${variants}; ${loaded.inputHash.slice(0, 19)})`)}\n`)
    }
    results.push({ file: path, valid: loaded.ok, problems: loaded.ok ? [] : loaded.problems, warnings: loaded.warnings })
  }
  if (options.json === true) stdout.write(`${JSON.stringify({ schemaVersion: 1, files: results })}\n`)
  if (problems.length > 0) stderr.write(renderProblems(problems, textOf, errors))
  return problems.length > 0 ? EXIT.wrongInput : EXIT.passed
}
