import { exp, log } from '../../engine/elementary.ts'

/**
 * What none of `trials` says at 95 %: the rate is below this, or something less likely than 1 in 20 has happened. 1 − 0.05^(1/n), which is
 * about 3/n, the rule of three.
 */
export function upperBoundOfNone(trials: number): number {
  return trials === 0 ? 1 : 1 - exp(log(0.05) / trials)
}
