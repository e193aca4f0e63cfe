import { describe, expect, test } from 'vitest'
import { MILLISECOND } from '../../src/units.ts'
import { erlangB, erlangC, stateProbabilities } from './erlang.ts'
import { type Estimate, estimate } from './replications.ts'
import { replicate, type StationCase, type StationMeasures } from './station-replication.ts'

/**
 * The station against queueing theory. For each measure the 99.9 % interval over 20 replications is narrower than ± 2 % of what theory
 * says, and holds it. In every case a server that is 2 % slower moves the waiting time by 5 % and more, so it would be seen.
 */
const MS = MILLISECOND
/** What adding up may cost a measure that has no variance. */
const ROUNDING = 1e-12
const ENDLESS = Number.POSITIVE_INFINITY

/** The narrowness is asked of every measure, the truth too. */
function expectTheory(options: StationCase, theory: Partial<Record<keyof StationMeasures, number>>): void {
  const estimates: Record<string, Estimate> = estimate((seed) => replicate(options, seed))
  for (const [measure, expected] of Object.entries(theory)) {
    const { mean, halfWidth } = estimates[measure]!
    expect(halfWidth / expected!, `half-width of ${measure}`).toBeLessThan(0.02)
    expect(Math.abs(mean - expected!), `${measure} is ${mean}, by theory ${expected}`).toBeLessThan(halfWidth + ROUNDING)
  }
}

describe('one server, an endless queue', () => {
  test('M/M/1, utilisation 0.8: wait = rho / (mu - lambda) = 4 ms, one service more in the system', () => {
    expectTheory(
      { servers: 1, queueCapacity: ENDLESS, pause: 1.25 * MS, service: { kind: 'exponential', mean: MS }, customers: 400_000 },
      { wait: 4, sojourn: 5, utilisation: 0.8, delayed: 0.8 },
    )
  })

  test('a server that is 2 % slower is seen', () => {
    const slower: StationCase = {
      servers: 1,
      queueCapacity: ENDLESS,
      pause: 1.25 * MS,
      service: { kind: 'exponential', mean: 1.02 * MS },
      customers: 400_000,
    }
    const { wait, sojourn, utilisation, delayed } = estimate((seed) => replicate(slower, seed)) as Record<keyof StationMeasures, Estimate>
    expect(wait!.mean - 4).toBeGreaterThan(wait!.halfWidth)
    expect(sojourn!.mean - 5).toBeGreaterThan(sojourn!.halfWidth)
    expect(utilisation!.mean - 0.8).toBeGreaterThan(utilisation!.halfWidth)
    expect(delayed!.mean - 0.8).toBeGreaterThan(delayed!.halfWidth)
  })

  test('M/D/1, utilisation 0.8: half the wait of M/M/1, 2 ms', () => {
    expectTheory(
      { servers: 1, queueCapacity: ENDLESS, pause: 1.25 * MS, service: { kind: 'constant', value: MS }, customers: 300_000 },
      { wait: 2, sojourn: 3, utilisation: 0.8, delayed: 0.8 },
    )
  })

  // Pollaczek–Khinchine: wait = rho / (1 - rho) * s * (1 + c²) / 2, for mean service s and squared coefficient of variation c²
  test('M/G/1, gamma of shape 0.5 (c² = 2), utilisation 0.7: wait = 0.7 / 0.3 * 1.5 = 3.5 ms', () => {
    expectTheory(
      { servers: 1, queueCapacity: ENDLESS, pause: MS / 0.7, service: { kind: 'gamma', shape: 0.5, mean: MS }, customers: 400_000 },
      { wait: 3.5, sojourn: 4.5, utilisation: 0.7, delayed: 0.7 },
    )
  })

  test('M/G/1, uniform from 0 to 2 ms (c² = 1/3), utilisation 0.75: wait = 3 * 2/3 = 2 ms', () => {
    expectTheory(
      { servers: 1, queueCapacity: ENDLESS, pause: MS / 0.75, service: { kind: 'uniform', min: 0, max: 2 * MS }, customers: 300_000 },
      { wait: 2, sojourn: 3, utilisation: 0.75, delayed: 0.75 },
    )
  })

  test('M/G/1, log-normal of p99 = 3 p50, utilisation 0.7: c² = exp(sigma²) - 1 with sigma = ln 3 / z99', () => {
    const sigma = Math.log(3) / 2.3263478740408408
    const mean = Math.exp(sigma ** 2 / 2)
    const wait = (0.7 / 0.3) * mean * (Math.exp(sigma ** 2) / 2)
    expectTheory(
      {
        servers: 1,
        queueCapacity: ENDLESS,
        pause: (mean * MS) / 0.7,
        service: { kind: 'lognormal', p50: MS, p99: 3 * MS },
        customers: 300_000,
      },
      { wait, sojourn: wait + mean, utilisation: 0.7, delayed: 0.7 },
    )
  })
})

describe('several servers', () => {
  test.each([
    [2, 1.5],
    [4, 3.2],
    [8, 6],
  ])('M/M/%i, offered load %f: Erlang C waits, for 1 / (c mu - lambda)', (servers, load) => {
    const delayed = erlangC(servers, load)
    const wait = delayed / (servers - load)
    expectTheory(
      { servers, queueCapacity: ENDLESS, pause: MS / load, service: { kind: 'exponential', mean: MS }, customers: 600_000 },
      { wait, sojourn: wait + 1, utilisation: load / servers, delayed },
    )
  })

  test.each([
    ['exponential', { kind: 'exponential', mean: MS }],
    // Erlang's loss formula holds for every distribution of the same mean
    ['constant', { kind: 'constant', value: MS }],
    ['gamma', { kind: 'gamma', shape: 0.5, mean: MS }],
  ] as const)('M/G/5/5, offered load 4, %s service: Erlang B is lost', (_name, service) => {
    const loss = erlangB(5, 4)
    expectTheory(
      { servers: 5, queueCapacity: 0, pause: MS / 4, service, customers: 100_000 },
      { loss, sojourn: 1, utilisation: (4 * (1 - loss)) / 5 },
    )
  })

  test('M/M/3/8, offered load 2.7: the state probabilities say who is lost, who waits and how long', () => {
    const states = stateProbabilities(3, 8, 2.7)
    const loss = states[8]!
    const queued = states.reduce((sum, probability, n) => sum + Math.max(0, n - 3) * probability, 0)
    const wait = queued / (2.7 * (1 - loss)) // Little's law, for those who are served
    expectTheory(
      { servers: 3, queueCapacity: 5, pause: MS / 2.7, service: { kind: 'exponential', mean: MS }, customers: 200_000 },
      { loss, wait, sojourn: wait + 1, utilisation: (2.7 * (1 - loss)) / 3, delayed: states.slice(3, 8).reduce((sum, p) => sum + p, 0) },
    )
  })
})

test('the formulas agree with published values', () => {
  // Erlang B, 5 servers and 4 erlang: (4^5 / 5!) / sum of 4^n / n! = 8.5333 / 42.8667
  expect(erlangB(5, 4)).toBeCloseTo(0.199067, 6)
  expect(stateProbabilities(5, 5, 4)[5]).toBeCloseTo(erlangB(5, 4), 12)
  // Erlang C, 2 servers, utilisation 0.75: 2 rho² / (1 + rho) = 0.642857; one server: rho
  expect(erlangC(2, 1.5)).toBeCloseTo(0.642857, 6)
  expect(erlangC(1, 0.8)).toBeCloseTo(0.8, 12)
})
