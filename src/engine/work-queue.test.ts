import { describe, expect, test } from 'vitest'
import { MILLISECOND, MINUTE, SECOND } from '../units.ts'
import type { Wait } from './process.ts'
import { Simulation } from './simulation.ts'
import { WorkQueue, type WorkQueueOptions } from './work-queue.ts'

/** A queue with workers that need `work` ns a key and log (ms, worker, key, cause). */
function start(options: { workers: number; work: number; queue?: WorkQueueOptions }) {
  const sim = new Simulation({ seed: '0' })
  const queue = new WorkQueue(sim, options.queue)
  const log: string[] = []
  function* worker(name: number): Generator<Wait, void, unknown> {
    for (;;) {
      const { key, cause } = yield* queue.take()
      log.push(`${sim.now / MILLISECOND} worker ${name}: ${key} because of ${cause}`)
      yield sim.delay(options.work)
      queue.done(key)
    }
  }
  const workers = Array.from({ length: options.workers }, (_, name) => sim.spawn(worker(name)))
  sim.run(0)
  return { sim, queue, log, workers }
}

const MS = MILLISECOND

describe('add', () => {
  test('lets a key wait once, with its first cause, in the order of adding', () => {
    const { sim, queue, log } = start({ workers: 1, work: 5 * MS })
    queue.add('a', 1)
    queue.add('b', 2)
    queue.add('a', 3)
    queue.add('c')
    expect(queue.length).toBe(3)
    sim.run(SECOND)
    expect(log).toEqual(['0 worker 0: a because of 1', '5 worker 0: b because of 2', '10 worker 0: c because of -1'])
    expect(queue.length).toBe(0)
  })

  test('of a key that is being worked on makes it wait again when that is done, behind others, with its first cause since', () => {
    const { sim, queue, log } = start({ workers: 2, work: 5 * MS })
    queue.add('a', 1)
    sim.run(MS)
    queue.add('a', 2)
    queue.add('a', 3)
    expect(queue.length).toBe(0)
    queue.add('b', 4)
    sim.run(SECOND)
    expect(log).toEqual(['0 worker 0: a because of 1', '1 worker 1: b because of 4', '5 worker 0: a because of 2'])
  })

  test('reaches the workers that wait, and is not lost with a worker that is killed meanwhile', () => {
    const { sim, queue, log, workers } = start({ workers: 2, work: 5 * MS })
    queue.add('a', 1)
    workers[0]!.kill()
    queue.add('b', 2)
    sim.run(SECOND)
    expect(log).toEqual(['0 worker 1: a because of 1', '5 worker 1: b because of 2'])
  })

  test('never gives a key to two workers, and every add is followed by work that begins after it', () => {
    const { sim, queue } = start({ workers: 0, work: 0 })
    const rng = sim.rng('work')
    const busy = new Set<string>()
    const lastAdd = new Map<string, number>()
    const lastStart = new Map<string, number>()
    function* worker(): Generator<Wait, void, unknown> {
      for (;;) {
        const { key } = yield* queue.take()
        expect(busy.has(key)).toBe(false)
        busy.add(key)
        lastStart.set(key, sim.now)
        yield sim.delay(rng.below(50))
        busy.delete(key)
        queue.done(key)
      }
    }
    for (let i = 0; i < 4; i++) sim.spawn(worker())
    for (let i = 0; i < 5000; i++) {
      const key = `pod ${rng.below(12)}`
      lastAdd.set(key, sim.now)
      if (rng.below(4) === 0) queue.addAfter(key, rng.below(40))
      else queue.add(key)
      sim.run(sim.now + rng.below(20))
    }
    sim.run(sim.now + SECOND)
    expect([queue.length, busy.size, lastAdd.size]).toEqual([0, 0, 12])
    for (const [key, added] of lastAdd) expect(lastStart.get(key)).toBeGreaterThanOrEqual(added)
  })
})

describe('addAfter', () => {
  test('adds after the delay; of two for one key the earlier counts, with the first cause', () => {
    const { sim, queue, log } = start({ workers: 1, work: 0 })
    queue.addAfter('a', 20 * MS, 1)
    queue.addAfter('a', 30 * MS, 2)
    queue.addAfter('b', 20 * MS, 3)
    queue.addAfter('b', 10 * MS, 4)
    queue.addAfter('c', 20 * MS, 5)
    queue.addAfter('now', 0, 6)
    expect(queue.length).toBe(1)
    sim.run(SECOND)
    expect(log).toEqual([
      '0 worker 0: now because of 6',
      '10 worker 0: b because of 3',
      '20 worker 0: a because of 1',
      '20 worker 0: c because of 5',
    ])
    expect(sim.pending).toBe(0)
  })

  test('joins a key that waits already', () => {
    const { sim, queue, log } = start({ workers: 1, work: 15 * MS })
    queue.add('other', 0)
    sim.run(0)
    queue.addAfter('a', 10 * MS, 1)
    queue.add('a', 2)
    sim.run(SECOND)
    expect(log).toEqual(['0 worker 0: other because of 0', '15 worker 0: a because of 2'])
  })
})

describe('addRateLimited', () => {
  /** The delays of so many failures in a row of one key, each retry taken as soon as it is there. */
  function backOffs(failures: number, options: WorkQueueOptions = {}): number[] {
    const sim = new Simulation({ seed: '0' })
    const queue = new WorkQueue(sim, options)
    const taken: number[] = []
    function* worker(): Generator<Wait, void, unknown> {
      for (let n = 0; n <= failures; n++) {
        const { key } = yield* queue.take()
        taken.push(sim.now)
        queue.addRateLimited(key)
        expect(queue.requeues(key)).toBe(n + 1)
        queue.done(key)
      }
    }
    queue.add('a')
    sim.spawn(worker())
    sim.run(100 * 60 * MINUTE)
    return taken.slice(1).map((time, n) => time - taken[n]!)
  }

  test('doubles from 5 ms to 1000 s', () => {
    const doubling = Array.from({ length: 18 }, (_, n) => 5 * MS * 2 ** n)
    expect(backOffs(21)).toEqual([...doubling, 1000 * SECOND, 1000 * SECOND, 1000 * SECOND])
    expect(doubling[17]).toBeLessThan(1000 * SECOND)
    expect(2 * doubling[17]!).toBeGreaterThan(1000 * SECOND)
  })

  test('begins and ends as it is told', () => {
    expect(backOffs(4, { baseDelay: SECOND, maxDelay: 3 * SECOND })).toEqual([1, 2, 3, 3].map((n) => n * SECOND))
  })

  test('begins anew for a forgotten key, not for another', () => {
    const { sim, queue, log } = start({ workers: 1, work: 0 })
    for (const key of ['a', 'b']) {
      queue.addRateLimited(key, 1)
      queue.addRateLimited(key, 1)
    }
    sim.run(6 * MS)
    queue.forget('a')
    expect([queue.requeues('a'), queue.requeues('b')]).toEqual([0, 2])
    queue.addRateLimited('a', 2)
    queue.addRateLimited('b', 2)
    sim.run(SECOND)
    expect(log).toEqual([
      '5 worker 0: a because of 1',
      '5 worker 0: b because of 1',
      '11 worker 0: a because of 2',
      '26 worker 0: b because of 2',
    ])
  })

  test('of many keys together is held to 10 a second after a burst of 100', () => {
    const { sim, queue, log } = start({ workers: 1, work: 0 })
    for (let i = 0; i < 130; i++) queue.addRateLimited(`key ${i}`)
    sim.run(MINUTE)
    const times = log.map((line) => Number(line.split(' ')[0]))
    expect(times).toEqual([...Array(100).fill(5), ...Array.from({ length: 30 }, (_, i) => 100 * (i + 1))])
  })
})

test('a long queue is taken in order', () => {
  const { sim, queue, log } = start({ workers: 1, work: 1 })
  for (let i = 0; i < 1000; i++) queue.add(`${i}`, i)
  sim.run(SECOND)
  expect(log.map((line) => Number(line.split(' ').at(-1)))).toEqual(Array.from({ length: 1000 }, (_, i) => i))
})

test('only work that was taken can be done', () => {
  const { queue } = start({ workers: 0, work: 0 })
  queue.add('a')
  expect(() => queue.done('a')).toThrow('nobody works on')
})
