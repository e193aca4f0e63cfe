/** What a DNS server says that fails: nothing at all, or that it has failed. */
export type DnsAnswer = 'none' | 'servfail'

/** One failure of the DNS servers that is on. */
export interface ServerFailure {
  /** What becomes of the next answer; null: it is as it should be. */
  readonly draw: () => DnsAnswer | null
  /** An answer was struck; `isFirst`: of a lookup of which none was before. */
  readonly struck: (isFirst: boolean) => void
  /** Of each lookup that it struck: the user of its A query. */
  readonly lookups: Set<number>
}

/** The failures of the cluster's DNS servers that are on, and the answers that say no more than that. */
export class DnsFailures {
  readonly #on: ServerFailure[] = []
  /** Users of queries whose answer is SERVFAIL. */
  readonly #servfails = new Set<number>()

  /** Answers fail from now on, until what it gives is called. */
  begin(failure: Omit<ServerFailure, 'lookups'>): () => void {
    const on = { ...failure, lookups: new Set<number>() }
    this.#on.push(on)
    return () => {
      this.#on.splice(this.#on.indexOf(on), 1)
    }
  }

  /** A server has done the work of a query. False: it says nothing. */
  isAnswered(user: number): boolean {
    for (const { draw, struck, lookups } of this.#on) {
      const answer = draw()
      if (answer === null) continue
      const lookup = user & ~1
      struck(!lookups.has(lookup))
      lookups.add(lookup)
      if (answer === 'servfail') this.#servfails.add(user)
      return answer === 'servfail'
    }
    return true
  }

  /** The query is over. True: its answer was SERVFAIL. */
  wasServfail(user: number): boolean {
    return this.#servfails.delete(user)
  }

  /** The lookup of that A query is over: its place may be another's. */
  ended(user: number): void {
    for (const { lookups } of this.#on) lookups.delete(user)
  }
}
