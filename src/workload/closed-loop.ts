import { type Distribution, distribution } from '../engine/distributions.ts'
import { ReseedableStream } from '../engine/random-stream.ts'
import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { Senders } from './senders.ts'
import type { ClosedLoopSpec } from './specs.ts'

export interface ClosedLoopOptions {
  readonly sim: Simulation
  readonly name: string
  readonly senders: Senders
  readonly users: ClosedLoopSpec
  readonly start: Nanos
  /** The first moment at which nothing is sent any more. */
  readonly stop: Nanos
}

/**
 * Users who each send, wait for the answer or the failure, think, and send again: so the load falls when the cluster is slow, and a slow cluster
 * hides how many it would have turned away. Each begins by thinking, so they do not all come at once.
 *
 * Request k of user u has the same demand, sender and think time in every variant: they are drawn from (u, k) alone.
 */
export class ClosedLoop {
  readonly #sim: Simulation
  readonly #senders: Senders
  readonly #stop: Nanos
  readonly #think: Distribution
  readonly #draws = new ReseedableStream()
  readonly #send: HandlerId
  /** By user: what all draws come from, and requests so far. */
  readonly #seeds: Int32Array
  readonly #sent: Int32Array
  /** When the user sent its last, ns. */
  readonly #sentAt: Float64Array

  constructor(options: ClosedLoopOptions) {
    const { sim, start } = options
    const { users, think } = options.users
    this.#sim = sim
    this.#senders = options.senders
    this.#stop = options.stop
    this.#think = distribution(think)
    this.#sent = new Int32Array(users)
    this.#sentAt = new Float64Array(users).fill(-1)
    const stream = sim.rng(`traffic/${options.name}/users`)
    this.#seeds = Int32Array.from({ length: users }, () => stream.int32())
    this.#send = sim.handler((user) => this.#sendOf(user))
    this.#senders.onOutcome((user) => this.#schedule(user, sim.now))
    for (let user = 0; user < users; user++) this.#schedule(user, start)
  }

  #sendOf(user: number): void {
    this.#begin(user, REQUEST)
    const seed = this.#draws.int32()
    const choice = this.#draws.uniform()
    this.#sent[user]!++
    this.#sentAt[user] = this.#sim.now
    this.#senders.send(seed, choice, user)
  }

  #schedule(user: number, after: Nanos): void {
    this.#begin(user, THINK)
    const think = this.#think.sample(this.#draws)
    const time = after + (this.#sentAt[user] === after ? Math.max(think, PAUSE) : think)
    if (time < this.#stop) this.#sim.schedule(time - this.#sim.now, this.#send, user)
  }

  /** The draws of one purpose for the user's next request. */
  #begin(user: number, purpose: number): void {
    this.#draws.reseed(this.#seeds[user]! ^ Math.imul(this.#sent[user]!, purpose))
  }
}

/** What failed at once, as where no pod is there to send it, is not tried again at once. Assumption. */
export const PAUSE: Nanos = SECOND

/** Odd and different, so that no two purposes of a user share a seed early. */
const REQUEST = 0x9e37_79b1
const THINK = 0x85eb_ca6b
