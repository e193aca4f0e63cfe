/**
 * How much faster than an object heap (heap-js) is the engine's event queue?
 *
 * - hold: pop the first event, push one an exponential time of mean 1 s later, with 100 to 1,000,000 pending; what it leaves to the garbage
 *   collector, and what an event takes of memory;
 * - time-out set and cancelled: with 10,000 requests in flight one is answered, its time-out is cancelled, and the next one sets its answer (exponential,
 *   20 ms in the mean) and its time-out (0.25, 0.5, 1 or 2 s). heap-js marks the event and drops it when it comes up.
 *
 * Run: `npm run bench -- event-queue`
 */
import { PerformanceObserver, performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { EventQueue, NONE } from '../src/engine/event-queue.ts'
import { ColumnHeap } from './harness/column-heap.ts'
import { compare, type Variant } from './harness/compare.ts'
import { DRAWS, exponentialDelays, firstTime, type HeapEvent, heapEvent, holdOfHeap, newHeap, SECOND } from './harness/heap-event.ts'
import { type Row, rowOf, type Size } from './harness/row.ts'

const WHEEL = 'radix wheel'
const LATEST = Number.MAX_SAFE_INTEGER

export default async function main(size: Size): Promise<Row[]> {
  const full = size === 'full'
  const rounds = full ? 5 : 1
  const operations = full ? 1_000_000 : 3000
  const delays = exponentialDelays(SECOND)
  const rows: Row[] = []
  for (const pending of full ? [100, 1000, 10_000, 100_000, 1_000_000] : [10, 100, 300, 1000]) {
    const variants = [holdOfWheel(pending, delays), holdOfColumns(pending, delays), holdOfHeap(pending, delays)]
    rows.push(...compare({ question: 'hold', size: pending, rounds, operations, variants, baseline: 'heap-js' }))
  }
  const pending = full ? 10_000 : 100
  for (const variant of [holdOfWheel(pending, delays), holdOfHeap(pending, delays)])
    rows.push(await collected(variant, pending, operations * rounds))
  rows.push(memory(full ? 1_000_000 : 1000))
  rows.push(...timeOuts(full ? 10_000 : 100, full ? 3 : 1, full ? 400_000 : 3000))
  return rows
}

function holdOfWheel(pending: number, delays: Float64Array): Variant {
  return {
    name: WHEEL,
    prepare() {
      const queue = new EventQueue(pending + 1)
      for (let i = 0; i < pending; i++) queue.push(firstTime(delays, i), 0, i, 0)
      let draw = 0
      let checksum = 0
      return {
        run(operations) {
          for (let i = 0; i < operations; i++) {
            const slot = queue.popUntil(LATEST)
            const time = queue.timeAt(slot)
            const handle = queue.aAt(slot)
            checksum = (Math.imul(checksum, 31) + handle) | 0
            draw = (draw + 1) & (DRAWS - 1)
            queue.push(time + delays[draw]!, 0, handle, 0)
          }
          return checksum
        },
      }
    },
  }
}

function holdOfColumns(pending: number, delays: Float64Array): Variant {
  return {
    name: 'columns, 4-ary heap, pop and push fused',
    prepare() {
      const queue = new ColumnHeap(pending)
      for (let i = 0; i < pending; i++) queue.push(firstTime(delays, i), i)
      let draw = 0
      let checksum = 0
      return {
        run(operations) {
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
  }
}

/** Share of the time in garbage collection. */
async function collected(variant: Variant, size: number, operations: number): Promise<Row> {
  const work = variant.prepare()
  work.run(Math.ceil(operations / 10))
  let nanos = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) nanos += entry.duration
  })
  await setImmediate()
  observer.observe({ entryTypes: ['gc'] })
  const start = performance.now()
  work.run(operations)
  const elapsed = performance.now() - start
  // The observer is told when the loop is over.
  await setImmediate()
  await setImmediate()
  observer.disconnect()
  const share = (nanos / elapsed) * 100
  return rowOf({ question: 'hold: time in garbage collection', variant: variant.name, size, unit: '%', samples: [share], checksum: null })
}

/** Bytes of the buffers of a queue that was made for so many, beyond those of an empty one, by event. */
function memory(events: number): Row {
  const bytesOf = (capacity: number): number => {
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    const queue = new EventQueue(capacity)
    for (let i = 0; i < capacity; i++) queue.push(i, 0, i, 0)
    const bytes = process.memoryUsage().arrayBuffers - before
    return queue.size === capacity ? bytes : Number.NaN
  }
  const empty = bytesOf(1)
  const bytes = (bytesOf(events) - empty) / (events - 1)
  return rowOf({ question: 'memory an event', variant: WHEEL, size: events, unit: 'bytes', samples: [bytes], checksum: null })
}

const TIME_OUTS = [SECOND / 4, SECOND / 2, SECOND, 2 * SECOND]
const LAZY = 'heap-js, lazy deletion'

function timeOuts(inFlight: number, rounds: number, operations: number): Row[] {
  const delays = exponentialDelays(SECOND / 50)
  const stay: Row[] = []
  const told = (variant: string, pending: number) => {
    const share = ((pending - 2 * inFlight) / (2 * inFlight)) * 100
    stay.push(
      rowOf({ question: 'time-outs that stay after their cancel', variant, size: inFlight, unit: '%', samples: [share], checksum: null }),
    )
  }
  const variants: Variant[] = [
    {
      name: WHEEL,
      prepare() {
        const queue = new EventQueue()
        const timers = new Float64Array(inFlight)
        let now = 0
        let draw = 0
        let checksum = 0
        const begin = (request: number) => {
          draw = (draw + 1) & (DRAWS - 1)
          queue.push(now + delays[draw]!, 0, request, 0)
          timers[request] = queue.push(now + TIME_OUTS[draw & 3]!, 1, request, 0)
        }
        for (let request = 0; request < inFlight; request++) begin(request)
        return {
          run(answers) {
            for (let i = 0; i < answers; i++) {
              const slot = queue.popUntil(LATEST)
              const request = queue.aAt(slot)
              now = queue.timeAt(slot)
              checksum = (Math.imul(checksum, 31) + request * 2 + queue.handlerAt(slot)) | 0
              // A time-out that fires changes nothing: the answer comes late.
              if (queue.handlerAt(slot) === 1) continue
              const timer = queue.slotOf(timers[request]!)
              if (timer !== NONE) queue.cancelSlot(timer)
              begin(request)
            }
            if (answers === operations && stay.length < 1) told(WHEEL, queue.size)
            return checksum
          },
        }
      },
    },
    {
      name: LAZY,
      prepare() {
        const queue = newHeap()
        const timers: HeapEvent[] = []
        let now = 0
        let order = 0
        let draw = 0
        let checksum = 0
        const begin = (request: number) => {
          draw = (draw + 1) & (DRAWS - 1)
          queue.push(heapEvent(now + delays[draw]!, order++, request * 2, null))
          const timer = heapEvent(now + TIME_OUTS[draw & 3]!, order++, request * 2 + 1, null)
          queue.push(timer)
          timers[request] = timer
        }
        for (let request = 0; request < inFlight; request++) begin(request)
        return {
          run(answers) {
            for (let i = 0; i < answers; i++) {
              let event = queue.pop()!
              while (event.cancelled) event = queue.pop()!
              const request = event.handle >> 1
              now = event.time
              checksum = (Math.imul(checksum, 31) + event.handle) | 0
              if ((event.handle & 1) === 1) continue
              timers[request]!.cancelled = true
              begin(request)
            }
            if (answers === operations && stay.length < 2) told(LAZY, queue.length)
            return checksum
          },
        }
      },
    },
  ]
  // The heap is full of what is cancelled only after the longest time-out: 2 s, in which each place has answered a hundred times.
  const warmUp = Math.ceil(inFlight * 100)
  return [
    ...compare({ question: 'time-out set and cancelled', size: inFlight, rounds, operations, warmUp, variants, baseline: LAZY }),
    ...stay,
  ]
}
