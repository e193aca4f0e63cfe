import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { PacketCores } from './packet-cores.ts'

export interface UserWorkOptions {
  readonly cores: PacketCores
  /** Cores of each node, those that handle no packets too. */
  readonly coresOfNode: readonly number[]
}

/**
 * One thread on each node that has something to do now and then, such as a kube-proxy that writes rules. Packets go first: what its core spends on
 * them meanwhile, the thread has to wait.
 *
 * ```text
 *   thread:  begin(20 ms) ─────────▶ left(now) = 3 ms ──▶ left(now) = 0: over
 *   its core: ██████░███████░░██████ ██░
 *                   ░ packets: 3 ms
 * ```
 *
 * - **Which core**: the node's scheduler puts the thread where packets have taken the least since its work last began, for all of this work. A
 *   node with more cores than handle packets has one where nothing disturbs. (*Assumption*: the kernel looks at the last tens of ms, and
 *   moves threads while they run. Source: Linux kernel/sched/fair.c, scale_rt_capacity and check_cpu_capacity: what interrupts take is no
 *   capacity of a core, and a thread whose core has lost much of it is moved.)
 * - **Packets without an end**: after 2 ms, ten rounds or a thread that waits, the kernel hands packets to `ksoftirqd`, a thread like others, and
 *   the two share the core evenly. So work takes at most twice its time. Source: Linux kernel/softirq.c, MAX_SOFTIRQ_TIME and
 *   MAX_SOFTIRQ_RESTART. (*Assumption*: over the whole of the work. That packets have only half of the core then is not modelled.)
 *
 * Nobody else is on the cores: kubelets and pods are not modelled here. Nor does the thread keep packets from a core, though while it is in the
 * kernel under a lock without softirqs it would. Columns by node.
 */
export class UserWork {
  readonly #cores: PacketCores
  /** Whether a core handles no packets. */
  readonly #hasSpare: Uint8Array
  /** Of the work that is done now: how much it is (0: none), when it began, on which core, and what that had spent on packets then, ns. */
  readonly #work: Float64Array
  readonly #began: Float64Array
  readonly #core: Int32Array
  /** How long the node stood still since it began, and when it last began and ended to. */
  readonly #still: Float64Array
  readonly #stillFrom: Float64Array
  readonly #stillUntil: Float64Array
  readonly #spentBefore: Float64Array
  /** CPU time of all that is over. */
  readonly #done: Float64Array
  /** By core: what it had spent on packets when work of its node last began. */
  readonly #seen: Float64Array

  constructor({ cores, coresOfNode }: UserWorkOptions) {
    const nodes = coresOfNode.length
    this.#cores = cores
    this.#hasSpare = new Uint8Array(nodes)
    for (const [node, all] of coresOfNode.entries()) {
      const { first, end } = cores.coresOf(node)
      if (all > end - first) this.#hasSpare[node] = 1
    }
    this.#work = new Float64Array(nodes)
    this.#began = new Float64Array(nodes)
    this.#core = new Int32Array(nodes)
    this.#still = new Float64Array(nodes)
    this.#stillFrom = new Float64Array(nodes)
    this.#stillUntil = new Float64Array(nodes)
    this.#spentBefore = new Float64Array(nodes)
    this.#done = new Float64Array(nodes)
    this.#seen = new Float64Array(nodes === 0 ? 0 : cores.coresOf(nodes - 1).end)
  }

  /** The thread has `work` ns of CPU time to do, from now on. It is over after that time at the soonest: {@link left} is to be asked then. */
  begin(node: number, work: Nanos, now: Nanos): void {
    invariant(this.#work[node] === 0, `A thread of node ${node} has work already`)
    this.#work[node] = work
    this.#began[node] = now
    this.#still[node] = 0
    this.#stillFrom[node] = 0
    this.#stillUntil[node] = 0
    if (this.#hasSpare[node] === 1) return
    const core = this.#leastBusy(node, now)
    this.#core[node] = core
    this.#spentBefore[node] = this.#seen[core]!
  }

  /** How long it takes still, if no more packets come. At 0 it is over, and the thread may begin anew. */
  left(node: number, now: Nanos): Nanos {
    const work = this.#work[node]!
    const done = this.#progress(node, now)
    if (done >= work) {
      this.#done[node]! += work
      this.#work[node] = 0
      return 0
    }
    return Math.min(work - this.#free(node, now), 2 * work - this.#passed(node, now))
  }

  /** The node stands still until then, and so does the thread. */
  standStill(node: number, until: Nanos, now: Nanos): void {
    this.#still[node]! += this.#stillUntil[node]! - this.#stillFrom[node]!
    this.#stillFrom[node] = now
    this.#stillUntil[node] = until
  }

  /** The thread is gone, with what it had to do. */
  stop(node: number, now: Nanos): void {
    this.#done[node]! += this.#progress(node, now)
    this.#work[node] = 0
  }

  /** CPU time that it has had until now. */
  spent(node: number, now: Nanos): Nanos {
    return this.#done[node]! + this.#progress(node, now)
  }

  #progress(node: number, now: Nanos): Nanos {
    const work = this.#work[node]!
    if (work === 0) return 0
    return Math.min(work, Math.max(this.#free(node, now), Math.floor(this.#passed(node, now) / 2)))
  }

  /** Time since the work began in which the node did not stand still. */
  #passed(node: number, now: Nanos): Nanos {
    const still = Math.min(now, this.#stillUntil[node]!) - this.#stillFrom[node]!
    return now - this.#began[node]! - this.#still[node]! - Math.max(0, still)
  }

  /** Of that, what its core did not spend on packets. */
  #free(node: number, now: Nanos): Nanos {
    const passed = this.#passed(node, now)
    if (this.#hasSpare[node] === 1) return passed
    return passed - (this.#cores.spent(this.#core[node]!, now) - this.#spentBefore[node]!)
  }

  #leastBusy(node: number, now: Nanos): number {
    const { first, end } = this.#cores.coresOf(node)
    let least = Number.POSITIVE_INFINITY
    let chosen = first
    for (let core = first; core < end; core++) {
      const spent = this.#cores.spent(core, now)
      const lately = spent - this.#seen[core]!
      this.#seen[core] = spent
      if (lately >= least) continue
      least = lately
      chosen = core
    }
    return chosen
  }
}
