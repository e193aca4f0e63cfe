import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ANY_REVISION, Etcd } from '../../src/control-plane/etcd.ts'
import { Latencies } from '../../src/control-plane/latencies.ts'
import { Simulation } from '../../src/engine/simulation.ts'
import { MILLISECOND, MINUTE, type Nanos, SECOND } from '../../src/units.ts'
import { deploymentOf, Testbed } from './testbed.ts'

function tank(members: number, seed: string) {
  const sim = new Simulation({ seed })
  const etcd = new Etcd<string>(sim, { members, latencies: new Latencies(sim) })
  const acknowledged: string[] = []
  const leaders: { readonly leader: number | null; readonly term: number; readonly at: Nanos }[] = []
  etcd.observeLeader((leader, term) => leaders.push({ leader, term, at: sim.now }))
  const write = (key: string, lease?: number): void =>
    etcd.propose({
      key,
      expected: ANY_REVISION,
      build: () => ({ value: key, tag: 0, lease }),
      done: ({ ok }) => {
        if (ok) acknowledged.push(key)
      },
    })
  return { sim, etcd, acknowledged, leaders, write }
}

test('when every member is down at once and comes back, whatever the order, nothing that was acknowledged is lost', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 3, 5),
      fc.string(),
      fc.integer({ min: 0, max: 4000 }),
      fc.array(fc.integer({ min: 1, max: 8000 }), { minLength: 5, maxLength: 5 }),
      (members, seed, crashAt, backAfter) => {
        const { sim, etcd, acknowledged, leaders, write } = tank(members, seed)
        for (let i = 0; i < 400; i++) sim.after(i * 20 * MILLISECOND, () => write(`k${i}`))
        sim.after(crashAt * MILLISECOND, () => {
          for (let id = 0; id < members; id++) {
            etcd.crashMember(id)
            sim.after(backAfter[id]! * MILLISECOND, () => etcd.restartMember(id))
          }
        })
        sim.run(60 * SECOND)
        write('last')
        sim.run(70 * SECOND)
        expect(acknowledged.at(-1)).toBe('last')
        const lost = acknowledged.filter((key) => etcd.get(key) === undefined)
        expect(lost).toEqual([])
        const terms = leaders.filter(({ leader }) => leader !== null).map(({ term }) => term)
        expect(terms).toEqual([...new Set(terms)].sort((a, b) => a - b))
      },
    ),
    { numRuns: 40, endOnFailure: true },
  )
})

test('what changed after a revision can be asked for until it is compacted, and what is stored stays', () => {
  const { sim, etcd, write } = tank(1, 'compaction')
  for (let i = 0; i < 100; i++) sim.after(i * SECOND, () => write(`k${i}`))
  sim.run(200 * SECOND)
  // Revision 1 is the empty store: the write of second i has revision i + 2.
  expect(etcd.since(1)!.map(({ revision }) => revision)).toEqual(Array.from({ length: 100 }, (_, i) => i + 2))
  expect(etcd.since(101)).toEqual([])
  expect(etcd.revisionAt(50.5 * SECOND)).toBe(52)
  etcd.compact(60)
  expect(etcd.since(59)).toBeNull()
  expect(etcd.since(60)!.map(({ revision }) => revision)).toEqual(Array.from({ length: 41 }, (_, i) => i + 61))
  expect(etcd.revisionAt(50.5 * SECOND)).toBe(60)
  expect(etcd.get('k3')).toBe('k3')
})

test('the API server compacts every five minutes to the revision of five minutes before', () => {
  const bed = new Testbed({ nodes: 2 })
  const { etcd } = bed.plane.server
  const revisions: number[] = []
  for (let i = 1; i <= 3; i++) bed.sim.after(i * 5 * MINUTE + SECOND / 100, () => revisions.push(etcd.revision))
  bed.sim.run(10 * MINUTE - SECOND)
  expect(etcd.compactedRevision).toBe(0)
  bed.sim.run(15 * MINUTE + SECOND)
  // Two nodes renew a lease every 10 s, two leaders every 2 s: about 360 revisions in five minutes.
  expect(Math.abs(etcd.compactedRevision - revisions[1]!)).toBeLessThan(3)
  expect(etcd.since(etcd.compactedRevision)!.length).toBeLessThan(400)
})

test('a key goes with its lease, unless the lease is renewed, or the key written without it', () => {
  const { sim, etcd, write } = tank(3, 'leases')
  const [short, long] = [etcd.grantLease(10 * SECOND), etcd.grantLease(10 * SECOND)]
  write('short', short)
  write('freed', short)
  write('long', long)
  sim.after(5 * SECOND, () => write('freed'))
  for (let at = 4; at < 30; at += 4) sim.after(at * SECOND, () => expect(etcd.keepLeaseAlive(long)).toBe(true))
  sim.run(10 * SECOND - 1)
  expect(etcd.get('short')).toBe('short')
  sim.run(11 * SECOND)
  expect([etcd.get('short'), etcd.get('freed'), etcd.get('long')]).toEqual([undefined, 'freed', 'long'])
  expect(etcd.keepLeaseAlive(short)).toBe(false)
  // Last renewed at 28 s.
  sim.run(39 * SECOND)
  expect(etcd.get('long')).toBeUndefined()
})

test('a new leader gives every lease its whole time again and an election time-out more', () => {
  const { sim, etcd, leaders, write } = tank(3, 'promoted')
  write('k', etcd.grantLease(10 * SECOND))
  sim.after(8 * SECOND, () => etcd.crashMember(0))
  sim.run(16 * SECOND)
  const elected = leaders.find(({ leader }) => leader !== null)!.at
  expect(etcd.get('k')).toBe('k')
  sim.run(elected + 10.9 * SECOND)
  expect(etcd.get('k')).toBe('k')
  sim.run(elected + 11.6 * SECOND)
  expect(etcd.get('k')).toBeUndefined()
})

test('kubectl apply in an outage of etcd fails after 7 s with its message, and works again when a quorum is back', () => {
  const bed = new Testbed({ nodes: 1, etcdMembers: 3 })
  const { server, kubectl } = bed.plane
  bed.sim.after(10 * SECOND, () => {
    server.etcd.crashMember(0)
    server.etcd.crashMember(1)
  })
  bed.sim.after(20 * SECOND, () => kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 1)] }, 'apply'))
  bed.sim.after(40 * SECOND, () => server.etcd.restartMember(0))
  bed.sim.after(50 * SECOND, () => kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 1)] }, 'again'))
  bed.sim.run(60 * SECOND)
  expect(kubectl.refusals).toEqual([{ command: 'apply', reason: '500 etcdserver: request timed out' }])
  const failed = [...bed.trace].find(({ action }) => action === 'failed')!
  // Start of kubectl (0.15 s at the median), its read, 7 s of waiting for a leader.
  expect(failed.time / SECOND).toBeGreaterThan(27)
  expect(failed.time / SECOND).toBeLessThan(28)
  expect(bed.deployment('web')).toBeDefined()
})

test('Events are gone after an hour, and a minute at most', () => {
  const bed = new Testbed({ nodes: 1 })
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 2)] }, 'apply')
  const made = new Map<string, Nanos>()
  const lived: Nanos[] = []
  bed.plane.server.observeCommits(({ type, object }) => {
    if (object.kind !== 'Event') return
    if (type === 'DELETED') lived.push(bed.sim.now - made.get(object.metadata.name)!)
    else made.set(object.metadata.name, bed.sim.now)
  })
  bed.sim.run(3590 * SECOND)
  expect(made.size).toBeGreaterThan(2)
  expect(lived).toEqual([])
  bed.sim.run(3800 * SECOND)
  expect(lived.length).toBe(made.size)
  for (const time of lived) {
    expect(time / SECOND).toBeGreaterThanOrEqual(3600)
    expect(time / SECOND).toBeLessThan(3661)
  }
})
