import type { Nanos } from '../../units.ts'

/** When each sync of one node took effect, and which revisions it brought: what a virtual service replays. */
export class SyncLog {
  readonly #times: Nanos[] = []
  readonly #serviceRevisions: number[] = []
  readonly #sliceRevisions: number[] = []
  #startedAt: Nanos = 0
  /** Number of the first sync that is kept; syncs of a node are numbered from 0 at its boot. */
  #first = 0

  /** When kube-proxy started, taken as the time of its first sync. */
  get startedAt(): Nanos {
    return this.#startedAt
  }

  /** One more than the number of the last sync. */
  get end(): number {
    return this.#first + this.#times.length
  }

  get first(): number {
    return this.#first
  }

  /** A sync took effect. One that brought nothing new is not kept. */
  push(time: Nanos, serviceRevision: number, sliceRevision: number): void {
    const last = this.#times.length - 1
    if (last < 0) this.#startedAt = time
    else if (this.#serviceRevisions[last] === serviceRevision && this.#sliceRevisions[last] === sliceRevision) return
    this.#times.push(time)
    this.#serviceRevisions.push(serviceRevision)
    this.#sliceRevisions.push(sliceRevision)
  }

  timeOf(sync: number): Nanos {
    return this.#times[sync - this.#first]!
  }

  serviceRevisionOf(sync: number): number {
    return this.#serviceRevisions[sync - this.#first]!
  }

  sliceRevisionOf(sync: number): number {
    return this.#sliceRevisions[sync - this.#first]!
  }

  /** Forgets all but the last sync. */
  prune(): void {
    const drop = this.#times.length - 1
    if (drop <= 0) return
    this.#times.splice(0, drop)
    this.#serviceRevisions.splice(0, drop)
    this.#sliceRevisions.splice(0, drop)
    this.#first += drop
  }
}
