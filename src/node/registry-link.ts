import { Completion, type Wait } from '../engine/process.ts'
import { NO_TIMER, type Simulation, type Timer } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'

/** One transfer that goes on. */
interface Flow {
  readonly node: number
  /** Bytes still to come, as of the last reckoning. */
  left: number
  /** Bytes a second since then. */
  rate: number
  readonly done: Completion<void>
}

/**
 * The way from the registry to the nodes, shared by the pulls that go on: every node has a link of its own, and the registry may have one that
 * all share. Each pull gets its max-min fair share, as long-lived TCP connections of equal round trips about do (*assumption*): processor sharing
 * on one link, progressive filling over two.
 *
 * Cost: each start and end of a pull looks at all that go on behind the same limit.
 */
export class RegistryLink {
  readonly #sim: Simulation
  readonly #nodeRate: number
  readonly #totalRate: number
  readonly #flows = new Set<Flow>()
  #reckonedAt: Nanos = 0
  #timer: Timer = NO_TIMER

  /** Bytes a second: of one node's link, and of the registry for all of its pulls. */
  constructor(sim: Simulation, nodeRate: number, totalRate = Number.POSITIVE_INFINITY) {
    this.#sim = sim
    this.#nodeRate = nodeRate
    this.#totalRate = totalRate
  }

  /** Takes as long as the bytes take. Whoever is killed meanwhile leaves its share to the others. */
  *transfer(node: number, bytes: number): Generator<Wait, void, unknown> {
    if (bytes <= 0) return
    const flow: Flow = { node, left: bytes, rate: 0, done: new Completion<void>(this.#sim) }
    this.#reckon()
    this.#flows.add(flow)
    this.#share()
    try {
      yield flow.done
    } finally {
      if (this.#flows.has(flow)) {
        this.#reckon()
        this.#flows.delete(flow)
        this.#share()
      }
    }
  }

  /** Takes off what has come since the last time. */
  #reckon(): void {
    const seconds = (this.#sim.now - this.#reckonedAt) / SECOND
    this.#reckonedAt = this.#sim.now
    for (const flow of this.#flows) flow.left = Math.max(0, flow.left - flow.rate * seconds)
  }

  /** Gives everybody their share, and sets the time at which the first is done. */
  #share(): void {
    const counts = new Map<number, number>()
    for (const { node } of this.#flows) counts.set(node, (counts.get(node) ?? 0) + 1)
    let rate = this.#totalRate
    let flows = this.#flows.size
    const rates = new Map<number, number>()
    // Who is held back most by its own link comes first; what it leaves is for the others.
    for (const [node, count] of [...counts].toSorted((a, b) => b[1] - a[1])) {
      const share = Math.min(this.#nodeRate / count, rate / flows)
      rates.set(node, share)
      rate -= share * count
      flows -= count
    }
    let next = Number.POSITIVE_INFINITY
    for (const flow of this.#flows) {
      flow.rate = rates.get(flow.node)!
      next = Math.min(next, nanosLeft(flow))
    }
    this.#sim.cancel(this.#timer)
    this.#timer = next === Number.POSITIVE_INFINITY ? NO_TIMER : this.#sim.after(next, () => this.#finish())
  }

  #finish(): void {
    this.#reckon()
    for (const flow of [...this.#flows]) {
      if (nanosLeft(flow) > 0) continue
      this.#flows.delete(flow)
      flow.done.resolve()
    }
    this.#share()
  }
}

/** Rounded, so that the last is done when less than half a nanosecond is left. */
function nanosLeft({ left, rate }: Flow): Nanos {
  return Math.round((left / rate) * SECOND)
}
