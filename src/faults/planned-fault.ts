import { type Distribution, type DistributionSpec, distribution } from '../engine/distributions.ts'
import type { RandomStream } from '../engine/random-stream.ts'
import { type Nanos, SECOND } from '../units.ts'
import { type ChoosingFault, choose, chooses, on } from './choice.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { type Fault, strike } from './index.ts'

/** Strikes again and again: the first a gap after `from`, and none at `until` or later. */
export interface Recurrence {
  readonly gap: DistributionSpec
  readonly until: Nanos
}

/** A fault of the timeline. */
export interface FaultPlan {
  readonly fault: Fault | ChoosingFault
  /** When it strikes; where it recurs, from when on it may. */
  readonly at: Nanos
  readonly every: Recurrence | null
  /** What its random numbers are called: an entry of the timeline draws from its own. */
  readonly stream: string
  /** How reports call it. */
  readonly text: string
  /** A run in which it never takes effect has not failed. */
  readonly optional: boolean
}

/** What became of one strike. */
export interface Strike extends FaultReport {
  readonly at: Nanos
  /** By plan; null: never. */
  readonly until: Nanos | null
}

/** When something was struck, and until when. */
export interface FaultSpan {
  readonly fault: string
  readonly started: Nanos
  /** By plan; the same for what strikes and is over; null: to the end of the run. */
  readonly ended: Nanos | null
  readonly tookEffect: boolean
  readonly effect: string
}

/** What became of all of it. */
export interface FaultOutcome {
  readonly fault: string
  /** Of any strike. */
  readonly tookEffect: boolean
  readonly effect: string
  /** Left out where it must take effect. */
  readonly optional?: true
  /** Each strike, in order; left out where there is one that strikes a fixed place. */
  readonly strikes?: readonly {
    readonly atSeconds: number
    readonly fault: string
    readonly tookEffect: boolean
    readonly effect: string
  }[]
}

/** Effects told one by one in the line of the whole: more are counted. */
const TOLD = 3

/**
 * A fault of the timeline in one run: once, or at random times; at one place, or at nodes that are chosen when it strikes.
 *
 * The times come from one stream and the choices from another, both the entry's own. So variants have the same strikes at the same times,
 * whatever else differs, and the same nodes as long as the same ones match.
 */
export class PlannedFault {
  readonly #plan: FaultPlan
  readonly #target: Omit<FaultTarget, 'dice'>
  readonly #describe: (fault: Fault) => string
  readonly #strikes: Strike[] = []
  /** Why there was no strike. */
  #nothing = 'the run ended before it'

  constructor(plan: FaultPlan, target: Omit<FaultTarget, 'dice'>, describe: (fault: Fault) => string) {
    this.#plan = plan
    this.#target = target
    this.#describe = describe
  }

  /** Plans its strikes. `ready` says why the cluster cannot be struck yet, or null; at the start of the run. */
  start(ready: () => string | null): void {
    const { at, every, stream } = this.#plan
    const { sim } = this.#target
    if (every === null) {
      sim.after(at, () => this.#strike(ready()))
      return
    }
    this.#nothing = `its first time was after ${every.until / SECOND} s`
    const gaps = distribution(every.gap)
    const times = sim.rng(`${stream}/times`)
    sim.after(at, () => this.#next(gaps, times, every.until, ready))
  }

  #next(gaps: Distribution, times: RandomStream, until: Nanos, ready: () => string | null): void {
    const { sim } = this.#target
    const gap = gaps.sample(times)
    if (sim.now + gap >= until) return
    sim.after(gap, () => {
      this.#strike(ready())
      this.#next(gaps, times, until, ready)
    })
  }

  #strike(hindrance: string | null): void {
    if (hindrance !== null) {
      this.#nothing = hindrance
      return
    }
    const { fault, stream, every } = this.#plan
    const target = this.#target
    // Single faults of one kind have always shared these streams.
    const dice = target.sim.rng(every === null && !chooses(fault) && !('oneWay' in fault) ? `fault/${fault.kind}` : stream)
    if (!chooses(fault)) {
      this.#once(fault, dice)
      return
    }
    const there = target.nodesMatching(fault.node.selector)
    if (there.length === 0) this.#nothing = 'no node matched'
    for (const node of choose(there, fault.node.count, dice)) this.#once(on(node, fault), dice)
  }

  #once(fault: Fault, dice: RandomStream): void {
    const at = this.#target.sim.now
    const duration = 'duration' in fault ? fault.duration : 0
    const until = duration === null ? null : at + duration
    const report: Strike = { at, until, fault: this.#describe(fault), tookEffect: false, effect: '' }
    this.#strikes.push(report)
    strike(fault, { ...this.#target, dice }, report)
  }

  /** Its strikes so far. */
  get spans(): readonly FaultSpan[] {
    return this.#strikes.map(({ at, until, fault, tookEffect, effect }) => ({ fault, started: at, ended: until, tookEffect, effect }))
  }

  /** As things stand. */
  get outcome(): FaultOutcome {
    const { text: fault, every, optional } = this.#plan
    const strikes = this.#strikes
    const [first] = strikes
    const optionally = optional ? { optional } : {}
    const single = every === null && !chooses(this.#plan.fault)
    if (first === undefined) return { fault, tookEffect: false, effect: this.#nothing, ...optionally, ...(single ? {} : { strikes: [] }) }
    if (single) return { fault, tookEffect: first.tookEffect, effect: first.effect, ...optionally }
    const effective = strikes.filter(({ tookEffect }) => tookEffect)
    const told = strikes.length > TOLD ? '' : `: ${strikes.map(({ effect }) => effect).join('; ')}`
    const count = `${strikes.length} ${strikes.length === 1 ? 'strike' : 'strikes'}, ${effective.length} took effect`
    return {
      fault,
      tookEffect: effective.length > 0,
      effect: strikes.length === 1 ? first.effect : count + told,
      ...optionally,
      strikes: strikes.map(({ at, fault, tookEffect, effect }) => ({ atSeconds: at / SECOND, fault, tookEffect, effect })),
    }
  }
}
