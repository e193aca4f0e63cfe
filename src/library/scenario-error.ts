import type { SourceProblem } from '../api/source-problem.ts'

/**
 * A scenario, or something it refers to, is wrong: every mistake that was found, in reading order.
 *
 * ```ts
 * try {
 *   await loadScenario('shop.yaml')
 * } catch (error) {
 *   if (!(error instanceof ScenarioError)) throw error
 *   for (const { file, line, message, didYouMean } of error.problems) console.error(`${file}:${line} ${message}`, didYouMean)
 * }
 * ```
 */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  /** One or more. */
  readonly problems: readonly SourceProblem[]

  constructor(problems: readonly SourceProblem[]) {
    super(problems.map(described).join('\n'))
    this.problems = problems
  }
}

function described({ file, line, column, path, message, accepted, didYouMean }: SourceProblem): string {
  const where = path === '' ? '' : ` ${path}:`
  const expected = accepted === null ? '' : `: expected ${accepted}`
  const hint = didYouMean === null ? '' : `. Did you mean "${didYouMean}"?`
  return `${file}:${line}:${column}${where} ${message}${expected}${hint}`
}
