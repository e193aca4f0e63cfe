/**
 * How much faster than an object heap (heap-js) is the engine's event queue, and what does a style of behaviour cost on top of it?
 *
 * - hold: pop the first event, push one an exponential time of mean 1 s later, with 100, 10,000 and 1,000,000 pending;
 * - time-outs: set one of 0.25, 0.5, 1 or 2 s every 10 µs and cancel it 640 µs later, as requests that are answered do (heap-js marks the
 *   event and drops it when it comes up: up to 100,000 marked events wait beside 64 live ones);
 * - a step: 1,000 actors that schedule themselves again, as handlers, as processes, as closures, and as closures on heap-js.
 *
 * All variants of a question do the same work in one process, in an order that turns round every round; medians count. The ratio is
 * (time of heap-js) / (time of this variant): larger is faster. The checksum folds the order of all events, so variants that do
 * not agree to the last tie are seen.
 *
 * Run: `npm run bench -- event-queue`
 */
import { Heap } from 'heap-js'
import { EventQueue, NONE } from '../src/engine/event-queue.ts'
import type { Wait } from '../src/engine/process.ts'
import { ReseedableStream } from '../src/engine/random-stream.ts'
import { Simulation } from '../src/engine/simulation.ts'
import { ColumnHeap } from './event-queue-heap.ts'

export type Size = 'smoke' | 'full'

export interface Row {
  readonly question: string
  readonly variant: string
  /** Events pending, or actors. */
  readonly size: number
  /** Median over the rounds. */
  readonly nsPerOp: number
  /** Time of heap-js / time of this variant, of medians. */
  readonly ratio: number
  /** Of the order of events; equal for all variants of a question. */
  readonly checksum: string
}

/** Does `operations` operations and gives the checksum of what came out; only `run` is timed. */
interface Variant {
  readonly name: string
  prepare(): { run(operations: number): number }
}

interface HeapEvent {
  readonly time: number
  readonly order: number
  readonly handle: number
  readonly run: (() => void) | null
  cancelled: boolean
}

const BASELINE = 'heap-js'
const SECOND = 1_000_000_000
const DRAWS = 1 << 16
const ACTORS = 1000

export function measure(size: Size): Row[] {
  const full = size === 'full'
  const rounds = full ? 5 : 2
  const operations = full ? 1_000_000 : 5_000
  const delays = exponentialDelays(1 * SECOND)
  const rows: Row[] = []
  for (const pending of full ? [100, 10_000, 1_000_000] : [100, 1_000]) {
    rows.push(...compare({ question: 'hold', size: pending, rounds, operations, variants: holdVariants(pending, delays) }))
  }
  rows.push(...compare({ question: 'time-out set and cancelled', size: 64, rounds, operations, variants: timeOutVariants() }))
  rows.push(...compare({ question: 'step', size: ACTORS, rounds, operations, variants: stepVariants(delays) }))
  return rows
}

/** Prints the table, and fails when variants of a question disagree. */
export default function main(size: Size): void {
  const rows = measure(size)
  console.table(rows.map((row) => ({ ...row, nsPerOp: row.nsPerOp.toFixed(1), ratio: row.ratio.toFixed(2) })))
  for (const row of rows) {
    const same = rows.every((other) => other.question !== row.question || other.size !== row.size || other.checksum === row.checksum)
    if (!same) throw new Error(`The variants of "${row.question}" at ${row.size} do not agree`)
  }
}

function compare(options: { question: string; size: number; rounds: number; operations: number; variants: readonly Variant[] }): Row[] {
  const { question, size, rounds, operations, variants } = options
  const times = variants.map((): number[] => [])
  const checksums = variants.map(() => 0)
  for (let round = 0; round <= rounds; round++) {
    const order = variants.map((_, index) => index)
    if (round % 2 === 1) order.reverse()
    for (const index of order) {
      const work = variants[index]!.prepare()
      work.run(Math.ceil(operations / 5)) // reach the steady state of the queue, and the compiler's
      const start = process.hrtime.bigint()
      checksums[index] = work.run(operations)
      const nanos = Number(process.hrtime.bigint() - start)
      if (round > 0) times[index]!.push(nanos / operations) // round 0 warms up
    }
  }
  const medians = times.map(median)
  const baseline = medians[variants.findIndex((variant) => variant.name === BASELINE)]!
  return variants.map((variant, index) => ({
    question,
    variant: variant.name,
    size,
    nsPerOp: medians[index]!,
    ratio: baseline / medians[index]!,
    checksum: (checksums[index]! >>> 0).toString(16).padStart(8, '0'),
  }))
}

function holdVariants(pending: number, delays: Float64Array): Variant[] {
  return [
    {
      name: 'radix wheel',
      prepare() {
        const queue = new EventQueue(pending + 1)
        for (let i = 0; i < pending; i++) queue.push(delays[i & (DRAWS - 1)]! + (i >> 16), 0, i, 0)
        let draw = 0
        return {
          run(operations) {
            let checksum = 0
            for (let i = 0; i < operations; i++) {
              const slot = queue.popUntil(Number.MAX_SAFE_INTEGER)
              const handle = queue.aAt(slot)
              checksum = (Math.imul(checksum, 31) + handle) | 0
              draw = (draw + 1) & (DRAWS - 1)
              queue.push(queue.timeAt(slot) + delays[draw]!, 0, handle, 0)
            }
            return checksum
          },
        }
      },
    },
    {
      name: 'columns, 4-ary heap, pop and push fused',
      prepare() {
        const queue = new ColumnHeap(pending)
        for (let i = 0; i < pending; i++) queue.push(delays[i & (DRAWS - 1)]! + (i >> 16), i)
        let draw = 0
        return {
          run(operations) {
            let checksum = 0
            for (let i = 0; i < operations; i++) {
              const handle = queue.firstHandle
              checksum = (Math.imul(checksum, 31) + handle) | 0
              draw = (draw + 1) & (DRAWS - 1)
              queue.replaceFirst(queue.firstTime + delays[draw]!, handle)
            }
            return checksum
          },
        }
      },
    },
    {
      name: BASELINE,
      prepare() {
        const queue = new Heap<HeapEvent>(earlierFirst)
        for (let i = 0; i < pending; i++) queue.push(heapEvent(delays[i & (DRAWS - 1)]! + (i >> 16), i, i, null))
        let draw = 0
        let order = pending
        return {
          run(operations) {
            let checksum = 0
            for (let i = 0; i < operations; i++) {
              const event = queue.pop()!
              checksum = (Math.imul(checksum, 31) + event.handle) | 0
              draw = (draw + 1) & (DRAWS - 1)
              queue.push(heapEvent(event.time + delays[draw]!, order++, event.handle, null))
            }
            return checksum
          },
        }
      },
    },
  ]
}

/** Sets a time-out every 10 µs and cancels it 64 later, except every 1,024th, which fires. */
function timeOutVariants(): Variant[] {
  const kept = 64
  const timeOuts = [SECOND / 4, SECOND / 2, SECOND, 2 * SECOND]
  return [
    {
      name: 'radix wheel',
      prepare() {
        const queue = new EventQueue()
        const timers = new Float64Array(kept).fill(-1)
        let now = 0
        let count = 0
        return {
          run(operations) {
            let checksum = 0
            for (let i = 0; i < operations; i++) {
              now += 10_000
              for (let slot = queue.popUntil(now); slot !== NONE; slot = queue.popUntil(now)) {
                checksum = (Math.imul(checksum, 31) + queue.aAt(slot)) | 0
              }
              const place = count & (kept - 1)
              const old = queue.slotOf(timers[place]!)
              if (old !== NONE && (count & 1023) !== 0) {
                checksum = (checksum + 1) | 0
                queue.cancelSlot(old)
              }
              timers[place] = queue.push(now + timeOuts[count & 3]!, 0, count++, 0)
            }
            return checksum
          },
        }
      },
    },
    {
      name: BASELINE,
      prepare() {
        const queue = new Heap<HeapEvent>(earlierFirst)
        const timers: (HeapEvent | null)[] = new Array(kept).fill(null)
        let now = 0
        let count = 0
        return {
          run(operations) {
            let checksum = 0
            for (let i = 0; i < operations; i++) {
              now += 10_000
              for (let first = queue.peek(); first !== undefined && first.time <= now; first = queue.peek()) {
                queue.pop()
                if (!first.cancelled) checksum = (Math.imul(checksum, 31) + first.handle) | 0
              }
              const place = count & (kept - 1)
              const old = timers[place]!
              if (old !== null && (count & 1023) !== 0) {
                checksum = (checksum + 1) | 0
                old.cancelled = true
              }
              const event = heapEvent(now + timeOuts[count & 3]!, count, count, null)
              count++
              queue.push(event)
              timers[place] = event
            }
            return checksum
          },
        }
      },
    },
  ]
}

/** Actors that fold their number into the checksum and go on after an exponential time. */
function stepVariants(delays: Float64Array): Variant[] {
  return [
    {
      name: 'handler',
      prepare() {
        const { sim, step, run } = actors()
        const handler = sim.handler((actor) => {
          sim.schedule(delays[step(actor)]!, handler, actor)
        })
        for (let actor = 0; actor < ACTORS; actor++) sim.schedule(0, handler, actor)
        return { run }
      },
    },
    {
      name: 'process',
      prepare() {
        const { sim, step, run } = actors()
        function* body(actor: number): Generator<Wait, void, unknown> {
          for (;;) yield sim.delay(delays[step(actor)]!)
        }
        for (let actor = 0; actor < ACTORS; actor++) sim.spawn(body(actor))
        return { run }
      },
    },
    {
      name: 'closure',
      prepare() {
        const { sim, step, run } = actors()
        for (let actor = 0; actor < ACTORS; actor++) {
          const go = () => {
            sim.after(delays[step(actor)]!, go)
          }
          sim.after(0, go)
        }
        return { run }
      },
    },
    {
      name: BASELINE,
      prepare() {
        const queue = new Heap<HeapEvent>(earlierFirst)
        let now = 0
        let end = 0
        let order = 0
        let checksum = 0
        let draw = 0
        for (let actor = 0; actor < ACTORS; actor++) {
          const go = () => {
            checksum = (Math.imul(checksum, 31) + actor) | 0
            draw = (draw + 1) & (DRAWS - 1)
            queue.push(heapEvent(now + delays[draw]!, order++, actor, go))
          }
          queue.push(heapEvent(0, order++, actor, go))
        }
        return {
          run(operations) {
            end += lasting(operations)
            for (let first = queue.peek()!; first.time <= end; first = queue.peek()!) {
              queue.pop()
              now = first.time
              first.run!()
            }
            return checksum
          },
        }
      },
    },
  ]
}

/** A simulation of actors: `step` folds an actor into the checksum and gives the place of its next delay; `run` lasts so many steps on average. */
function actors(): { sim: Simulation; step: (actor: number) => number; run: (operations: number) => number } {
  const sim = new Simulation({ seed: '0' })
  let checksum = 0
  let draw = 0
  const step = (actor: number) => {
    checksum = (Math.imul(checksum, 31) + actor) | 0
    draw = (draw + 1) & (DRAWS - 1)
    return draw
  }
  const run = (operations: number) => {
    sim.run(sim.now + lasting(operations))
    return checksum
  }
  return { sim, step, run }
}

/** The time in which the actors make so many steps on average: each makes one a second. */
function lasting(operations: number): number {
  return operations * (SECOND / ACTORS)
}

function heapEvent(time: number, order: number, handle: number, run: (() => void) | null): HeapEvent {
  return { time, order, handle, run, cancelled: false }
}

function earlierFirst(x: HeapEvent, y: HeapEvent): number {
  return x.time - y.time || x.order - y.order
}

/** Whole ns; drawn once, so that drawing is not measured. */
function exponentialDelays(mean: number): Float64Array {
  const rng = new ReseedableStream(1)
  return Float64Array.from({ length: DRAWS }, () => Math.round(-mean * Math.log(1 - rng.uniform())))
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y)
  return sorted[sorted.length >> 1]!
}
