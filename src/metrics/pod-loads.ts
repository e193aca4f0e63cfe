import type { Nanos } from '../units.ts'

/** What one pod had to do since counting began. */
export interface PodLoad {
  readonly requests: number
  /** How long its process listened. */
  readonly listened: Nanos
  /** It listens now. */
  readonly listening: boolean
}

/**
 * How many requests came to each pod, and how long it was there for them. Three numbers a pod, however long the run is.
 *
 * Pods come and go, so what is compared is a rate: a pod that came late is not idle for having had less.
 */
export class PodLoads {
  /** Columns by pod. `#since` is when it began to listen, negative when it does not. */
  readonly #requests: number[] = []
  readonly #listened: Nanos[] = []
  readonly #since: Nanos[] = []

  /** The next pod. */
  add(): void {
    this.#requests.push(0)
    this.#listened.push(0)
    this.#since.push(-1)
  }

  opened(pod: number, now: Nanos): void {
    if (this.#since[pod]! < 0) this.#since[pod] = now
  }

  closed(pod: number, now: Nanos): void {
    const since = this.#since[pod]!
    if (since < 0) return
    this.#listened[pod]! += now - since
    this.#since[pod] = -1
  }

  /** A request arrives, whether or not there is room for it. */
  arrived(pod: number): void {
    this.#requests[pod]!++
  }

  /** Forgets what was before: counting begins. */
  restart(now: Nanos): void {
    this.#requests.fill(0)
    this.#listened.fill(0)
    for (const [pod, since] of this.#since.entries()) if (since >= 0) this.#since[pod] = now
  }

  load(pod: number, now: Nanos): PodLoad {
    const since = this.#since[pod]!
    const listening = since >= 0
    return { requests: this.#requests[pod]!, listened: this.#listened[pod]! + (listening ? now - since : 0), listening }
  }
}

/** Requests a nanosecond of listening; 0 for a pod that has only just come. */
export function loadRate({ requests, listened }: PodLoad): number {
  return listened > 0 ? requests / listened : 0
}

/**
 * How uneven the load of the pods that are there now is: the rate of the busiest over the mean of all. 1 is even; the number of pods is one
 * pod with everything. null when none is there or none had a request.
 */
export function imbalance(loads: readonly PodLoad[]): number | null {
  const rates = loads.filter(({ listening }) => listening).map(loadRate)
  const sum = rates.reduce((total, rate) => total + rate, 0)
  if (sum === 0) return null
  return (rates.reduce((most, rate) => Math.max(most, rate), 0) * rates.length) / sum
}
