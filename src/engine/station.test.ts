import { describe, expect, test } from 'vitest'
import { Simulation } from './simulation.ts'
import { Station } from './station.ts'

/** A station whose customer n needs 10 n ns, with a log of (time, what, customer). */
function start(servers: number, queueCapacity: number) {
  const sim = new Simulation({ seed: '0' })
  const log: string[] = []
  const station: Station = new Station(sim, {
    servers,
    queueCapacity,
    onStart: (customer) => {
      log.push(`${sim.now} starts ${customer}`)
      return 10 * customer
    },
    onDone: (customer) => log.push(`${sim.now} done ${customer}, ${station.busy} busy, ${station.queued} queued`),
  })
  return { sim, log, station }
}

test('serves in the order of arrival, on as many servers as there are', () => {
  const { sim, log, station } = start(2, 10)
  expect([3, 1, 2, 4].map((customer) => station.arrive(customer))).toEqual([true, true, true, true])
  expect([station.busy, station.queued]).toEqual([2, 2])
  sim.run(1000)
  expect(log).toEqual([
    '0 starts 3',
    '0 starts 1',
    '10 starts 2',
    '10 done 1, 2 busy, 1 queued',
    '30 starts 4',
    '30 done 3, 2 busy, 0 queued',
    '30 done 2, 1 busy, 0 queued',
    '70 done 4, 0 busy, 0 queued',
  ])
})

/** Servers A and B: A serves 3 (0 to 30) and 4 (30 to 70), B serves 1 (0 to 10) and 2 (10 to 30). */
test('tells how long its servers have been busy so far', () => {
  const { sim, station } = start(2, 10)
  for (const customer of [3, 1, 2, 4]) station.arrive(customer)
  const seen: number[] = []
  for (const at of [0, 15, 30, 35, 70, 1000]) {
    sim.run(at)
    seen.push(station.busyTime)
  }
  expect(seen).toEqual([0, 2 * 15, 2 * 30, 2 * 30 + 5, 100, 100])
})

test('service that is cut short counts as far as it went', () => {
  const { sim, station } = start(2, 10)
  for (const customer of [3, 1, 2, 4]) station.arrive(customer)
  sim.run(20)
  station.clear(() => {})
  expect(station.busyTime).toBe(2 * 20)
  sim.run(100)
  expect(station.busyTime).toBe(2 * 20)
  station.arrive(1)
  sim.run(105)
  expect(station.busyTime).toBe(2 * 20 + 5)
})

test('refuses a customer when all servers are busy and the queue is full, and only then', () => {
  const { sim, station } = start(1, 2)
  expect([1, 1, 1, 1].map((customer) => station.arrive(customer))).toEqual([true, true, true, false])
  sim.run(10)
  expect([station.arrive(1), station.arrive(1)]).toEqual([true, false])
  const loss = start(1, 0).station
  expect([loss.arrive(1), loss.arrive(1)]).toEqual([true, false])
})

test('keeps the order of a queue that grows round its end', () => {
  const { sim, log, station } = start(1, Number.POSITIVE_INFINITY)
  const expected: number[] = []
  let customer = 1
  for (const burst of [12, 9, 100, 3]) {
    for (let i = 0; i < burst; i++) {
      expected.push(customer)
      station.arrive(customer++)
    }
    sim.run(sim.now + 400)
  }
  sim.run(sim.now + 1_000_000)
  expect(log.filter((line) => line.includes('starts')).map((line) => Number(line.split(' ')[2]))).toEqual(expected)
})

test('with infinitely many servers nobody waits; without a service time service takes none, but is an event', () => {
  const sim = new Simulation({ seed: '0' })
  const done: number[] = []
  const station = new Station(sim, { servers: Number.POSITIVE_INFINITY, queueCapacity: 0, onDone: (customer) => done.push(customer) })
  for (let customer = 0; customer < 100; customer++) expect(station.arrive(customer)).toBe(true)
  expect([station.busy, done.length]).toEqual([100, 0])
  sim.run(0)
  expect([station.busy, done.length]).toEqual([0, 100])
})

describe('clear', () => {
  test('hands over those in service in the order of their start, then those who wait, and takes their events back', () => {
    const { sim, log, station } = start(3, 10)
    for (const customer of [5, 1, 9, 6, 7, 8]) station.arrive(customer)
    sim.run(10) // 1 is done, 6 took its server: started 5, 9, 6
    log.length = 0
    const dropped: number[] = []
    station.clear((customer) => {
      dropped.push(customer)
      expect([station.busy, station.queued]).toEqual([0, 0])
    })
    expect([dropped, sim.pending]).toEqual([[5, 9, 6, 7, 8], 0])
    sim.run(1000)
    expect(log).toEqual([])
  })

  test('leaves a station that works, also for customers that come back at once', () => {
    const { sim, log, station } = start(2, 1)
    for (const customer of [1, 2, 3]) station.arrive(customer)
    log.length = 0
    station.clear((customer) => expect(station.arrive(customer)).toBe(true))
    sim.run(1000)
    expect(log).toEqual([
      '0 starts 1',
      '0 starts 2',
      '10 starts 3',
      '10 done 1, 2 busy, 0 queued',
      '20 done 2, 1 busy, 0 queued',
      '40 done 3, 0 busy, 0 queued',
    ])
  })
})

describe('servers that stand still', () => {
  test('what was left of a service is left at the end, and they were not busy meanwhile', () => {
    const { sim, log, station } = start(2, 10)
    for (const customer of [3, 1, 2]) station.arrive(customer)
    const busy: number[] = []
    sim.after(15, () => station.standStill(115))
    for (const at of [15, 60, 115, 120, 200]) sim.after(at, () => busy.push(station.busyTime))
    sim.run(1000)
    expect(log).toEqual([
      '0 starts 3',
      '0 starts 1',
      '10 starts 2',
      '10 done 1, 2 busy, 0 queued',
      '130 done 3, 1 busy, 0 queued',
      '130 done 2, 0 busy, 0 queued',
    ])
    expect(busy).toEqual([30, 30, 30, 40, 60])
  })

  test('emptied meanwhile, they have been busy as long as they were', () => {
    const { sim, station } = start(1, 10)
    station.arrive(3)
    sim.after(10, () => station.standStill(110))
    sim.after(50, () => station.clear(() => {}))
    sim.after(60, () => station.arrive(1))
    sim.run(1000)
    expect(station.busyTime).toBe(20)
  })
})
