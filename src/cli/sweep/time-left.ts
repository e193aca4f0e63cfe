/**
 * How long what is left will take, from how long it has taken so far: cells that were found finished are neither counted nor waited for.
 */
export class TimeLeft {
  readonly #now: () => number
  readonly #started: number
  readonly #total: number
  #done = 0

  /** `now` in seconds; `total` cells are to be run. */
  constructor(total: number, now: () => number) {
    this.#total = total
    this.#now = now
    this.#started = now()
  }

  finishedOne(): void {
    this.#done++
  }

  /** null before the first has finished. */
  get seconds(): number | null {
    if (this.#done === 0) return null
    return ((this.#now() - this.#started) / this.#done) * (this.#total - this.#done)
  }
}

/** Such as `40 s`, `12 min` or `3 h 20 min`: no more digits than are known. */
export function timeLeftText(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
