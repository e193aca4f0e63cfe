/**
 * When a kernel timer really fires: never early, and late by up to an eighth of its length.
 *
 * Linux keeps timers in a wheel of levels, each eight times coarser than the one below, and never moves a timer to
 * a finer level: a long timer waits for the next turn of its coarse bucket. So a TIME_WAIT of 120 s ends 0 to 2 s
 * late and a UDP entry of 300 s 0 to 16 s late, and all entries of one bucket end at once. We follow this exactly but
 * for the phase of the wheel: simulated time 0 is tick 0.
 *
 * Source: Linux kernel/time/timer.c (since 4.8); CONFIG_HZ=250 as Debian and Ubuntu build it.
 */
import { MILLISECOND, type Nanos } from '../../units.ts'

/** One jiffy at HZ = 250. */
export const TICK: Nanos = 4 * MILLISECOND

/** A level takes timers below 63 times the granularity of the next; its own buckets are 8^level ticks wide. */
const LEVEL_BITS = 3
const LEVEL_REACH = 63
/** 63 * 8^8 ticks is 33 years at 250 Hz. */
export const LEVELS = 9

/** The level on which a timer of so many ticks is kept, 0..8. */
export function timerLevel(ticks: number): number {
  let level = 0
  for (let reach = LEVEL_REACH; ticks >= reach && level < LEVELS - 1; reach *= 1 << LEVEL_BITS) level += 1
  return level
}

/** Width of a bucket of that level, ticks: 1, 8, 64, … */
export function bucketTicks(level: number): number {
  return 1 << (LEVEL_BITS * level)
}

/** The tick at which a timer of `timeout`, set at `now`, fires. */
export function firingTick(now: Nanos, timeout: Nanos): number {
  const ticks = Math.ceil(timeout / TICK)
  const width = bucketTicks(timerLevel(ticks))
  return (Math.floor((Math.floor(now / TICK) + ticks) / width) + 1) * width
}

/** The last tick that has passed at `now`. */
export function tickAt(now: Nanos): number {
  return Math.floor(now / TICK)
}
