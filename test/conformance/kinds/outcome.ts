import { isDeepStrictEqual } from 'node:util'

/** What became of the cases of one file. */
export interface Outcome {
  /** Single answers that were compared and are the same: a case may ask several. */
  readonly passed: number
  readonly failed: readonly Failure[]
  /** What the case asks, this project does not model, or not in this mode. */
  readonly notApplicable: readonly NotApplicable[]
}

export interface Failure {
  readonly id: string
  /** The first difference, as expected and got. */
  readonly message: string
}

export interface NotApplicable {
  readonly id: string
  /** A kube-proxy mode; '' where the case has none. */
  readonly mode: string
  readonly reason: string
}

/** Checks the cases of a parsed file. Throws {@link FormError} when the file is not of the kind's form. */
export type Check = (file: unknown) => Outcome

/** The file is not of the form that the kind reads. */
export class FormError extends Error {
  override readonly name = 'FormError'
}

/** Counts what a kind finds. */
export class Tally implements Outcome {
  passed = 0
  readonly failed: Failure[] = []
  readonly notApplicable: NotApplicable[] = []

  pass(): void {
    this.passed++
  }

  fail(id: string, message: string): void {
    this.failed.push({ id, message })
  }

  skip(id: string, reason: string, mode = ''): void {
    this.notApplicable.push({ id, mode, reason })
  }

  /** Passed when both are the same value, members in any order. */
  same(id: string, got: unknown, expected: unknown, what = ''): boolean {
    const isSame = isDeepStrictEqual(got, expected)
    if (isSame) this.pass()
    else this.fail(id, `${what === '' ? '' : `${what}: `}expected ${shown(expected)}, got ${shown(got)}`)
    return isSame
  }

  /** Whatever `check` throws is a failure of this case, and the next case is tried. */
  attempt(id: string, check: () => void): void {
    try {
      check()
    } catch (error) {
      this.fail(id, error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
  }
}

export function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member))
}

/**
 * A case as it stands in a file: foreign JSON, whose members are read where they are needed.
 *
 * A member that is missing or of another type makes the case fail (see {@link Tally.attempt}), never the whole file.
 */
// biome-ignore lint/suspicious/noExplicitAny: the shape of a foreign file
export type Case = any

/** The list under `member` (`cases`, or what the form calls it). */
export function casesIn(file: unknown, member = 'cases'): readonly Case[] {
  if (typeof file !== 'object' || file === null) throw new FormError('Expected a JSON object with a header and a list of cases')
  const cases = (file as Case)[member]
  if (!Array.isArray(cases)) throw new FormError(`Expected a list under "${member}"`)
  return cases
}
