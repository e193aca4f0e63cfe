import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../../engine/simulation.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { QueueSet, type SeatRequest } from './queue-set.ts'
import type { WorkEstimate } from './work-estimate.ts'

const ONE: WorkEstimate = { initialSeats: 1, finalSeats: 0, additionalLatency: 0 }

/** Requests of flows that each take a while, on one queue set. */
class Bench {
  readonly sim = new Simulation({ seed: 'queue-set' })
  readonly set: QueueSet
  readonly done: { flow: string; wait: Nanos; at: Nanos }[] = []
  readonly rejected: string[] = []
  readonly #flows = new Map<SeatRequest, { flow: string; service: Nanos }>()

  constructor(limit: number, queuing: { queues: number; handSize: number; queueLengthLimit: number } | null, exempt = false) {
    this.set = new QueueSet({ queuing, exempt, limit, onDispatch: (request) => this.#run(request) })
  }

  arrive(flow: string, hand: readonly number[], service: Nanos, work = ONE): SeatRequest {
    const request = this.set.arrive(work, hand, this.sim.now)
    if (request.state === 'rejected') this.rejected.push(flow)
    else {
      const known = this.#flows.has(request)
      this.#flows.set(request, { flow, service })
      if (request.state === 'executing' && !known) this.#run(request)
    }
    return request
  }

  /** Every so often one, from now on. */
  every(period: Nanos, flow: string, hand: readonly number[], service: Nanos): void {
    this.arrive(flow, hand, service)
    this.sim.after(period, () => this.every(period, flow, hand, service))
  }

  #run(request: SeatRequest): void {
    const own = this.#flows.get(request)
    // Dispatched within its own arrival: started there.
    if (own === undefined) return
    this.done.push({ flow: own.flow, wait: this.sim.now - request.arrivedAt, at: this.sim.now })
    this.sim.after(own.service, () => {
      this.set.finish(request, this.sim.now)
      this.#release()
    })
  }

  #release(): void {
    const at = this.set.nextReleaseAt
    if (at !== Number.POSITIVE_INFINITY) this.sim.after(at - this.sim.now, () => this.set.release(this.sim.now))
  }
}

describe('fairness', () => {
  test('a flow with 100 times the requests leaves another its half of the seats', () => {
    // Both offer more than half of 10 seats × 100 a second = 1,000 requests a second: 60,000 and 600.
    const bench = new Bench(10, { queues: 64, handSize: 6, queueLengthLimit: 50 })
    bench.every(SECOND / 60_000 - ((SECOND / 60_000) % 1), 'elephant', [0, 1, 2, 3, 4, 5], 10 * MILLISECOND)
    bench.every(SECOND / 600 - ((SECOND / 600) % 1), 'mouse', [10, 11, 12, 13, 14, 15], 10 * MILLISECOND)
    bench.sim.run(3 * SECOND)
    const second = bench.done.filter(({ at }) => at > SECOND)
    const mouse = second.filter(({ flow }) => flow === 'mouse').length / second.length
    // Once its backlog fills all six queues as the elephant's does, each queue gets 10 / 12 seats.
    expect(mouse).toBeGreaterThan(0.45)
    expect(mouse).toBeLessThan(0.55)
  })

  test('a flow below its share hardly waits, however many another sends', () => {
    // 100 requests a second of 10 ms are 1 seat of 10; a seat comes free every 1 ms, and two may come in between.
    const bench = new Bench(10, { queues: 64, handSize: 6, queueLengthLimit: 50 })
    bench.every(100_000, 'elephant', [0, 1, 2, 3, 4, 5], 10 * MILLISECOND)
    bench.every(10 * MILLISECOND, 'mouse', [5, 11, 12, 13, 14, 15], 10 * MILLISECOND)
    bench.sim.run(3 * SECOND)
    const waits = bench.done.filter(({ flow, at }) => flow === 'mouse' && at > SECOND).map(({ wait }) => wait)
    expect(waits.length).toBeGreaterThanOrEqual(195)
    expect(Math.max(...waits)).toBeLessThanOrEqual(20 * MILLISECOND)
    const elephants = bench.done.filter(({ flow, at }) => flow === 'elephant' && at > SECOND).map(({ wait }) => wait)
    // 300 wait in its six queues before 9 seats: 300 × 10 ms / 9 = 333 ms.
    expect(Math.min(...elephants)).toBeGreaterThan(250 * MILLISECOND)
    expect(bench.rejected).not.toContain('mouse')
  })

  test('seats are never over the limit and never idle while a request of one seat waits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 40 })), {
          maxLength: 60,
        }),
        (limit, arrivals) => {
          const bench = new Bench(limit, { queues: 8, handSize: 2, queueLengthLimit: 100 })
          let served = 0
          for (const [gap, card, service] of arrivals) {
            bench.sim.run(bench.sim.now + gap * MILLISECOND)
            bench.arrive('x', [card, (card + 3) % 8], service * MILLISECOND)
            expect(bench.set.seatsInUse).toBeLessThanOrEqual(limit)
            if (bench.set.waiting > 0) expect(bench.set.seatsInUse).toBe(limit)
            served++
          }
          bench.sim.run(bench.sim.now + 100 * SECOND)
          expect(bench.done).toHaveLength(served)
          expect(bench.set.seatsInUse).toBe(0)
          expect(bench.set.waiting).toBe(0)
        },
      ),
    )
  })
})

test('a queue that has gone empty owes nothing for what it took before', () => {
  const bench = new Bench(1, { queues: 2, handSize: 1, queueLengthLimit: 50 })
  // 10 s of the only seat while another waits: the fair share was 5 s.
  bench.arrive('a', [0], 10 * SECOND)
  bench.arrive('b', [1], SECOND)
  bench.sim.run(10_400 * MILLISECOND)
  const first = bench.arrive('a', [0], SECOND)
  bench.sim.run(10_500 * MILLISECOND)
  const second = bench.arrive('b', [1], SECOND)
  bench.sim.run(11 * SECOND)
  expect([first.state, second.state]).toEqual(['executing', 'waiting'])
})

describe('limits', () => {
  test('a full queue rejects, one place free takes', () => {
    const bench = new Bench(1, { queues: 2, handSize: 1, queueLengthLimit: 3 })
    const states = Array.from({ length: 5 }, () => bench.arrive('a', [0], SECOND).state)
    expect(states).toEqual(['executing', 'waiting', 'waiting', 'waiting', 'rejected'])
    expect(bench.arrive('b', [1], SECOND).state).toBe('waiting')
    // The other queue is next: this one has had a second.
    bench.sim.run(SECOND)
    expect(bench.arrive('a', [0], SECOND).state).toBe('rejected')
    bench.sim.run(2 * SECOND)
    expect(bench.arrive('a', [0], SECOND).state).toBe('waiting')
  })

  test('without queues a request that finds no seat is rejected', () => {
    const bench = new Bench(2, null)
    const states = Array.from({ length: 3 }, () => bench.arrive('a', [], SECOND).state)
    expect(states).toEqual(['executing', 'executing', 'rejected'])
  })

  test('an exempt request never waits', () => {
    const bench = new Bench(0, null, true)
    for (let i = 0; i < 1000; i++) expect(bench.arrive('a', [], SECOND).state).toBe('executing')
  })

  test('a wide request waits for all its seats, and others wait behind it', () => {
    const bench = new Bench(10, { queues: 2, handSize: 1, queueLengthLimit: 50 })
    bench.arrive('a', [0], 100 * MILLISECOND)
    const wide = bench.arrive('w', [0], 50 * MILLISECOND, { ...ONE, initialSeats: 10 })
    const narrow = bench.arrive('w', [0], 50 * MILLISECOND)
    expect([wide.state, narrow.state]).toEqual(['waiting', 'waiting'])
    bench.sim.run(100 * MILLISECOND)
    expect([wide.state, narrow.state]).toEqual(['executing', 'waiting'])
    bench.sim.run(150 * MILLISECOND)
    expect(narrow.state).toBe('executing')
  })

  test('final seats are held for the additional latency after the answer', () => {
    const bench = new Bench(10, { queues: 2, handSize: 1, queueLengthLimit: 50 })
    bench.arrive('a', [0], 10 * MILLISECOND, { initialSeats: 1, finalSeats: 10, additionalLatency: 5 * MILLISECOND })
    const next = bench.arrive('a', [0], MILLISECOND)
    bench.sim.run(14 * MILLISECOND)
    expect(next.state).toBe('waiting')
    bench.sim.run(15 * MILLISECOND)
    expect(next.startedAt).toBe(15 * MILLISECOND)
  })

  test('who gives up leaves its place to others', () => {
    const bench = new Bench(1, { queues: 1, handSize: 1, queueLengthLimit: 1 })
    bench.arrive('a', [0], SECOND)
    const impatient = bench.arrive('b', [0], SECOND)
    bench.set.finish(impatient, bench.sim.now)
    const next = bench.arrive('c', [0], SECOND)
    expect(next.state).toBe('waiting')
    bench.sim.run(SECOND)
    expect([impatient.state, next.state]).toEqual(['done', 'executing'])
  })
})
