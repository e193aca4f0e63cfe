import type { SourceProblem } from '../api/source-problem.ts'

/** More of one file are counted and not told: a file that is not what it seems has a mistake on every line. */
export const PROBLEMS_TOLD_MAX = 20

/** What is wrong with one file. */
export class Problems {
  readonly #file: string
  readonly #told: SourceProblem[] = []
  #count = 0

  constructor(file: string) {
    this.#file = file
  }

  get count(): number {
    return this.#count
  }

  /** The first ones, and how many more there are. */
  get told(): readonly SourceProblem[] {
    const more = this.#count - this.#told.length
    const last = this.#told.at(-1)
    if (more === 0 || last === undefined) return this.#told
    const message = `${last.message}. In this file there are ${more} more mistakes, which are not shown`
    return [...this.#told.slice(0, -1), { ...last, message }]
  }

  /** `column` and `length` count characters, from 1. */
  add(
    place: { readonly line: number; readonly column?: number; readonly length?: number; readonly path?: string },
    what: ProblemWords,
  ): void {
    this.#count += 1
    if (this.#told.length >= PROBLEMS_TOLD_MAX) return
    const { line, column = 1, length = 1, path = '' } = place
    this.#told.push({
      ...{ file: this.#file, line, column, length, path },
      ...{ message: what.message, accepted: what.accepted ?? null, didYouMean: what.didYouMean ?? null },
    })
  }

  addAll(problems: readonly SourceProblem[]): void {
    for (const problem of problems) {
      this.#count += 1
      if (this.#told.length < PROBLEMS_TOLD_MAX) this.#told.push(problem)
    }
  }
}

export interface ProblemWords {
  readonly message: string
  readonly accepted?: string
  readonly didYouMean?: string
}
