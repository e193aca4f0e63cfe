import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ResultTables } from '../result-tables.ts'
import { smallResult } from '../testing.ts'
import { placeOf } from './actors.ts'
import { micros } from './trace-events.ts'

/** The parts of the trace-event format that are used, after its description (Trace Event Format, Google 2016). Times are microseconds. */
const time = z.number().min(0)
const ids = { pid: z.int().min(1), tid: z.int().min(0), ts: time }
const named = { ...ids, name: z.string().min(1), cat: z.string().min(1) }
const texts = z.record(z.string(), z.union([z.string(), z.number()]))
const EVENT = z.discriminatedUnion('ph', [
  z.strictObject({
    ...ids,
    ph: z.literal('M'),
    name: z.enum(['process_name', 'thread_name']).or(z.enum(['process_sort_index', 'thread_sort_index'])),
    args: z.union([z.strictObject({ name: z.string().min(1) }), z.strictObject({ sort_index: z.int() })]),
  }),
  z.strictObject({ ...named, ph: z.literal('X'), dur: z.number().positive(), args: texts }),
  z.strictObject({ ...named, ph: z.literal('i'), s: z.enum(['g', 'p', 't']), args: texts }),
  z.strictObject({ ...named, ph: z.literal('C'), args: z.record(z.string(), z.number()) }),
  z.strictObject({ ...named, ph: z.literal('s'), id: z.int() }),
  z.strictObject({ ...named, ph: z.literal('f'), id: z.int(), bp: z.literal('e') }),
])
const TRACE = z.strictObject({ displayTimeUnit: z.literal('ms'), traceEvents: z.array(EVENT), otherData: texts })

type Event = z.infer<typeof EVENT>

let result: Awaited<ReturnType<typeof smallResult>>
let events: readonly Event[]
const of = <Phase extends Event['ph']>(phase: Phase) => events.filter((event): event is Extract<Event, { ph: Phase }> => event.ph === phase)
/** Whole nanoseconds. */
const nanos = (us: number): number => Math.round(us * 1000)

beforeAll(async () => {
  result = await smallResult()
  events = TRACE.parse(JSON.parse(await result.exported('perfetto'))).traceEvents
}, 120_000)
afterAll(() => result.remove())

describe('a trace for Perfetto', () => {
  test('slices of a thread lie within each other or apart, never across', () => {
    const threads = grouped(of('X'))
    expect(threads.size).toBeGreaterThan(20)
    for (const slices of threads.values()) {
      const sorted = [...slices].sort((a, b) => a.ts - b.ts || b.dur - a.dur)
      const open: number[] = []
      for (const { ts, dur, name } of sorted) {
        const [start, end] = [nanos(ts), nanos(ts) + nanos(dur)]
        while (open.length > 0 && open.at(-1)! <= start) open.pop()
        if (open.length > 0) expect(end, name).toBeLessThanOrEqual(open.at(-1)!)
        open.push(end)
      }
    }
  })

  test('each arrow has one beginning and one end, each within a slice of its thread, and none goes back in time', () => {
    const begins = new Map(of('s').map((event) => [event.id, event]))
    const ends = new Map(of('f').map((event) => [event.id, event]))
    expect(begins.size).toBe(of('s').length)
    expect([...begins.keys()].sort()).toEqual([...ends.keys()].sort())
    expect(begins.size).toBeGreaterThan(100)
    const threads = grouped(of('X'))
    const isWithin = ({ tid, ts }: { tid: number; ts: number }): boolean =>
      threads.get(tid)!.some((slice) => nanos(slice.ts) <= nanos(ts) && nanos(ts) < nanos(slice.ts) + nanos(slice.dur))
    for (const [id, begin] of begins) {
      expect(isWithin(begin) && isWithin(ends.get(id)!)).toBe(true)
      expect(ends.get(id)!.ts).toBeGreaterThanOrEqual(begin.ts)
    }
  })

  test('there is an arrow for every hop with a cause, and a slice for every hop', async () => {
    let hops = 0
    let caused = 0
    for await (const row of new ResultTables(result.folder).rows('objects')) {
      hops++
      if (row.cause_hop !== '') caused++
    }
    expect(of('X').filter(({ cat }) => cat === 'hop')).toHaveLength(hops)
    expect(of('f')).toHaveLength(caused)
  })

  test('every process and thread has a name of its own; nothing is on a thread that has none', () => {
    const meta = of('M')
    const names = (name: string) => meta.flatMap((event) => (event.name === name && 'name' in event.args ? [event.args.name] : []))
    const processes = names('process_name')
    expect(new Set(processes).size).toBe(processes.length)
    for (const wanted of [
      'kubectl',
      'kube-apiserver',
      'etcd',
      'kube-scheduler',
      'kubelet/worker-1',
      'kube-proxy/worker-1',
      'timeline',
      'traffic pods',
    ])
      expect(processes).toContain(`ipvs: ${wanted}`)
    const threads = new Set(meta.flatMap(({ name, tid }) => (name === 'thread_name' ? [tid] : [])))
    for (const { tid } of [...of('X'), ...of('i')]) expect(threads.has(tid)).toBe(true)
  })

  test('commands and faults are instants over everything; counters come second by second', () => {
    const global = of('i').filter(({ s }) => s === 'g')
    expect(global.filter(({ cat }) => cat === 'fault')).toHaveLength(2)
    expect(global.find(({ name }) => /^command: .*rollout restart deployment\/web$/.test(name))?.ts).toBe(25_000_000)
    const rates = of('C').filter(({ name }) => name === 'requests/s')
    expect(rates.some(({ args }) => args.ok! > 20)).toBe(true)
    expect(rates.some(({ args }) => args.failed! > 0)).toBe(true)
  })

  test('a request that was kept is a slice with its parts within', async () => {
    const requests = of('X').filter(({ cat, name }) => cat === 'request' && / \d+: /.test(name))
    const kept = new Set<string>()
    for await (const row of new ResultTables(result.folder).rows('samples')) kept.add(`${row.variant} ${row.traffic} ${row.request}`)
    expect(requests).toHaveLength(kept.size)
    expect(of('X').filter(({ cat, name }) => cat === 'request' && name === 'call').length).toBeGreaterThan(3)
  })

  test('is the same twice', async () => {
    expect(await result.exported('perfetto')).toBe(await result.exported('perfetto'))
  })
})

test.each([
  [0, 0],
  [1, 0.001],
  [999, 0.999],
  [1_000, 1],
  [291_944_616, 291_944.616],
  [300_000_000_001, 300_000_000.001],
])('%i ns are %f µs', (time, expected) => {
  expect(micros(time)).toBe(expected)
})

test('components stand from the command to the node, nodes by number', () => {
  const actors = [
    'kubectl',
    'kube-apiserver',
    'etcd',
    'deployment-controller',
    'kube-scheduler',
    'kubelet/worker-2',
    'kubelet/worker-10',
    'kube-proxy/worker-1',
  ]
  const orders = actors.map((actor) => placeOf(actor).order)
  expect(orders).toEqual([...orders].sort((a, b) => a - b))
  expect(new Set(orders).size).toBe(orders.length)
  expect(placeOf('deployment-controller')).toMatchObject({ process: 'kube-controller-manager', thread: 'deployment-controller' })
})

function grouped<Item extends { tid: number }>(items: readonly Item[]): Map<number, Item[]> {
  const groups = new Map<number, Item[]>()
  for (const item of items) groups.set(item.tid, [...(groups.get(item.tid) ?? []), item])
  return groups
}
