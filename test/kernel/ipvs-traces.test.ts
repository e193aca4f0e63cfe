/** What a real Linux 6.1 did with 5,611 connections: the model does the same, pick by pick and counter by counter. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isSchedulerName } from '../../src/proxy/ipvs/schedulers/index.ts'
import { firstDifference, type Trace } from './replay.ts'

const traces = (JSON.parse(readFileSync(new URL('./ipvs-traces.json', import.meta.url), 'utf8')) as { traces: Trace[] }).traces
const implemented = traces.filter((trace) => isSchedulerName(trace.scheduler))
const missing = traces.length - implemented.length

describe(`IPVS does what Linux 6.1 did (schedulers not yet implemented: ${missing} traces)`, () => {
  test.each(implemented.map((trace) => [`${trace.id}: ${trace.note}`, trace] as const))('%s', (_name, trace) => {
    expect(firstDifference(trace)).toBeNull()
  })
})

/** Short hand-made traces: what a recording may also hold. */
describe('a replay', () => {
  const trace = (steps: object[], sysctl: Trace['sysctl'] = {}): Trace =>
    ({
      id: 'hand-made',
      scheduler: 'rr',
      note: '',
      service: { proto: 'tcp' },
      sysctl,
      backends: [
        { id: 'b1', addr: '10.1.0.1', port: 8080, weight: 1 },
        { id: 'b2', addr: '10.1.0.2', port: 8080, weight: 1 },
      ],
      steps,
    }) as Trace
  const open = (conn: string, sport: number, got: string | null, counters: object) => ({
    op: 'open',
    conn,
    src: '10.0.1.1',
    sport,
    dst: '10.96.0.1',
    dport: 80,
    got,
    counters,
  })
  const first = open('c1', 1000, 'b2', { b1: [0, 0], b2: [1, 0] })

  test('names the first step that differs', () => {
    const wrongPick = trace([first, open('c2', 1001, 'b2', { b1: [0, 0], b2: [2, 0] }), open('c3', 1002, 'b9', {})])
    expect(firstDifference(wrongPick)).toBe('step 1, open c2: backend: expected "b2", got "b1"')
    const wrongCount = trace([{ ...first, counters: { b1: [0, 0], b2: [0, 1] } }])
    expect(firstDifference(wrongCount)).toContain('step 0, open c1: counters')
    const wrongOrder = trace([{ ...first, kernelOrder: ['b1', 'b2'] }])
    expect(firstDifference(wrongOrder)).toBe('step 0, open c1: order: expected ["b1","b2"], got ["b2","b1"]')
  })

  test('leaves out what the recording could not send', () => {
    expect(firstDifference(trace([{ ...open('c0', 999, null, {}), error: 'OSError' }, first]))).toBeNull()
  })

  test.each([[{ sysctl: { expire_nodest_conn: 1 } }], [{ name: 'expire_nodest_conn', value: 1 }]])(
    'sets %j on its way: data to a removed backend then ends the connection, and does not reach it when it is back',
    (set) => {
      const removed = { b1: [0, 0] }
      const steps = (sysctl: object[], got: string | null, back: [number, number]) => [
        first,
        ...sysctl,
        { op: 'remove', backend: 'b2', counters: removed },
        { op: 'send', conn: 'c1', got: null, counters: removed },
        { op: 'add', backend: 'b2', weight: 1, counters: { b1: [0, 0], b2: back } },
        { op: 'sleep', seconds: 3, counters: { b1: [0, 0], b2: back } },
        { op: 'send', conn: 'c1', got, counters: { b1: [0, 0], b2: back } },
      ]
      expect(firstDifference(trace(steps([], 'b2', [1, 0])))).toBeNull()
      const setting = { op: 'sysctl', ...set, counters: first.counters }
      expect(firstDifference(trace(steps([setting], null, [0, 0])))).toBeNull()
      expect(firstDifference(trace(steps([], null, [0, 0])))).not.toBeNull()
    },
  )

  test('refuses a sysctl that it does not know', () => {
    expect(() => firstDifference(trace([{ op: 'sysctl', name: 'expire_nodest', value: 1, counters: {} }]))).toThrow(
      'Cannot set expire_nodest to 1',
    )
  })
})
