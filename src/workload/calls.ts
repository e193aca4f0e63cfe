import { HOLDS, LEAVES } from '../engine/station.ts'
import { invariant } from '../invariant.ts'
import { CALL_FAILED, OK } from '../metrics/failure-cause.ts'
import { GOLDEN_RATIO_32, mix32 } from '../proxy/mix.ts'
import type { Nanos } from '../units.ts'
import { FreePlaces, grown } from './free-places.ts'
import type { CallSpec, CallStep, WorkloadSpec } from './specs.ts'

/** Who sends the calls, and the pods that wait for them. */
export interface CallParts {
  /** A pod that serves `customer` sends a request of a traffic; what becomes of it is told to {@link Calls.ended} with `user`. */
  readonly send: (customer: number, traffic: number, pod: number, seed: number, user: number) => void
  /** The server of a pod has no call any more that it waits for. */
  readonly resume: (pod: number, server: number) => void
  /** A server waits for calls from now on, or works again. */
  readonly waits: (customer: number, forCalls: boolean) => void
}

interface Edge {
  readonly spec: CallSpec
  readonly traffic: number
  /** Tells the calls of one workload apart in their seeds. */
  readonly salt: number
}

interface Step {
  readonly spec: CallStep
  readonly edges: readonly Edge[]
}

/**
 * What pods call while they serve: a request is the root of a tree of requests.
 *
 * ```text
 *   server of a pod:  | work ──▶ at: the calls of a step ═══ waits ═══▶ work ──▶ next step … ──▶ answer |
 * ```
 *
 * The server is held while it waits. A step is one call, made `count` times one after the other, or a group whose calls are made at once and
 * which is over when the last of them is. Once a call that is not optional has failed, no further step is made, the work that is left is not done,
 * and the request is answered with an error. Nobody tells a pod that its own client has given up: its calls go on, as with HTTP/1.1 servers.
 *
 * Whether a call is made, and its demand, are functions of the seed of the request that makes it, so the whole tree is one of the seed of its root.
 *
 * A **visit** is a request in the hands of a server. Its place is kept until its last call has ended, also when the pod has died.
 */
export class Calls {
  readonly #parts: CallParts
  readonly #plans = new Map<WorkloadSpec, readonly Step[]>()
  /** Columns by visit. */
  #steps: (readonly Step[])[] = []
  #pods = new Int32Array(CAPACITY)
  #servers = new Int32Array(CAPACITY)
  #customers = new Int32Array(CAPACITY)
  #seeds = new Int32Array(CAPACITY)
  /** Which step is next, or being made. */
  #at = new Int32Array(CAPACITY)
  /** Calls of the step that have no outcome yet, and those that follow one after the other. */
  #pending = new Int32Array(CAPACITY)
  #left = new Int32Array(CAPACITY)
  #flags = new Uint8Array(CAPACITY)
  /** Work of the whole service, what of it has been done or begun, ns. */
  #services = new Float64Array(CAPACITY)
  #done = new Float64Array(CAPACITY)
  readonly #places = new FreePlaces(CAPACITY)

  constructor(parts: CallParts) {
    this.#parts = parts
  }

  /** From now on pods of the workload make these calls. `trafficOf` gives the traffic of each. */
  plan(workload: WorkloadSpec, calls: readonly CallStep[], trafficOf: (call: CallSpec) => number): void {
    let count = 0
    const edge = (spec: CallSpec): Edge => ({ spec, traffic: trafficOf(spec), salt: Math.imul(++count, GOLDEN_RATIO_32) })
    this.#plans.set(
      workload,
      calls.map((spec) => ({ spec, edges: spec.calls.map(edge) })),
    )
  }

  /** A server takes a request up that is `service` of work. Gives its visit; the first part of the work follows from {@link next}. */
  begin(workload: WorkloadSpec, pod: number, server: number, customer: number, seed: number, service: Nanos): number {
    const steps = this.#plans.get(workload)
    if (steps === undefined) invariant(false, 'The calls of a workload have not been planned')
    if (this.#places.free === 0) this.#grow()
    const visit = this.#places.take()
    this.#steps[visit] = steps
    this.#pods[visit] = pod
    this.#servers[visit] = server
    this.#customers[visit] = customer
    this.#seeds[visit] = mix32(seed ^ CALL_SALT)
    this.#at[visit] = 0
    this.#pending[visit] = 0
    this.#left[visit] = 0
    this.#flags[visit] = 0
    this.#services[visit] = service
    this.#done[visit] = 0
    return visit
  }

  /** A part of the work, or a step, is over: the length of the next part, or {@link HOLDS} while calls are made, or {@link LEAVES}. */
  next(visit: number): Nanos {
    const steps = this.#steps[visit]!
    const service = this.#services[visit]!
    const customer = this.#customers[visit]!
    while ((this.#flags[visit]! & FAILED) === 0) {
      const step = steps[this.#at[visit]!]
      const until = step === undefined ? service : Math.round(service * step.spec.at)
      const part = until - this.#done[visit]!
      if (part > 0) {
        this.#done[visit] = until
        this.#parts.waits(customer, false)
        return part
      }
      if (step === undefined) return LEAVES
      if (this.#isDue(visit, step)) {
        this.#parts.waits(customer, true)
        this.#begin(visit, step)
        if (this.#pending[visit]! > 0) return HOLDS
        this.#endStep(visit)
      } else {
        this.#flags[visit]! &= ~(STEP_FAILED | STEP_OK)
        this.#at[visit]!++
      }
    }
    return LEAVES
  }

  /** What a visit that leaves is answered with: OK or CALL_FAILED. Its place is free afterwards. */
  leave(visit: number): number {
    const cause = (this.#flags[visit]! & FAILED) === 0 ? OK : CALL_FAILED
    this.#free(visit)
    return cause
  }

  /** The pod's process has ended: nothing follows, and the calls on their way find nobody. */
  drop(visit: number): void {
    this.#flags[visit]! |= DEAD
    if (this.#pending[visit] === 0) this.#free(visit)
  }

  /** A call of the visit has been answered (OK) or has failed. */
  ended(visit: number, isOptional: boolean, cause: number): void {
    const pending = --this.#pending[visit]!
    if (pending < 0) invariant(false, `More calls of visit ${visit} ended than were made`)
    const flags = this.#flags[visit]!
    if ((flags & DEAD) !== 0) {
      if (pending === 0) this.#free(visit)
      return
    }
    if (cause !== OK) this.#flags[visit] = flags | STEP_FAILED | (isOptional ? 0 : FAILED)
    if ((flags & SENDING) !== 0 || pending > 0) return
    const step = this.#steps[visit]![this.#at[visit]!]!
    if (!step.spec.parallel) this.#sendNext(visit, step.edges[0]!)
    if (this.#pending[visit]! > 0) return
    this.#endStep(visit)
    this.#parts.resume(this.#pods[visit]!, this.#servers[visit]!)
  }

  /** Calls on their way, of pods that live and of those that have died. */
  get onTheirWay(): number {
    let sum = 0
    for (let visit = 0; visit < this.#pending.length; visit++) sum += this.#pending[visit]!
    return sum
  }

  /** Whether the step is made, by what became of the one before. */
  #isDue(visit: number, { spec }: Step): boolean {
    const flags = this.#flags[visit]!
    if (spec.when === 'failed') return (flags & STEP_FAILED) !== 0
    return spec.when === 'always' || (flags & STEP_OK) !== 0
  }

  #begin(visit: number, { spec, edges }: Step): void {
    this.#flags[visit] = (this.#flags[visit]! & ~(STEP_FAILED | STEP_OK | MADE)) | SENDING
    for (const edge of edges) {
      const seed = this.#seedOf(visit, edge)
      if (mix32(seed ^ CHANCE_SALT) >>> 0 >= edge.spec.probability * 0x1_0000_0000) continue
      this.#flags[visit]! |= MADE
      this.#left[visit] = edge.spec.count
      if (spec.parallel) while (this.#left[visit]! > 0) this.#send(visit, edge)
      else this.#sendNext(visit, edge)
    }
    this.#flags[visit]! &= ~SENDING
  }

  /** The next of the calls that follow one after the other, until one has to be waited for. */
  #sendNext(visit: number, edge: Edge): void {
    this.#flags[visit]! |= SENDING
    while (this.#left[visit]! > 0 && this.#pending[visit] === 0 && (this.#flags[visit]! & FAILED) === 0) this.#send(visit, edge)
    this.#flags[visit]! &= ~SENDING
  }

  #send(visit: number, edge: Edge): void {
    const left = --this.#left[visit]!
    this.#pending[visit]!++
    const seed = mix32(this.#seedOf(visit, edge) + Math.imul(left, REPEAT))
    this.#parts.send(this.#customers[visit]!, edge.traffic, this.#pods[visit]!, seed, visit)
  }

  /** The step has no call any more that is waited for. One that made none has neither failed nor succeeded. */
  #endStep(visit: number): void {
    const flags = this.#flags[visit]!
    if ((flags & STEP_FAILED) === 0 && (flags & MADE) !== 0) this.#flags[visit] = flags | STEP_OK
    this.#left[visit] = 0
    this.#at[visit]!++
  }

  #seedOf(visit: number, edge: Edge): number {
    return mix32(this.#seeds[visit]! + edge.salt)
  }

  #free(visit: number): void {
    if (this.#pending[visit] !== 0) invariant(false, `Visit ${visit} is over, and calls of it are on their way`)
    this.#places.give(visit)
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.#pods = grown(this.#pods, new Int32Array(capacity))
    this.#servers = grown(this.#servers, new Int32Array(capacity))
    this.#customers = grown(this.#customers, new Int32Array(capacity))
    this.#seeds = grown(this.#seeds, new Int32Array(capacity))
    this.#at = grown(this.#at, new Int32Array(capacity))
    this.#pending = grown(this.#pending, new Int32Array(capacity))
    this.#left = grown(this.#left, new Int32Array(capacity))
    this.#flags = grown(this.#flags, new Uint8Array(capacity))
    this.#services = grown(this.#services, new Float64Array(capacity))
    this.#done = grown(this.#done, new Float64Array(capacity))
  }
}

/** A power of two. */
const CAPACITY = 256

/** Bits of a visit. A call that is not optional has failed. */
const FAILED = 1
/** Its pod's process has ended. */
const DEAD = 2
/** Calls are being sent: an outcome that comes meanwhile does not end the step. */
const SENDING = 4
/** What became of the step before, or so far of this one; neither bit for one that made no call. */
const STEP_FAILED = 8
const STEP_OK = 16
/** The step made a call. */
const MADE = 32

/** Kept apart from other uses of a request's seed, and from each other. */
const CALL_SALT = 0x3c6e_f372
const CHANCE_SALT = 0x510e_527f
const REPEAT = 0x9b05_688d
