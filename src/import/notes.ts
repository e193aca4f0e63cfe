/**
 * What there is to tell of an import beside the scenario: nothing is made up, left out or found odd in silence. Each thing is told once, with how
 * often it was met and some names.
 */
export class Notes {
  readonly #assumed: string[] = []
  readonly #findings: string[] = []
  readonly #left = new Map<string, { count: number; readonly names: string[]; readonly why: string }>()

  /** Something that no dump says and the scenario needs: what was put there and what to measure. */
  assume(text: string): void {
    if (!this.#assumed.includes(text)) this.#assumed.push(text)
  }

  /** Something odd about the cluster or the dumps. */
  find(text: string): void {
    if (!this.#findings.includes(text)) this.#findings.push(text)
  }

  /** Something that was read and is not in the scenario. Values are never told, names of objects are. */
  leaveOut(what: string, why: string, name: string | null = null, count = 1): void {
    const known = this.#left.get(`${what}\n${why}`) ?? { count: 0, names: [], why }
    known.count += count
    if (name !== null && known.names.length < NAMES_TOLD) known.names.push(name)
    this.#left.set(`${what}\n${why}`, known)
  }

  get assumed(): readonly string[] {
    return this.#assumed
  }

  get findings(): readonly string[] {
    return this.#findings
  }

  /** In the order in which they were first met. */
  get leftOut(): readonly LeftOut[] {
    return [...this.#left].map(([key, { count, names, why }]) => ({ what: key.split('\n')[0]!, count, why, names }))
  }
}

export interface LeftOut {
  readonly what: string
  readonly count: number
  readonly why: string
  /** The first few, where they have names. */
  readonly names: readonly string[]
}

const NAMES_TOLD = 5

/** The first few of some names, and how many more there are. */
export function someOf(names: readonly string[]): string {
  const more = names.length - NAMES_TOLD
  return more > 0 ? `${names.slice(0, NAMES_TOLD).join(', ')} and ${more} more` : names.join(', ')
}

/** `1 node`, `2 nodes`. */
export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
