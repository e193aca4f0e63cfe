import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { MICROSECOND, MILLISECOND, SECOND } from '../units.ts'
import { ContainerCpu, type CpuStat, cfsQuota, throttledShare } from './container-cpu.ts'

const PERIOD = 100 * MILLISECOND

describe('cfsQuota', () => {
  test.each([
    [0, null],
    [1000, 100 * MILLISECOND],
    [2500, 250 * MILLISECOND],
    [333, 33_300 * MICROSECOND],
    [10, MILLISECOND],
    [1, MILLISECOND],
  ])('of %d milli-cores', (limit, quota) => expect(cfsQuota(limit, PERIOD)).toBe(quota))

  test('of another period', () => {
    expect(cfsQuota(1500, 5 * MILLISECOND)).toBe(7500 * MICROSECOND)
    expect(cfsQuota(150, 5 * MILLISECOND)).toBe(MILLISECOND)
  })
})

test('throttledShare counts the periods of all together', () => {
  const stat = (periods: number, throttledPeriods: number): CpuStat => ({ used: 0, periods, throttledPeriods, throttled: 0 })
  expect(throttledShare([stat(100, 30), stat(300, 10), stat(0, 0)])).toBe(0.1)
  expect(throttledShare([stat(0, 0)])).toBe(0)
})

interface SetUp {
  readonly cores?: number
  readonly limit: number
  readonly offset?: number
}

/** The CPU of one container, what is told of it, and a way to start threads at a time in ms. */
function setUp({ cores = 8, limit, offset = 0 }: SetUp) {
  const sim = new Simulation({ seed: '1' })
  const log: string[] = []
  const cpu = new ContainerCpu(
    sim,
    {
      cores,
      quota: cfsQuota(limit, PERIOD),
      period: PERIOD,
      onDone: (thread) => log.push(`${sim.now / MILLISECOND} done ${thread}`),
      onThrottled: (thread, is) => log.push(`${sim.now / MILLISECOND} ${is ? 'stops' : 'goes on'} ${thread}`),
    },
    offset * MILLISECOND,
  )
  const at = (ms: number, thread: number, workMs: number) => sim.after(ms * MILLISECOND, () => cpu.run(thread, workMs * MILLISECOND))
  return { sim, cpu, log, at }
}

describe('ContainerCpu', () => {
  test('250 ms of CPU time at half a core: four whole periods of 50 ms, and 50 ms in the fifth', () => {
    const { sim, cpu, log, at } = setUp({ limit: 500 })
    at(0, 1, 250)
    sim.run(10 * SECOND)
    expect(log.at(-1)).toBe('450 done 1')
    expect(log.slice(0, 3)).toEqual(['50 stops 1', '100 goes on 1', '150 stops 1'])
    expect(cpu.stat()).toEqual({ used: 250 * MILLISECOND, periods: 6, throttledPeriods: 4, throttled: 200 * MILLISECOND })
  })

  describe('on a machine that stands still', () => {
    const still = (set: ReturnType<typeof setUp>, from: number, until: number) =>
      set.sim.after(from * MILLISECOND, () => set.cpu.standStill(until * MILLISECOND))

    test('a thread goes on with what was left', () => {
      const set = setUp({ limit: 0 })
      set.at(0, 1, 50)
      still(set, 20, 70)
      set.sim.run(60 * MILLISECOND)
      expect(set.cpu.stat().used).toBe(20 * MILLISECOND)
      set.sim.run(SECOND)
      expect(set.log).toEqual(['100 done 1'])
    })

    test('so does one with a quota, within its period', () => {
      const set = setUp({ limit: 300 })
      set.at(0, 1, 50)
      still(set, 110, 140)
      set.sim.run(SECOND)
      expect(set.log).toEqual(['30 stops 1', '100 goes on 1', '150 done 1'])
      expect(set.cpu.stat()).toMatchObject({ used: 50 * MILLISECOND, throttled: 70 * MILLISECOND, throttledPeriods: 1 })
    })

    test('periods that end meanwhile end when it goes on, and their quota is there then', () => {
      const set = setUp({ limit: 300 })
      set.at(0, 1, 70)
      still(set, 50, 250)
      set.sim.run(240 * MILLISECOND)
      expect(set.cpu.stat()).toEqual({ used: 30 * MILLISECOND, periods: 0, throttledPeriods: 0, throttled: 20 * MILLISECOND })
      set.sim.run(SECOND)
      expect(set.log).toEqual(['30 stops 1', '250 goes on 1', '280 stops 1', '300 goes on 1', '310 done 1'])
      expect(set.cpu.stat()).toMatchObject({ used: 70 * MILLISECOND, throttledPeriods: 3, throttled: 40 * MILLISECOND })
    })

    test('a process that ends meanwhile leaves nothing behind', () => {
      const set = setUp({ limit: 300 })
      set.at(0, 1, 50)
      still(set, 10, 200)
      set.sim.after(50 * MILLISECOND, () => set.cpu.restart(0))
      set.at(60, 2, 5)
      set.sim.run(SECOND)
      expect(set.log).toEqual(['65 done 2'])
    })
  })

  test('four threads use up one core’s quota in a quarter of the period', () => {
    const { sim, cpu, log, at } = setUp({ limit: 1000 })
    for (let thread = 1; thread <= 4; thread++) at(0, thread, 50)
    sim.run(SECOND)
    expect(log.filter((line) => line.includes('done'))).toEqual([1, 2, 3, 4].map((thread) => `125 done ${thread}`))
    expect(log.filter((line) => line.includes('stops'))).toEqual([1, 2, 3, 4].map((thread) => `25 stops ${thread}`))
    expect(cpu.stat()).toEqual({ used: 200 * MILLISECOND, periods: 3, throttledPeriods: 1, throttled: 300 * MILLISECOND })
  })

  test('a thread that comes when nothing is left is throttled at once; one that ends with the quota is not', () => {
    const { sim, cpu, log, at } = setUp({ limit: 100 })
    at(20, 1, 10)
    at(40, 2, 1)
    sim.run(70 * MILLISECOND)
    expect(log).toEqual(['30 done 1', '40 stops 2'])
    expect(cpu.throttledFor).toBe(30 * MILLISECOND)
    sim.run(SECOND)
    expect(log.slice(2)).toEqual(['100 goes on 2', '101 done 2'])
    expect(cpu.throttledFor).toBe(0)
  })

  test('periods end at fixed times, also after the container was idle', () => {
    const { sim, log, at } = setUp({ limit: 100, offset: 37 })
    at(0, 1, 15)
    at(1000, 2, 15)
    sim.run(2 * SECOND)
    expect(log).toEqual(['10 stops 1', '37 goes on 1', '42 done 1', '1010 stops 2', '1037 goes on 2', '1042 done 2'])
  })

  // 7 ms until the boundary are less than the quota of 10 ms, and then the quota is new.
  test('who is over a boundary has the quota of both periods', () => {
    const { sim, log, at } = setUp({ limit: 100, offset: 37 })
    at(1030, 2, 17)
    sim.run(2 * SECOND)
    expect(log).toEqual(['1047 done 2'])
  })

  test('without a limit nobody is throttled; with more threads than cores all have the same share', () => {
    const { sim, cpu, log, at } = setUp({ limit: 0, cores: 2 })
    at(0, 1, 30)
    at(0, 2, 30)
    at(10, 3, 10)
    sim.run(SECOND)
    // 1 and 2 have run for 10 ms; from then on each has two thirds of a core, so that 3 is done after 15 ms.
    expect(log).toEqual(['25 done 3', '35 done 1', '35 done 2'])
    expect(cpu.stat()).toEqual({ used: 70 * MILLISECOND, periods: 0, throttledPeriods: 0, throttled: 0 })
  })

  test('what three threads have had too much by the first whole ns is taken from the next period', () => {
    const { sim, cpu, at } = setUp({ limit: 1000 })
    for (let thread = 1; thread <= 3; thread++) at(0, thread, 10_000)
    sim.run(100 * MILLISECOND - 1)
    expect(cpu.stat().used).toBe(100 * MILLISECOND + 2)
    sim.run(300 * MILLISECOND - 1)
    expect(cpu.stat().used).toBe(300 * MILLISECOND)
  })

  test('also where nothing runs when the period ends', () => {
    const { sim, log, at } = setUp({ limit: 1000 })
    // Done at the ns at which 2 ns too much have been had.
    for (let thread = 1; thread <= 3; thread++) at(0, thread, 33.333334)
    for (let thread = 1; thread <= 3; thread++) at(110, thread, 1000)
    sim.run(150 * MILLISECOND)
    expect(log.filter((line) => line.endsWith(' 1'))).toEqual(['33.333334 done 1', '143.333333 stops 1'])
  })

  test('in the long run it gets its limit', () => {
    for (const limit of [300, 1000, 2500]) {
      const { sim, cpu, at } = setUp({ limit })
      for (let thread = 1; thread <= 7; thread++) at(thread, thread, 1_000_000)
      sim.run(100 * SECOND)
      expect(cpu.stat().used).toBeCloseTo((100 * SECOND * limit) / 1000, -3)
      expect(cpu.stat().periods).toBe(1000)
      expect(cpu.stat().throttledPeriods).toBe(1000)
    }
  })

  test('after a restart the threads are gone, and the quota and its periods are new', () => {
    const { sim, cpu, log, at } = setUp({ limit: 100 })
    at(0, 1, 50)
    sim.run(20 * MILLISECOND)
    cpu.restart(5 * MILLISECOND)
    at(0, 2, 15)
    sim.run(SECOND)
    expect(log).toEqual(['10 stops 1', '30 stops 2', '105 goes on 2', '110 done 2'])
    expect(cpu.stat()).toEqual({ used: 25 * MILLISECOND, periods: 3, throttledPeriods: 1, throttled: 85 * MILLISECOND })
  })
})

/** All remainders are whole in this unit, for up to 8 threads. */
const UNIT = 840

/** The same, ns by ns. */
class SlowCpu {
  readonly events: string[] = []
  readonly #remaining = new Map<number, number>()
  #left: number
  #isThrottled = false
  #ticks = false
  #isIdle = false
  stat: CpuStat = { used: 0, periods: 0, throttledPeriods: 0, throttled: 0 }

  readonly options: { readonly cores: number; readonly quota: number; readonly period: number; readonly offset: number }

  constructor(options: SlowCpu['options']) {
    this.options = options
    this.#left = options.quota
  }

  /** What happens at `now`, and then the next ns. `next` is what a thread that is done needs once more. */
  step(now: number, arrivals: readonly (readonly [number, number])[], next: Map<number, number>): void {
    const { cores, quota, period, offset } = this.options
    if (this.#ticks && (((now - offset) % period) + period) % period === 0) {
      this.#count({ periods: 1, throttledPeriods: this.#isThrottled ? 1 : 0 })
      this.#left = Math.min(quota, this.#left + quota)
      if (this.#isThrottled) for (const thread of this.#remaining.keys()) this.events.push(`${now} goes on ${thread}`)
      if (this.#isIdle && !this.#isThrottled) this.#ticks = false
      this.#isIdle = !this.#isThrottled
      this.#isThrottled = false
    }
    for (const [thread, remaining] of [...this.#remaining]) {
      if (remaining > 0) continue
      this.#remaining.delete(thread)
      this.events.push(`${now} done ${thread}`)
      const work = next.get(thread) ?? 0
      next.delete(thread)
      if (work > 0) this.#remaining.set(thread, work * UNIT)
    }
    for (const [thread, work] of arrivals) {
      this.#remaining.set(thread, work * UNIT)
      if (this.#isThrottled) this.events.push(`${now} stops ${thread}`)
    }
    const threads = this.#remaining.size
    if (threads === 0) return
    if (!this.#ticks) {
      this.#ticks = true
      this.#left = quota
    }
    if (this.#left <= 0 && !this.#isThrottled) {
      this.#isThrottled = true
      for (const thread of this.#remaining.keys()) this.events.push(`${now} stops ${thread}`)
    }
    const busy = Math.min(threads, cores)
    if (this.#isThrottled) this.#count({ throttled: busy })
    else {
      this.#isIdle = false
      this.#left -= busy
      this.#count({ used: busy })
      for (const [thread, remaining] of this.#remaining) this.#remaining.set(thread, remaining - (UNIT * busy) / threads)
    }
  }

  #count(more: Partial<CpuStat>): void {
    const add = (key: keyof CpuStat) => this.stat[key] + (more[key] ?? 0)
    this.stat = {
      used: add('used'),
      periods: add('periods'),
      throttledPeriods: add('throttledPeriods'),
      throttled: add('throttled'),
    }
  }
}

test('does the same as a container that is followed ns by ns', () => {
  const END = 600
  const scenario = fc.record({
    cores: fc.integer({ min: 1, max: 5 }),
    quota: fc.integer({ min: 5, max: 90 }),
    period: fc.integer({ min: 10, max: 60 }),
    offset: fc.nat(60),
    arrivals: fc.uniqueArray(fc.record({ thread: fc.nat(7), at: fc.nat(400), work: fc.integer({ min: 1, max: 60 }), again: fc.nat(30) }), {
      maxLength: 8,
      selector: ({ thread }) => thread,
    }),
    looks: fc.array(fc.nat(END), { maxLength: 5 }),
  })
  fc.assert(
    fc.property(scenario, ({ arrivals, looks, offset, ...sizes }) => {
      const again = () => new Map(arrivals.map(({ thread, again }) => [thread, again]))
      const slow = new SlowCpu({ ...sizes, offset })
      const stats = new Map<number, CpuStat>()
      const slowNext = again()
      for (let now = 0; now <= END; now++) {
        stats.set(now, slow.stat)
        const come = arrivals.filter(({ at }) => at === now).map(({ thread, work }) => [thread, work] as const)
        slow.step(now, come, slowNext)
      }

      const sim = new Simulation({ seed: '1' })
      const events: string[] = []
      const next = again()
      const cpu: ContainerCpu = new ContainerCpu(
        sim,
        {
          ...sizes,
          onDone: (thread) => {
            events.push(`${sim.now} done ${thread}`)
            const work = next.get(thread) ?? 0
            next.delete(thread)
            if (work > 0) cpu.run(thread, work)
          },
          onThrottled: (thread, is) => events.push(`${sim.now} ${is ? 'stops' : 'goes on'} ${thread}`),
        },
        offset,
      )
      for (const { thread, at, work } of arrivals) sim.after(at, () => cpu.run(thread, work))
      for (const look of looks.toSorted((a, b) => a - b)) {
        sim.run(look)
        const { used, throttled } = cpu.stat()
        expect({ used, throttled }).toEqual({ used: stats.get(look)!.used, throttled: stats.get(look)!.throttled })
      }
      sim.run(END)
      expect(events.toSorted()).toEqual(slow.events.toSorted())
      const { periods, throttledPeriods } = cpu.stat()
      expect({ periods, throttledPeriods }).toEqual({ periods: slow.stat.periods, throttledPeriods: slow.stat.throttledPeriods })
    }),
    { numRuns: 1000 },
  )
})
