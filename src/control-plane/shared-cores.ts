import type { Nanos } from '../units.ts'

/** Cores that several processes share: what is started when all are busy takes longer, in the order of the starts. */
export class SharedCores {
  /** When each core is free. */
  readonly #free: Nanos[]

  constructor(count: number) {
    this.#free = Array.from({ length: count }, () => 0)
  }

  /** Takes a core for so much CPU time as soon as one is free, and gives how long that was waited for. */
  wait(cpu: Nanos, now: Nanos): Nanos {
    let first = 0
    for (let core = 1; core < this.#free.length; core++) if (this.#free[core]! < this.#free[first]!) first = core
    const start = Math.max(now, this.#free[first]!)
    this.#free[first] = start + cpu
    return start - now
  }
}
