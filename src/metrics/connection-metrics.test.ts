import { describe, expect, test } from 'vitest'
import { SECOND } from '../units.ts'
import { ConnectionMetrics, DRAINING, GONE, LISTENING } from './connection-metrics.ts'

/** Pods whose counters the test sets. */
function world(pods: number, options: { measureFrom?: number } = {}) {
  const now = Array.from({ length: pods }, () => ({ state: GONE, open: 0, inFlight: 0 }))
  const metrics = new ConnectionMetrics({
    measureFrom: 0,
    ...options,
    counters: {
      get pods() {
        return now.length
      },
      state: (pod) => now[pod]!.state,
      inFlight: (pod) => now[pod]!.inFlight,
      openConnections: () => Int32Array.from(now, ({ open }) => open),
      nameOf: (pod) => (pod === 1 ? null : { namespace: 'shop', name: `web-${pod}`, node: 'worker-1' }),
    },
  })
  const rows = () => [...metrics.table().rows].map((row) => [row[0], ...row.slice(4, 5), ...row.slice(6)].join(' '))
  return { now, metrics, rows }
}

describe('ConnectionMetrics', () => {
  test('has a row where there is a connection or a request, and one with zeros after it and for each state', () => {
    const { now, metrics, rows } = world(1)
    const steps = [
      { state: GONE, open: 0, inFlight: 0 },
      { state: LISTENING, open: 0, inFlight: 0 },
      { state: LISTENING, open: 0, inFlight: 0 },
      { state: LISTENING, open: 3, inFlight: 1 },
      { state: LISTENING, open: 3, inFlight: 1 },
      { state: LISTENING, open: 0, inFlight: 2 },
      { state: LISTENING, open: 0, inFlight: 0 },
      { state: LISTENING, open: 0, inFlight: 0 },
      { state: DRAINING, open: 0, inFlight: 0 },
      { state: GONE, open: 0, inFlight: 0 },
      { state: GONE, open: 0, inFlight: 0 },
    ]
    for (const [second, step] of steps.entries()) {
      now[0] = step
      metrics.endInterval((second + 1) * SECOND)
    }
    expect(rows()).toEqual([
      '1 web-0 listening 0 0',
      '3 web-0 listening 3 1',
      '4 web-0 listening 3 1',
      '5 web-0 listening 0 2',
      '6 web-0 listening 0 0',
      '8 web-0 draining 0 0',
      '9 web-0 gone 0 0',
    ])
  })

  test('tells of pods one after the other, whenever they come, and of none that has no name', () => {
    const { now, metrics, rows } = world(2)
    now[1] = { state: LISTENING, open: 5, inFlight: 5 }
    for (let second = 0; second < 300; second++) {
      now.push({ state: LISTENING, open: second, inFlight: 0 })
      metrics.endInterval((second + 1) * SECOND)
    }
    const found = rows()
    // The first of them has nothing but that it listens, the others a row a second.
    expect(found).toHaveLength(1 + (299 * 300) / 2)
    expect(found.slice(0, 4)).toEqual(['0 web-2 listening 0 0', '1 web-3 listening 1 0', '2 web-3 listening 1 0', '3 web-3 listening 1 0'])
    expect(found.at(-1)).toBe('299 web-301 listening 299 0')
  })

  test('cuts time as other tables do, and the last interval may be short', () => {
    const { now, metrics } = world(1, { measureFrom: 1.5 * SECOND })
    now[0] = { state: LISTENING, open: 1, inFlight: 0 }
    for (const end of [0.5, 1.5, 2.5, 2.75]) metrics.endInterval(end * SECOND)
    expect([...metrics.table().rows].map((row) => row.slice(0, 3))).toEqual([
      [0, 0.5, 'warm-up'],
      [0.5, 1, 'warm-up'],
      [1.5, 1, 'measured'],
      [2.5, 0.25, 'measured'],
    ])
    expect(() => metrics.endInterval(2.75 * SECOND)).toThrow('An interval of connections')
  })
})
