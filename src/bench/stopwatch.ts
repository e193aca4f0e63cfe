/**
 * How long an operation takes, by tinybench.
 *
 * A sample is a batch of operations, 10 µs of work at least, so that the clock's own cost and grain do not count; the figure is the
 * median of the samples, which a neighbour on the machine disturbs least.
 */
import { Bench } from 'tinybench'
import { invariant } from '../invariant.ts'
import type { Effort } from './plan.ts'

/** Does so many operations, goes on where the last call stopped, and folds the answers: a loop without an effect might be optimised away. */
export type Run = (operations: number) => number

/** Milliseconds that never go back. */
export type Clock = () => number

const MACHINE: Clock = () => performance.now()

/** Twice the 10 µs that a sample must have at least, since batches get faster when their code is compiled. */
const BATCH_MS = 0.02
/** Slow operations are not all alike; a sample mixes some. */
const BATCH_OPERATIONS_MIN = 4
/** Work that takes no longer for more operations would be asked for more and more. */
const BATCH_OPERATIONS_MAX = 1 << 20
const SAMPLES_MIN = 10

/** ns an operation: the median over the samples. */
export function nsPerOperation(run: Run, effort: Effort, clock: Clock = MACHINE): number {
  const operations = batchOf(run, effort.warmUpMs, clock)
  return sample(run, operations, effort.measureMs, clock)
}

/** Rounds in which the points of a line are measured. */
const ROUNDS = 3

/**
 * Each one's ns an operation: the median over rounds in which all are measured, in an order that turns round.
 *
 * So that the points of a line can be compared although a neighbour on the machine disturbs some seconds of the measurement. Each gets
 * the time that it takes until the caches hold what the work wants of them.
 */
export function nsInRounds(runs: readonly Run[], { steadyMs }: Effort, clock: Clock = MACHINE): number[] {
  const times: number[][] = runs.map(() => [])
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < runs.length; turn += 1) {
      const which = round % 2 === 0 ? turn : runs.length - 1 - turn
      const operations = batchOf(runs[which]!, steadyMs / 2 / ROUNDS, clock)
      times[which]!.push(sample(runs[which]!, operations, steadyMs / ROUNDS, clock))
    }
  }
  return times.map(median)
}

export interface Comparison {
  /** The slower, or the larger, side, ns an operation: median over the turns. */
  readonly numeratorNs: number
  readonly denominatorNs: number
  /** Median of the ratios of each turn, which is not the ratio of the medians: what disturbs a turn disturbs both of its sides. */
  readonly ratio: number
}

/**
 * Measures two sides in turns, one right after the other, and the other one first in every second turn.
 */
export function compareInTurns(numerator: Run, denominator: Run, effort: Effort, clock: Clock = MACHINE): Comparison {
  const sides = [numerator, denominator] as const
  const operations = sides.map((side) => batchOf(side, effort.warmUpMs, clock))
  const times: [number[], number[]] = [[], []]
  for (let turn = 0; turn < effort.turns; turn += 1) {
    for (const side of turn % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      runFor(effort.steadyMs / 2, sides[side], operations[side]!, clock)
      times[side].push(sample(sides[side], operations[side]!, effort.steadyMs, clock))
    }
  }
  const ratios = times[0].map((time, turn) => time / times[1][turn]!)
  return { numeratorNs: median(times[0]), denominatorNs: median(times[1]), ratio: median(ratios) }
}

export function median(values: readonly number[]): number {
  invariant(values.length > 0, 'a median is of one value at least')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function sample(run: Run, operations: number, measureMs: number, clock: Clock): number {
  const bench = new Bench({ time: measureMs, iterations: SAMPLES_MIN, warmup: false, throws: true, now: clock })
  bench.add('batch', () => run(operations)).runSync()
  const result = bench.tasks[0]!.result
  invariant(result.state === 'completed', 'a batch that does not throw completes')
  return (result.latency.p50 * 1e6) / operations
}

/** Runs until the code is warm, then finds how many operations fill a batch. */
function batchOf(run: Run, warmUpMs: number, clock: Clock): number {
  runFor(warmUpMs, run, BATCH_OPERATIONS_MIN, clock)
  let operations = BATCH_OPERATIONS_MIN
  while (operations < BATCH_OPERATIONS_MAX && fastestOfThree(run, operations, clock) < BATCH_MS) operations *= 2
  return operations
}

function runFor(time: number, run: Run, operations: number, clock: Clock): void {
  const started = clock()
  do run(operations)
  while (clock() - started < time)
}

function fastestOfThree(run: Run, operations: number, clock: Clock): number {
  let fastest = Number.POSITIVE_INFINITY
  for (let trial = 0; trial < 3; trial += 1) {
    const started = clock()
    run(operations)
    fastest = Math.min(fastest, clock() - started)
  }
  return fastest
}
