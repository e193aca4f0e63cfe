/**
 * The built-in profile against what it was derived from, measurements of kernels (test/kernel/costs.csv) and recorded syncs of a real kube-proxy
 * (test/kernel/kube-proxy-syncs.jsonl): it may miss them by what it states, and no more.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { COST_MODES, type CostMode, LINUX_6_1, parseCostProfile } from './cost-profile.ts'
import builtIn from './linux-6.1.json' with { type: 'json' }

interface Row {
  kernel: string
  mode: string
  services: number
  endpoints: number
  position: string
  metric: string
  value: number
}

const csv = fileURLToPath(new URL('../../test/kernel/costs.csv', import.meta.url))
const rows: Row[] = readFileSync(csv, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [kernel, mode, services, endpoints, position, metric, , median] = line.split(',') as [string, ...string[]]
    return {
      kernel,
      mode: mode!,
      services: Number(services),
      endpoints: Number(endpoints),
      position: position!,
      metric: metric!,
      value: Number(median),
    }
  })

interface Recording {
  mode: string
  services: number
  endpoints: number
  /** The first writes everything. */
  startSyncs: readonly { ip: string; ms: number }[]
  /** Of one changed Service each. */
  single: readonly { syncMs: number }[]
}

const syncsFile = fileURLToPath(new URL('../../test/kernel/kube-proxy-syncs.jsonl', import.meta.url))
const recordings: Recording[] = readFileSync(syncsFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recording)

/** Runs of a real kube-proxy in the mode that `mode` belongs to; which of the two iptables it had is not known. */
function recordedIn(mode: CostMode): Recording[] {
  return recordings.filter((recording) => recording.mode === (mode.startsWith('iptables') ? 'iptables' : mode))
}

const COUNTED = '6.1.192-tcg-icount'

/** What was measured for a packet, in ns; IPVS in instructions, times ns an instruction. */
function packets(mode: CostMode, metric: string): Row[] {
  if (mode !== 'ipvs') return rows.filter((row) => row.kernel.includes('native') && row.mode === mode && row.metric === `${metric}_cpu`)
  return rows
    .filter((row) => row.kernel === COUNTED && row.mode === mode && row.metric === `${metric}_wall`)
    .map((row) => ({ ...row, value: row.value * LINUX_6_1.data.nsPerInstruction }))
}

/** What a program took, user and system, in ns. */
function programs(mode: CostMode, metric: string): Row[] {
  const kernels = mode === 'ipvs' ? [COUNTED] : [...new Set(rows.map((row) => row.kernel))].filter((kernel) => kernel.includes('native'))
  const scale = mode === 'ipvs' ? 1e9 * LINUX_6_1.data.nsPerInstruction : 1e9
  return rows
    .filter((row) => kernels.includes(row.kernel) && row.mode === mode && row.metric === `${metric}_user`)
    .map((user) => {
      const system = rows.find(
        (row) =>
          row.metric === `${metric}_sys` &&
          row.kernel === user.kernel &&
          row.mode === mode &&
          row.services === user.services &&
          row.endpoints === user.endpoints,
      )!
      return { ...user, value: (user.value + system.value) * scale }
    })
}

function rulesBefore(row: Row): number {
  if (row.position === 'first') return 0
  return row.position === 'last' ? row.services - 1 : Math.floor(row.services / 2)
}

/** Mean over a uniform pick: (n + 1) / 2 rules, less the last one, which draws nothing. */
function statisticRulesMean(endpoints: number): number {
  return (endpoints + 1) / 2 - 1 / endpoints
}

function worst(pairs: readonly (readonly [number, number])[]): number {
  return Math.max(...pairs.map(([modelled, measured]) => Math.abs(modelled - measured) / measured))
}

describe.each(COST_MODES)('linux-6.1, %s', (mode) => {
  const stated = LINUX_6_1.data.modes[mode].residual

  test('misses the first packets by what it states', () => {
    const measured = packets(mode, 'new_conn_packet')
    const errors = measured.map(
      (row) => [LINUX_6_1.firstPacketNs(mode, rulesBefore(row), statisticRulesMean(row.endpoints), row.services), row.value] as const,
    )
    expect(measured).toHaveLength(stated.firstPacket.points)
    expect(worst(errors)).toBeLessThanOrEqual(stated.firstPacket.largest)
    expect(worst(errors)).toBeGreaterThan(stated.firstPacket.largest - 0.002)
    expect(stated.firstPacket.largest).toBeLessThan(0.2)
  })

  test('misses the established packets by what it states', () => {
    const errors = packets(mode, 'established_packet').map((row) => [LINUX_6_1.establishedPacketNs(mode), row.value] as const)
    expect(errors).toHaveLength(stated.establishedPacket.points)
    expect(worst(errors)).toBeLessThanOrEqual(stated.establishedPacket.largest)
    expect(stated.establishedPacket.median).toBeLessThan(0.05)
  })

  test('misses the programs by what it states', () => {
    const full = programs(mode, 'program_full').map(
      (row) => [LINUX_6_1.programFullNs(mode, row.services, row.endpoints), row.value] as const,
    )
    const update = programs(mode, 'update_one_service_partial').map(
      (row) => [LINUX_6_1.programUpdateNs(mode, row.services, row.endpoints), row.value] as const,
    )
    expect(full).toHaveLength(stated.programFull.points)
    expect(update).toHaveLength(stated.programUpdate.points)
    expect(worst(full)).toBeLessThanOrEqual(stated.programFull.largest)
    expect(worst(update)).toBeLessThanOrEqual(stated.programUpdate.largest)
    // iptables-nft was run twice, and the runs differ by 2.5 at 5,000 Services. All else is met.
    if (mode !== 'iptables-nft') expect(stated.programFull.largest).toBeLessThan(0.002)
    expect(stated.programUpdate.largest).toBeLessThan(0.002)
  })

  test('misses the recorded syncs by what it states', () => {
    const runs = recordedIn(mode)
    if (mode === 'ipvs') {
      expect([runs, stated.syncUpdate, stated.syncFull]).toEqual([[], null, null])
      return
    }
    expect(runs.map(({ services, endpoints }) => [services, endpoints])).toEqual([
      [100, 300],
      [1000, 3000],
      [5000, 15_000],
    ])
    const update = runs.flatMap(({ services, single }) =>
      single.map(({ syncMs }) => [LINUX_6_1.programUpdateNs(mode, services) + LINUX_6_1.syncOwnNs(mode, services), syncMs * 1e6] as const),
    )
    const full = runs.map(({ services, startSyncs }) => {
      expect(startSyncs[0]!.ip).toBe('IPv4')
      return [LINUX_6_1.programFullNs(mode, services, 3) + LINUX_6_1.syncOwnNs(mode, services), startSyncs[0]!.ms * 1e6] as const
    })
    for (const [pairs, residual] of [
      [update, stated.syncUpdate!],
      [full, stated.syncFull!],
    ] as const) {
      expect(pairs).toHaveLength(residual.points)
      expect(worst(pairs)).toBeLessThanOrEqual(residual.largest)
      expect(worst(pairs)).toBeGreaterThan(residual.largest - 0.002)
    }
  })
})

describe('the own part of a sync', () => {
  const ms = (mode: CostMode, services: number): number => Math.round(LINUX_6_1.syncOwnNs(mode, services) / 1e6)

  test('is what a recorded single change took beyond its programming, and stays what it was at the fewest Services', () => {
    expect([0, 1, 100, 1000, 5000, 50_000].map((services) => ms('iptables-legacy', services))).toEqual([42, 42, 42, 42, 42, 42])
    expect([0, 1, 100, 1000, 5000].map((services) => ms('iptables-nft', services))).toEqual([39, 39, 39, 39, 40])
    expect([0, 1, 100, 1000, 5000].map((services) => ms('nftables', services))).toEqual([31, 31, 31, 172, 1153])
  })

  test('goes on in a line between the recorded Services and beyond', () => {
    expect(ms('nftables', 550)).toBe(Math.round((30.7565 + 171.509) / 2))
    expect(ms('nftables', 9000) - ms('nftables', 5000)).toBe(ms('nftables', 5000) - ms('nftables', 1000))
  })

  test('of IPVS is taken to be that of iptables', () => {
    expect(LINUX_6_1.data.modes.ipvs.syncOwn).toEqual(LINUX_6_1.data.modes['iptables-legacy'].syncOwn)
  })
})

describe('linux-6.1', () => {
  test('is what the script derives from the measurements', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cost-profile-'))
    const script = fileURLToPath(new URL('../../scripts/derive-cost-profile.mjs', import.meta.url))
    execFileSync(process.execPath, [script, csv, syncsFile, join(folder, 'profile.json')])
    const derived: unknown = JSON.parse(readFileSync(join(folder, 'profile.json'), 'utf8'))
    rmSync(folder, { recursive: true })
    expect(derived).toEqual(builtIn)
  })

  test('says where each mode is cheaper: iptables up to some hundred rules, then the tables', () => {
    const first = (mode: CostMode, services: number): number =>
      LINUX_6_1.firstPacketNs(mode, mode.startsWith('iptables') ? services / 2 : 0, mode.startsWith('iptables') ? 1.67 : 0, services)
    expect(first('iptables-legacy', 100)).toBeLessThan(first('ipvs', 100))
    expect(first('iptables-legacy', 5000)).toBeGreaterThan(1.5 * first('ipvs', 5000))
    expect(first('nftables', 10)).toBe(first('nftables', 50_000))
  })

  test('never decreases with more rules, Services or endpoints', () => {
    for (const mode of COST_MODES) {
      let before = { packet: 0, full: 0, update: 0, own: 0 }
      for (let services = 1; services <= 60_000; services += 173) {
        const packet = LINUX_6_1.firstPacketNs(mode, services, 1, services)
        const full = LINUX_6_1.programFullNs(mode, services, 3)
        const update = LINUX_6_1.programUpdateNs(mode, services)
        const own = LINUX_6_1.syncOwnNs(mode, services)
        expect(packet).toBeGreaterThanOrEqual(before.packet)
        expect(full).toBeGreaterThan(before.full)
        expect(update).toBeGreaterThanOrEqual(before.update)
        expect(own).toBeGreaterThanOrEqual(before.own)
        expect(LINUX_6_1.programFullNs(mode, services, 20)).toBeGreaterThanOrEqual(full)
        before = { packet, full, update, own }
      }
    }
  })

  test('goes on beyond the last point as documented: the walk in a line, nftables from scratch in a parabola', () => {
    const walk = (rules: number): number => LINUX_6_1.firstPacketNs('iptables-legacy', rules, 0, 50_000)
    expect(walk(50_000) - walk(40_000)).toBeCloseTo(walk(40_000) - walk(30_000), -1)
    const perService = (services: number): number => LINUX_6_1.programFullNs('nftables', services, 3) / services
    expect((perService(60_000) - perService(40_000)) / (perService(40_000) - perService(20_000))).toBeCloseTo(1, 5)
    // The kernel's part is quadratic already between 10,000 and 20,000: four times the time.
    expect(LINUX_6_1.programFullNs('nftables', 40_000, 3) / LINUX_6_1.programFullNs('nftables', 20_000, 3)).toBeGreaterThan(3.5)
  })

  test('gives whole nanoseconds', () => {
    for (const mode of COST_MODES) {
      expect(Number.isInteger(LINUX_6_1.firstPacketNs(mode, 333, 1.67, 777))).toBe(true)
      expect(Number.isInteger(LINUX_6_1.programFullNs(mode, 777, 7))).toBe(true)
      expect(Number.isInteger(LINUX_6_1.programUpdateNs(mode, 777))).toBe(true)
      expect(Number.isInteger(LINUX_6_1.syncOwnNs(mode, 777))).toBe(true)
    }
  })
})

describe('parseCostProfile', () => {
  test('takes what the built-in profile is made of', () => {
    const result = parseCostProfile(structuredClone(builtIn))
    expect(result.ok && result.profile.firstPacketNs('ipvs', 0, 0, 10)).toBe(LINUX_6_1.firstPacketNs('ipvs', 0, 0, 10))
  })

  test('tells every mistake with its place', () => {
    const broken = structuredClone(builtIn) as unknown as {
      modes: Record<string, { establishedPacketNs: unknown; firstPacket: { walk: unknown } }>
    }
    broken.modes.ipvs!.establishedPacketNs = -1
    broken.modes.nftables!.firstPacket.walk = [
      [0, 0],
      [0, 5],
    ]
    const result = parseCostProfile(broken)
    expect(result.ok).toBe(false)
    const problems = result.ok ? [] : result.problems
    expect(problems.some((problem) => problem.startsWith('modes.ipvs.establishedPacketNs: '))).toBe(true)
    expect(problems).toContain('modes.nftables.firstPacket.walk: The first column must increase')
  })
})
