import { expect, test } from 'vitest'
import { Simulation } from './simulation.ts'
import { NO_CAUSE, Trace } from './trace.ts'

test('hops come back as they were recorded, in order, from column to column over every growth', () => {
  const sim = new Simulation({ seed: '0' })
  const trace = new Trace(sim)
  const expected: object[] = []
  for (let i = 0; i < 1000; i++) {
    sim.run(i * 10)
    const hop = { cause: i === 0 ? NO_CAUSE : (i - 1) >> 1, actor: `actor ${i % 3}`, action: `action ${i % 5}`, subject: `pod ${i}` }
    const given = i % 2 === 0 ? hop : { ...hop, revision: 2 ** 40 + i, started: i * 10 - 5, detail: `detail ${i % 7}` }
    expect(trace.record(given)).toBe(i)
    expected.push({ revision: 0, started: i * 10, detail: '', ...given, id: i, time: i * 10 })
  }
  expect(trace.length).toBe(1000)
  expect([...trace]).toEqual(expected)
  expect(trace.hop(999)).toEqual(expected[999])
})

test('a cause is an earlier hop, a hop ends after it began, and only recorded hops can be read', () => {
  const sim = new Simulation({ seed: '0' })
  const trace = new Trace(sim)
  const hop = { actor: 'a', action: 'b', subject: 'c' }
  expect(() => trace.record({ ...hop, cause: 0 })).toThrow('earlier hop')
  expect(() => trace.record({ ...hop, cause: NO_CAUSE, started: 1 })).toThrow('after it ended')
  expect(() => trace.hop(0)).toThrow('no such hop')
  expect(trace.length).toBe(0)
})
