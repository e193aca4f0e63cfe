import { describe, expect, test } from 'vitest'
import { SECOND, seconds } from '../units.ts'
import { TestCluster } from './test-cluster.ts'

/** When each request of a traffic is sent, seconds. */
function times(
  kind: 'poisson' | 'constant',
  ratePerSecond: number,
  start: number,
  stop: number,
  clients = 1,
): { at: number[]; clients: number[] } {
  const c = new TestCluster({ zones: ['a'] })
  for (let index = 0; index < clients; index++) c.pod({ node: 0, app: 'client' })
  const sent: { at: number[]; clients: number[] } = { at: [], clients: [] }
  c.dataPlane.requests.send = (_traffic, client) => {
    sent.at.push(c.sim.now / SECOND)
    sent.clients.push(client)
  }
  c.traffic({ service: 'web', from: 'client', kind, ratePerSecond, start: seconds(start), stop: seconds(stop) })
  c.sim.run(seconds(stop) + 100 * SECOND)
  return sent
}

describe('OpenLoop', () => {
  test('constant: request k goes out k / rate after the start, without drift, and none at the stop', () => {
    expect(times('constant', 4, 2, 3).at).toEqual([2, 2.25, 2.5, 2.75])
    const thirds = times('constant', 3, 0, 1000).at
    expect(thirds).toHaveLength(3000)
    expect(thirds[2999]).toBe(999.666666667)
  })

  test('poisson: gaps are exponential', () => {
    const { at } = times('poisson', 100, 10, 210)
    expect(at[0]).toBeGreaterThan(10)
    expect(at.at(-1)).toBeLessThan(210)
    // 20,000 expected, standard deviation sqrt(20,000) = 141; 3.3 of them is a 99.9 % interval.
    expect(Math.abs(at.length - 20_000)).toBeLessThan(467)
    const gaps = at.slice(1).map((time, index) => time - at[index]!)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) * (gap - mean), 0) / gaps.length
    expect(variance / (mean * mean)).toBeGreaterThan(0.93)
    expect(variance / (mean * mean)).toBeLessThan(1.07)
  })

  test('clients are chosen uniformly among the running pods', () => {
    const { clients } = times('constant', 1000, 0, 40, 4)
    const counts = [0, 0, 0, 0]
    for (const client of clients) counts[client]!++
    // 40,000 draws: chi-square with 3 degrees of freedom, 99.9 % quantile.
    expect(counts.reduce((sum, count) => sum + ((count - 10_000) * (count - 10_000)) / 10_000, 0)).toBeLessThan(16.27)
  })
})
