import { describe, expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { imbalance, loadRate, type PodLoad, PodLoads } from './pod-loads.ts'

function arrive(loads: PodLoads, pod: number, times: number): void {
  for (let i = 0; i < times; i++) loads.arrived(pod)
}

describe('PodLoads', () => {
  test('counts requests, and the time in which a process listened', () => {
    const loads = new PodLoads()
    loads.add()
    loads.opened(0, 2 * SECOND)
    arrive(loads, 0, 3)
    loads.closed(0, 5 * SECOND)
    expect(loads.load(0, 9 * SECOND)).toEqual({ requests: 3, listened: 3 * SECOND, listening: false })
    loads.opened(0, 10 * SECOND)
    // 2 s to 5 s and 10 s to 14 s.
    expect(loads.load(0, 14 * SECOND)).toEqual({ requests: 3, listened: 7 * SECOND, listening: true })
  })

  test('closing what is closed changes nothing, nor does opening what is open', () => {
    const loads = new PodLoads()
    loads.add()
    loads.closed(0, 1 * SECOND)
    loads.opened(0, 2 * SECOND)
    loads.opened(0, 3 * SECOND)
    loads.closed(0, 4 * SECOND)
    loads.closed(0, 6 * SECOND)
    expect(loads.load(0, 6 * SECOND)).toEqual({ requests: 0, listened: 2 * SECOND, listening: false })
  })

  test('what was before counting began is forgotten, and a pod that listens goes on listening', () => {
    const loads = new PodLoads()
    for (let pod = 0; pod < 2; pod++) loads.add()
    loads.opened(0, 0)
    arrive(loads, 0, 5)
    loads.restart(30 * SECOND)
    arrive(loads, 0, 2)
    expect(loads.load(0, 40 * SECOND)).toEqual({ requests: 2, listened: 10 * SECOND, listening: true })
    expect(loads.load(1, 40 * SECOND)).toEqual({ requests: 0, listened: 0, listening: false })
  })
})

describe('imbalance', () => {
  const load = (requests: number, seconds: number, listening = true): PodLoad => ({ requests, listened: seconds * SECOND, listening })

  test('is 1 when every pod has the same rate, however long it has been there', () => {
    expect(imbalance([load(100, 10), load(50, 5), load(10, 1)])).toBe(1)
  })

  test('is the number of pods when one has everything', () => {
    expect(imbalance([load(0, 10), load(700, 10), load(0, 10), load(0, 3)])).toBe(4)
  })

  test('is the rate of the busiest over the mean', () => {
    // Rates 10, 20 and 30 a second: 30 over a mean of 20.
    expect(imbalance([load(100, 10), load(200, 10), load(300, 10)])).toBeCloseTo(1.5, 12)
  })

  test('leaves out pods that are gone', () => {
    expect(imbalance([load(9000, 10, false), load(10, 10), load(10, 10)])).toBe(1)
  })

  test('says nothing where there is nothing to compare', () => {
    expect(imbalance([])).toBe(null)
    expect(imbalance([load(5, 10, false)])).toBe(null)
    expect(imbalance([load(0, 10)])).toBe(null)
  })

  test('a pod that has only just come counts as idle', () => {
    expect(loadRate(load(0, 0))).toBe(0)
    expect(imbalance([load(10, 10), load(0, 0)])).toBe(2)
  })
})
