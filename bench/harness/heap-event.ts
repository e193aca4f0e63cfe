/** The baseline of the engine: events as objects on heap-js, ordered by (time, order of pushing). */
import { Heap } from 'heap-js'
import { ReseedableStream } from '../../src/engine/random-stream.ts'
import type { Variant } from './compare.ts'

export const SECOND = 1_000_000_000

export interface HeapEvent {
  readonly time: number
  readonly order: number
  readonly handle: number
  readonly run: (() => void) | null
  cancelled: boolean
}

export function heapEvent(time: number, order: number, handle: number, run: (() => void) | null): HeapEvent {
  return { time, order, handle, run, cancelled: false }
}

export function newHeap(): Heap<HeapEvent> {
  return new Heap<HeapEvent>(earlierFirst)
}

function earlierFirst(x: HeapEvent, y: HeapEvent): number {
  return x.time - y.time || x.order - y.order
}

/** How many delays are drawn; a power of two. */
export const DRAWS = 1 << 16

/** Whole ns; drawn once, so that drawing is not measured. */
export function exponentialDelays(mean: number): Float64Array {
  const rng = new ReseedableStream(1)
  return Float64Array.from({ length: DRAWS }, () => Math.round(-mean * Math.log(1 - rng.uniform())))
}

/** When event `i` of a hold begins: a delay, and a little later each time that the draws are used again. */
export function firstTime(delays: Float64Array, i: number): number {
  return delays[i & (DRAWS - 1)]! + (i >> 16)
}

/** Pop the first event, push one an exponential time later. */
export function holdOfHeap(pending: number, delays = exponentialDelays(SECOND)): Variant {
  return {
    name: 'heap-js',
    prepare() {
      const queue = newHeap()
      for (let i = 0; i < pending; i++) queue.push(heapEvent(firstTime(delays, i), i, i, null))
      let draw = 0
      let order = pending
      let checksum = 0
      return {
        run(operations) {
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
  }
}
