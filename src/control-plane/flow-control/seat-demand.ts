import { sqrt } from '../../engine/elementary.ts'
import type { Nanos } from '../../units.ts'

/** How fast old demand is forgotten: half of it in 5 minutes of 10 s. Source: apf_controller.go, seatDemandSmoothingCoefficient. */
export const SMOOTHING = 0.977

/**
 * How many seats a level wanted: mean, deviation and peak over one period, and from them the smoothed demand that borrowing aims at.
 *
 * Source: apiserver/pkg/util/flowcontrol/fairqueuing/integrator.go; apf_controller.go (seatDemandStats).
 */
export class SeatDemand {
  #now = 0
  #at: Nanos = 0
  #since: Nanos = 0
  #sum = 0
  #squares = 0
  #peak = 0
  #highWatermark = 0
  #smoothed = 0

  /** The most seats that were wanted at once in the last full period. */
  get highWatermark(): number {
    return this.#highWatermark
  }

  get smoothed(): number {
    return this.#smoothed
  }

  /** Seats in use and wanted from now on. */
  set(seats: number, now: Nanos): void {
    this.#integrate(now)
    this.#now = seats
    if (seats > this.#peak) this.#peak = seats
  }

  /** Ends a period: rises at once to mean + deviation, falls slowly. */
  endPeriod(now: Nanos): void {
    this.#integrate(now)
    this.#highWatermark = this.#peak
    const duration = now - this.#since
    if (duration > 0) {
      const mean = this.#sum / duration
      const variance = this.#squares / duration - mean * mean
      const envelope = mean + (variance > 0 ? sqrt(variance) : 0)
      this.#smoothed = Math.max(envelope, SMOOTHING * this.#smoothed + (1 - SMOOTHING) * envelope)
    }
    this.#since = now
    this.#sum = 0
    this.#squares = 0
    this.#peak = this.#now
  }

  #integrate(now: Nanos): void {
    const elapsed = now - this.#at
    if (elapsed === 0) return
    this.#sum += this.#now * elapsed
    this.#squares += this.#now * this.#now * elapsed
    this.#at = now
  }
}
