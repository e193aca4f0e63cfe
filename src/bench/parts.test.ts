import { describe, expect, test } from 'vitest'
import { SCHEDULER_NAMES } from '../proxy/ipvs/schedulers/index.ts'
import { measurePart } from './parts.ts'
import { type BenchPlan, PARTS } from './plan.ts'
import { type BenchRows, checkAgreement, join } from './rows.ts'
import { checksumOf } from './tables.ts'

/** The smoke size: does everything still run, and give the same answers? No time is judged. */
const SMOKE: BenchPlan = {
  seed: 'smoke',
  serviceCounts: [1, 10, 300],
  endpointCounts: [1, 10, 40],
  effort: { warmUpMs: 0, measureMs: 0, turns: 1, steadyMs: 0 },
}

function measureAll(plan: BenchPlan): BenchRows {
  return join([...PARTS.values()].map((part) => measurePart(part, plan)))
}

describe('all parts, at the smoke size', () => {
  const rows = measureAll(SMOKE)

  test('measure every mode at every number of Services and position', () => {
    const points = (mode: string, structure: string): string[] =>
      rows.lookup
        .filter((row) => row.mode === mode && row.structure === structure)
        .map(({ services, position }) => `${services} ${position}`)
    const expected = SMOKE.serviceCounts.flatMap((count) =>
      ['first', 'middle', 'last', 'uniform'].map((position) => `${count} ${position}`),
    )
    expect(points('iptables', 'rule list')).toEqual(expected)
    expect(points('ipvs', 'hash table')).toEqual(expected)
    expect(points('nftables', 'verdict map')).toEqual(expected)
    expect(points('baseline', 'objects, strings compared')).toEqual(expected)
    expect(points('ipvs', 'connection table')).toEqual(SMOKE.serviceCounts.map((count) => `${count} established`))
  })

  test('measure whole first packets of every scheduler at every number of Services and endpoints', () => {
    const points = new Set(rows.firstPacket.map((row) => `${row.mode} ${row.scheduler} ${row.services} ${row.endpoints}`))
    expect(points.size).toBe(rows.firstPacket.length)
    // IPVS's schedulers, the cascade of iptables and the map of nftables
    expect(points.size).toBe((SCHEDULER_NAMES.length + 2) * SMOKE.serviceCounts.length * SMOKE.endpointCounts.length)
  })

  test('give a time above zero everywhere', () => {
    const times = [...rows.lookup, ...rows.firstPacket, ...rows.pick, ...rows.update].map((row) => row.ns)
    for (const ns of [...times, ...rows.ratios.flatMap((row) => [row.numeratorNs, row.denominatorNs])]) expect(ns).toBeGreaterThan(0)
  })

  test('give the same answers from every structure that is asked the same', () => {
    expect(() => checkAgreement(rows)).not.toThrow()
    const [first] = rows.pick.filter((row) => row.method === 'scan')
    const wrong = { ...rows, pick: [...rows.pick, { ...first!, checksum: '00000000' }] }
    expect(() => checkAgreement(wrong)).toThrow('all answers')
  })

  test('examine as many rules as stand in front of the one that hits', () => {
    const examined = (position: string): (number | null)[] =>
      rows.lookup.filter((row) => row.structure === 'rule list' && row.position === position).map((row) => row.examined)
    expect(examined('first')).toEqual([1, 1, 1])
    expect(examined('middle')).toEqual([1, 6, 151])
    expect(examined('last')).toEqual([1, 10, 300])
    for (const row of rows.lookup.filter(({ structure }) => structure === 'hash table')) expect(row.examined).toBeLessThan(12)
  })

  test('give the same checksums again, whatever the time for a point, and others for another seed', () => {
    // Pinned: these answers are the same on every machine, so a change here is a change of answers.
    expect(checksumOf(rows)).toMatchInlineSnapshot(`"82ac0ef9"`)
    // twos came last: the answers of all others are those from before it.
    const others = <Row>(list: readonly Row[]): Row[] => list.filter((row) => !JSON.stringify(row).includes('twos'))
    const { firstPacket, pick, update } = rows
    const withoutTwos = { ...rows, firstPacket: others(firstPacket), pick: others(pick), update: others(update) }
    expect(checksumOf(withoutTwos)).toMatchInlineSnapshot(`"ba6af32b"`)
    const some = (plan: BenchPlan): string =>
      checksumOf(join(['lookup/ipvs', 'established', 'pick/ipvs/sh', 'update/iptables'].map((name) => measurePart(PARTS.get(name)!, plan))))
    const first = some(SMOKE)
    expect(some({ ...SMOKE, effort: { warmUpMs: 1, measureMs: 1, turns: 2, steadyMs: 0 } })).toBe(first)
    expect(some({ ...SMOKE, seed: 'another' })).not.toBe(first)
  })

  test('ask each question of the summary once', () => {
    expect(rows.ratios.map(({ question, target }) => [question, target?.kind ?? null, target?.value ?? null])).toMatchInlineSnapshot(`
      [
        [
          "walk of objects with string compare against walk of packed columns, 300 rules",
          "at least",
          5,
        ],
        [
          "ipvs lookup at 300 Services against 10",
          "at most",
          3,
        ],
        [
          "nftables lookup at 300 Services against 10",
          "at most",
          3,
        ],
        [
          "packet of an established flow at 300 Services against 10",
          "at most",
          1.5,
        ],
        [
          "lc pick at 40 endpoints against 10",
          "at most",
          8,
        ],
        [
          "wlc pick at 40 endpoints against 10",
          "at most",
          8,
        ],
        [
          "lc pick by a scan at 40 endpoints against 10",
          null,
          null,
        ],
        [
          "wlc pick by a scan at 40 endpoints against 10",
          null,
          null,
        ],
      ]
    `)
  })
})
