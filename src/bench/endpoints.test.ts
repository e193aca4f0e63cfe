import { expect, test } from 'vitest'
import { ReseedableStream } from '../engine/random-stream.ts'
import { OVERHEAD_PER_WEIGHT } from '../proxy/ipvs/schedulers/wlc.ts'
import { walk } from '../proxy/statistic-cascade.ts'
import { type Endpoints, IpvsEndpoints, RandomMap, ScannedEndpoints, StatisticChain } from './endpoints.ts'

const opened = (endpoints: Endpoints, times: number): number[] => Array.from({ length: times }, () => endpoints.open())

test.each([1, 10, 16, 17, 100])('wlc with %i endpoints picks what a scan picks, also after changes', (count) => {
  const scheduled = new IpvsEndpoints('wlc', count, 5)
  const scanned = new ScannedEndpoints(OVERHEAD_PER_WEIGHT, count, 5)
  expect(opened(scheduled, 500)).toEqual(opened(scanned, 500))
  expect(scheduled.addAndRemove()).toBe(scanned.addAndRemove())
  expect(opened(scheduled, 500)).toEqual(opened(scanned, 500))
})

test('a statistic chain leads where the cascade leads with the same draws, and counts its rules', () => {
  const chain = new StatisticChain(7, 3)
  const draws = new ReseedableStream(3)
  for (let connection = 0; connection < 1000; connection += 1) {
    const expected = walk(7, () => draws.int32() >>> 1)
    expect(chain.open()).toBe(expected)
    expect(chain.examined).toBe(expected + 1)
  }
})

test.each([
  ['statistic chain', () => new StatisticChain(5, 1)],
  ['random map', () => new RandomMap(5, 1)],
])('a %s reaches every endpoint, and the added one only while it is there', (_name, make) => {
  const endpoints = make()
  const withAdded = new Set(Array.from({ length: 500 }, () => Math.floor(endpoints.addAndRemove() / 31)))
  expect(withAdded).toContain(5)
  expect([...new Set(opened(endpoints, 500))].sort()).toEqual([0, 1, 2, 3, 4])
})

test('a connection that closes makes room: ovf refuses while its endpoints are full, and takes connections again later', () => {
  // 4 endpoints of weight 1 take 2 connections each; 8 live, and which of them closes is drawn.
  const answers = opened(new IpvsEndpoints('ovf', 4, 9), 2000)
  const refused = answers.filter((endpoint) => endpoint === -1).length
  expect(refused).toBeGreaterThan(0)
  expect(refused).toBeLessThan(1000)
})
