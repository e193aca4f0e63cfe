import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AnyObject, Namespace } from '../api/objects/index.ts'
import { LateTimers } from '../engine/late-timers.ts'
import { Simulation } from '../engine/simulation.ts'
import { Trace } from '../engine/trace.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { ApiServer } from './api-server.ts'
import { emptyMeta } from './empty-meta.ts'
import { FLOW_CONTROL_DEFAULTS } from './flow-control/flow-control.ts'
import { ADMINISTRATOR } from './identity.ts'
import { Informer } from './informer.ts'
import { Latencies } from './latencies.ts'
import { keyOf } from './object-key.ts'
import type { WatchEvent } from './watch-cache.ts'

const namespace = (name: string): Namespace => ({ apiVersion: 'v1', kind: 'Namespace', metadata: emptyMeta(name, '') })

/** API servers, a writer who never gives up, and informers of Namespaces, on a machine that may stand still; every second one starts synced. */
function tank(count: number, seed: string, informers = 1) {
  const sim = new Simulation({ seed })
  const trace = new Trace(sim)
  const server = new ApiServer(sim, {
    trace,
    latencies: new Latencies(sim),
    etcdMembers: 1,
    serviceCidr: '10.96.0.0/12',
    flowControl: FLOW_CONTROL_DEFAULTS,
    count,
  })
  const machine = new LateTimers(sim)
  const whenRunning = (run: () => void): void => machine.whenRunning(run)
  const told: WatchEvent[][] = Array.from({ length: informers }, () => [])
  const caches = told.map((events, i) => {
    const informer = new Informer(server, 'Namespace', { name: `client-${i}`, network: 'controlPlaneNetwork', whenRunning })
    informer.listen((event) => events.push(event))
    if (i % 2 === 0) informer.start()
    else informer.startSynced()
    return informer
  })
  const stored = new Map<string, AnyObject>()
  server.observeCommits(({ type, object }) => {
    if (type === 'DELETED') stored.delete(keyOf(object))
    else stored.set(keyOf(object), object)
  })
  let writes = 0
  /** Creates it, changes it, or deletes it, straight in etcd: what is tried here is how watches learn of it. */
  const write = (name: string, action: 'set' | 'delete'): void => {
    const key = `Namespace//${name}`
    const change = ++writes
    server.etcd.propose({
      key,
      expected: -1,
      build: (revision) => {
        const before = stored.get(key)
        if (action === 'delete' && before !== undefined) return { value: null, tag: 7 }
        const uid = before?.metadata.uid ?? `uid-${change}`
        return { value: { ...namespace(name), metadata: { ...emptyMeta(name, ''), uid, resourceVersion: revision } }, tag: 7 }
      },
      done: () => {},
    })
  }
  const writeEvery = (period: Nanos, from: Nanos, until: Nanos, objects = 5): void => {
    for (let at = from, i = 0; at < until; at += period, i++)
      sim.after(at, () => write(`n${(i * 7) % objects}`, i % 11 === 0 ? 'delete' : 'set'))
  }
  const crash = (id: number, at: Nanos, length: Nanos): void => {
    sim.after(at, () => {
      if (server.crash(id) !== null) sim.after(length, () => server.start(id, () => {}))
    })
  }
  return { sim, machine, trace, server, caches, told, stored, write, writeEvery, crash }
}

/** Per object revisions only grow, an object that is gone stays gone, and in the end the cache is what is stored. */
function expectFaithful({ caches, told, stored }: ReturnType<typeof tank>): void {
  for (const events of told) {
    const newest = new Map<string, { revision: number; gone: boolean }>()
    for (const { type, object, revision, fromList } of events) {
      const { uid } = object.metadata
      const before = newest.get(uid)
      if (before?.gone === true) expect.fail(`${uid} is told of after it was gone, at ${revision}`)
      if (!(type === 'DELETED' && fromList === true) && revision <= (before?.revision ?? 0))
        expect.fail(`${uid} is told at ${revision} after ${before!.revision}`)
      newest.set(uid, { revision, gone: type === 'DELETED' })
    }
  }
  for (const cache of caches) {
    const has = [...cache.values()].map((object) => `${object.metadata.name} ${object.metadata.uid} ${object.metadata.resourceVersion}`)
    expect(has.sort()).toEqual(
      [...stored.values()].map(({ metadata: { name, uid, resourceVersion } }) => `${name} ${uid} ${resourceVersion}`).sort(),
    )
  }
}

/** When the watch of that seed begins anew, in an hour without changes. */
function renewalsOf(seed: string): Nanos[] {
  const run = tank(1, seed)
  const cache = run.server.processes[0]!.cache('Namespace')
  const serve = cache.serve.bind(cache)
  const times: Nanos[] = []
  cache.serve = (options) => {
    times.push(run.sim.now)
    return serve(options)
  }
  run.sim.run(3600 * SECOND)
  return times
}

test('a watch that ends after 5 to 10 minutes goes on where it was: an hour of changes comes once each and in order', () => {
  const run = tank(1, 'renewal')
  const renewals = renewalsOf('renewal')
  let streams = 0
  const cache = run.server.processes[0]!.cache('Namespace')
  const serve = cache.serve.bind(cache)
  cache.serve = (options) => {
    streams++
    return serve(options)
  }
  // An event is on its way for 1 to 5 ms and a renewal takes 0.2 ms: one every 2 ms is caught by nearly every renewal, in the seconds
  // in which renewals of this seed come; one a second in the rest.
  run.writeEvery(SECOND, 0, 3600 * SECOND, 1000)
  for (const at of renewals) run.writeEvery(2 * MILLISECOND, at - SECOND, at + SECOND, 1000)
  run.sim.run(3610 * SECOND)
  expectFaithful(run)
  expect(run.told[0]!.map(({ revision }) => revision)).toEqual(run.told[0]!.map((_, i) => i + 2))
  expect(run.told[0]!.every(({ fromList }) => fromList === undefined)).toBe(true)
  // 3,600 s in watches of 300 to 600 s.
  expect(streams).toBeGreaterThanOrEqual(6)
  expect(streams).toBeLessThanOrEqual(12)
})

const BEHIND = [
  { id: 0, at: 30_622, length: 14_999 },
  { id: 1, at: 9908, length: 13_633 },
  { id: 1, at: 20_886, length: 17_367 },
  { id: 1, at: 48_139, length: 10_721 },
]

test('whatever servers crash and come back, per object revisions only grow and every cache ends as what is stored', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2, 3),
      fc.string(),
      fc.array(fc.record({ id: fc.nat(2), at: fc.integer({ min: 0, max: 60_000 }), length: fc.integer({ min: 1, max: 20_000 }) }), {
        maxLength: 8,
      }),
      fc.constantFrom(20, 400),
      (count, seed, crashes, period) => {
        const run = tank(count, seed, 3)
        run.writeEvery(period * MILLISECOND, 0, 60 * SECOND)
        for (const { id, at, length } of crashes) run.crash(id % count, at * MILLISECOND, length * MILLISECOND)
        // The longest outage, its start, and twice the longest back-off of 30 s.
        run.sim.run(200 * SECOND)
        expectFaithful(run)
      },
    ),
    // The example: a client has heard of a change that the server which it moves to does not show yet.
    { numRuns: 40, endOnFailure: true, examples: [[2, '', BEHIND, 20]] },
  )
})

test('when one of three servers dies its watches go on at another within two seconds, without a list and without a gap', () => {
  const run = tank(3, 'failover', 6)
  run.writeEvery(10 * MILLISECOND, 0, 30 * SECOND)
  run.sim.after(10 * SECOND, () => expect(run.server.crash(0)!.watches).toBe(2))
  run.sim.run(40 * SECOND)
  expectFaithful(run)
  for (const events of run.told) {
    // A connection that is given to the dead server before the checks have noticed loses 1 s.
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, i) => i + 2))
    expect(events.every(({ fromList }) => fromList === undefined)).toBe(true)
  }
})

test('a server that is back has no history from before its list: a watch that was cut off lists, and skips the states in between', () => {
  const run = tank(1, 'relist')
  run.writeEvery(100 * MILLISECOND, 0, 60 * SECOND)
  run.crash(0, 10 * SECOND, 5 * SECOND)
  run.sim.run(120 * SECOND)
  expectFaithful(run)
  const fromList = run.told[0]!.filter((event) => event.fromList === true)
  expect(fromList.length).toBeGreaterThan(0)
  expect(fromList.length).toBeLessThanOrEqual(5 + 5)
  expect(run.told[0]!.length).toBeLessThan(600)
})

test('a watch cache that is behind makes a list wait, at most 3 s, and then there is no answer', () => {
  const sim = new Simulation({ seed: 'behind' })
  const trace = new Trace(sim)
  const lag = (value: Nanos) => new Latencies(sim, { watchCache: { kind: 'constant', value } })
  for (const [value, code] of [
    [2 * SECOND, 200],
    [4 * SECOND, 504],
  ] as const) {
    const server = new ApiServer(sim, {
      trace,
      latencies: lag(value),
      etcdMembers: 1,
      serviceCidr: '10.96.0.0/12',
      flowControl: FLOW_CONTROL_DEFAULTS,
    })
    server.begin()
    const begun = sim.now
    let outcome: [number, Nanos] | undefined
    sim.spawn(
      (function* () {
        yield* server.write({
          identity: ADMINISTRATOR,
          verb: 'create',
          kind: 'Namespace',
          namespace: '',
          name: 'a',
          cause: -1,
          change: () => namespace('a'),
          expected: 0,
          quiet: false,
        })
        const asked = sim.now
        try {
          const listed = yield* server.list('Namespace', null)
          outcome = [listed.length === 1 ? 200 : 0, sim.now - asked]
        } catch (error) {
          outcome = [(error as { code: number }).code, sim.now - asked]
        }
      })(),
    )
    sim.run(begun + 20 * SECOND)
    expect(outcome![0]).toBe(code)
    expect(outcome![1] / SECOND).toBeCloseTo(code === 200 ? 2 : 3, 1)
  }
})

test('a client that stands still hears of nothing, neither of a watch nor of a list after a gap, and then of everything', () => {
  fc.assert(
    fc.property(
      fc.record({ from: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 300 }) }),
      fc.array(fc.record({ at: fc.integer({ min: 1, max: 100 }), length: fc.integer({ min: 1, max: 60 }) }), { maxLength: 3 }),
      (still, crashes) => {
        const run = tank(1, 'still', 2)
        run.writeEvery(700 * MILLISECOND, 2 * SECOND, 150 * SECOND)
        for (const { at, length } of crashes) run.crash(0, at * SECOND, length * SECOND)
        run.sim.after(still.from * SECOND, () => run.machine.stop())
        run.sim.run(still.from * SECOND)
        const before = run.told.map((events) => events.length)
        run.sim.run((still.from + still.length) * SECOND)
        expect(run.told.map((events) => events.length)).toEqual(before)
        run.machine.goOn()
        run.sim.run(900 * SECOND)
        expectFaithful(run)
      },
    ),
    { numRuns: 60, seed: 4 },
  )
})
