import type { Simulation } from '../../engine/simulation.ts'
import { PARTS } from '../../metrics/blame.ts'
import { OK } from '../../metrics/failure-cause.ts'
import type { RequestRecorder } from '../records/request-recorder.ts'
import { HELD, type RequestTable, WAITING } from '../request-table.ts'
import type { RequestSampler } from '../samples/request-sampler.ts'
import type { RequestOutcomes } from './request-outcomes.ts'
import type { Traffic } from './traffic.ts'

/** How datagrams end that nothing will answer: where they are received, or lost. Their senders never know. */
export class OneWay {
  readonly #sim: Simulation
  readonly #table: RequestTable
  readonly #traffic: readonly Traffic[]
  readonly #outcomes: RequestOutcomes
  readonly #sampler: RequestSampler | null
  readonly #recorder: RequestRecorder | null

  constructor(options: {
    sim: Simulation
    table: RequestTable
    traffic: readonly Traffic[]
    outcomes: RequestOutcomes
    sampler: RequestSampler | null
    recorder: RequestRecorder | null
  }) {
    this.#sim = options.sim
    this.#table = options.table
    this.#traffic = options.traffic
    this.#outcomes = options.outcomes
    this.#sampler = options.sampler
    this.#recorder = options.recorder
  }

  /** Nobody waits for an answer. */
  has(request: number): boolean {
    return this.#traffic[this.#table.traffics[request]!]!.sockets?.isOneWay === true
  }

  /** It has come to a pod: if the pod has taken it, that is its outcome. */
  delivered(request: number): void {
    const table = this.#table
    const both = HELD | WAITING
    if ((table.flags[request]! & both) !== both) return
    const { accounts } = table
    const sentAt = table.sentAt[request]!
    const latency = this.#sim.now - sentAt
    accounts.settle(request, this.#sim.now)
    accounts.check(request, latency)
    const { metrics, onOutcome } = this.#traffic[table.traffics[request]!]!
    metrics.ok(sentAt, latency, accounts.parts, request * PARTS)
    this.#sampler?.answered(request)
    this.#recorder?.answered(request)
    const user = table.users[request]!
    this.#outcomes.close(request, false)
    onOutcome?.(user, OK)
  }

  /** It is gone without a trace, as its way went; or, with a cause, at the pod. */
  lost(request: number, cause = this.#outcomes.causeOfSilence(request)): void {
    this.#outcomes.fail(request, cause)
  }
}
