import { estimate } from '../../experiment/statistics/estimate.ts'
import { quantileOf } from '../../experiment/statistics/nearest-rank.ts'
import { FAILURE_CAUSES } from '../../metrics/failure-cause.ts'
import type { SettingResult } from '../../report/rollout-answer.ts'
import type { RolloutMeasurement } from '../../scenario/rollout/measure.ts'
import type { RolloutSettings } from '../../scenario/rollout/settings.ts'

/** Measures replications, which are numbered from 1. The answers do not depend on how many work at once. */
export interface RolloutMeters {
  readonly workers: number
  measure(settings: RolloutSettings, replications: readonly number[]): Promise<readonly RolloutMeasurement[]>
  close(): void | Promise<void>
}

/** Measures settings once each, and keeps what came out in the order of asking. */
export class Evaluations {
  readonly #meters: RolloutMeters
  readonly #replications: number
  readonly #progress: () => void
  readonly #known = new Map<string, { readonly settings: RolloutSettings; readonly measured: RolloutMeasurement[] }>()

  constructor(meters: RolloutMeters, options: { replications: number; progress: () => void }) {
    this.#meters = meters
    this.#replications = options.replications
    this.#progress = options.progress
  }

  get tried(): readonly SettingResult[] {
    return [...this.#known.values()].map(({ settings, measured }) => resultOf(settings, measured))
  }

  /** All replications. */
  full(settings: RolloutSettings): Promise<SettingResult> {
    return this.#evaluate(settings, false)
  }

  /** All replications, or up to the first that loses a request or does not end in time. */
  untilLoss(settings: RolloutSettings): Promise<SettingResult> {
    return this.#evaluate(settings, true)
  }

  async #evaluate(settings: RolloutSettings, stopAtLoss: boolean): Promise<SettingResult> {
    const key = `${settings.preStopSeconds} ${settings.minReadySeconds} ${settings.terminationGracePeriodSeconds}`
    const measured: RolloutMeasurement[] = this.#known.get(key)?.measured ?? []
    this.#known.set(key, { settings, measured })
    while (measured.length < this.#replications && !(stopAtLoss && measured.some(isBad))) {
      const next = Array.from(
        { length: Math.min(this.#meters.workers, this.#replications - measured.length) },
        (_, i) => measured.length + i + 1,
      )
      // What was done beside the first that lost is left out again, so that the files do not depend on the number of workers.
      for (const one of await this.#meters.measure(settings, next)) {
        if (stopAtLoss && measured.some(isBad)) break
        measured.push(one)
        this.#progress()
      }
    }
    return resultOf(settings, measured)
  }
}

function isBad(measured: RolloutMeasurement): boolean {
  return measured.lostTotal > 0 || !measured.finished
}

function total(measured: readonly RolloutMeasurement[], of: (one: RolloutMeasurement) => number): number {
  return measured.reduce((sum, one) => sum + of(one), 0)
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}

function resultOf(settings: RolloutSettings, measured: readonly RolloutMeasurement[]): SettingResult {
  const causes = FAILURE_CAUSES.flatMap((cause) => {
    const counts = measured.map((one) => one.lost[cause] ?? 0)
    const lost = counts.reduce((sum, count) => sum + count, 0)
    return lost === 0 ? [] : [[cause, { lost, perRollout: estimate(counts) }] as const]
  })
  const traffic = [...new Set(measured.flatMap((one) => Object.keys(one.p99Ms)))]
  const staleness = measured.flatMap((one) => one.stalenessMs).sort((a, b) => a - b)
  return {
    ...settings,
    replications: measured.length,
    finished: measured.filter((one) => one.finished).length,
    requests: total(measured, (one) => one.requests),
    rolloutsWithLoss: measured.filter((one) => one.lostTotal > 0).length,
    lost: total(measured, (one) => one.lostTotal),
    lostByCause: Object.fromEntries(causes),
    background: total(measured, (one) => one.background),
    ownRequests: total(measured, (one) => one.own),
    p99Ms: Object.fromEntries(traffic.map((name) => [name, meanOf(measured.map((one) => one.p99Ms[name] ?? null))])),
    rolledOutSeconds: meanOf(measured.map((one) => one.rolledOutSeconds)),
    oldPodsGoneSeconds: meanOf(measured.map((one) => one.oldPodsGoneSeconds)),
    stalenessMs: {
      count: staleness.length,
      p50: quantileOf(staleness, 0.5),
      p99: quantileOf(staleness, 0.99),
      max: staleness.at(-1) ?? null,
    },
  }
}
