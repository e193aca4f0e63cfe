import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { COST_MODES, type CostMode, LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { MILLISECOND } from '../../units.ts'
import { RuleCounts } from '../rule-counts.ts'
import type { SyncWork } from './mode.ts'
import { syncTime } from './sync-time.ts'

const ENDPOINTS_EACH = 3

function work(servicePorts: number, changed: number | 'all'): SyncWork {
  const counts = Object.assign(new RuleCounts(), { servicePorts, endpoints: servicePorts * ENDPOINTS_EACH })
  return { full: changed === 'all', counts, changedServices: changed === 'all' ? servicePorts : changed }
}

const took = (mode: CostMode, servicePorts: number, changed: number | 'all'): number =>
  syncTime(LINUX_6_1, mode, work(servicePorts, changed))

describe.each(COST_MODES)('the time of a sync, %s', (mode) => {
  test('is that of programming the kernel and of the own work of kube-proxy', () => {
    const own = LINUX_6_1.syncOwnNs(mode, 1000)
    expect(own).toBeGreaterThan(30 * MILLISECOND)
    expect(took(mode, 1000, 'all')).toBe(own + LINUX_6_1.programFullNs(mode, 1000, ENDPOINTS_EACH))
    expect(took(mode, 1000, 1)).toBe(own + LINUX_6_1.programUpdateNs(mode, 1000, ENDPOINTS_EACH))
  })

  test('is that of one change when there is none, and lies on a line up to that of everything', () => {
    const [one, all] = [took(mode, 101, 1), took(mode, 101, 'all')]
    expect(took(mode, 101, 0)).toBe(one)
    expect(took(mode, 101, 51)).toBeCloseTo((one + all) / 2, -1)
    expect(took(mode, 101, 101)).toBe(all)
    expect(took(mode, 101, 500)).toBe(all)
  })

  test('is never less than what the processes take, with however few Services', () => {
    for (const services of [0, 1, 4, 99]) {
      expect(took(mode, services, 1)).toBeGreaterThan(LINUX_6_1.syncOwnNs(mode, 100))
      expect(took(mode, services, 1)).toBeLessThanOrEqual(took(mode, services, 'all'))
    }
  })
})

describe('against a recorded kube-proxy (test/kernel/kube-proxy-syncs.jsonl)', () => {
  interface Recording {
    mode: 'iptables' | 'nftables'
    services: number
    endpoints: number
    startSyncs: readonly { ip: string; ms: number }[]
    single: readonly { syncMs: number }[]
  }
  const file = fileURLToPath(new URL('../../../test/kernel/kube-proxy-syncs.jsonl', import.meta.url))
  const recordings = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recording)
  const simulated = (mode: Recording['mode']): CostMode => (mode === 'iptables' ? 'iptables-legacy' : mode)
  /** [mode, Services, recorded time in times of the simulated one]. */
  const ratios = (recorded: (recording: Recording) => number, changed: 1 | 'all') =>
    recordings.map((recording) => {
      expect(recording.endpoints).toBe(recording.services * ENDPOINTS_EACH)
      const { mode, services } = recording
      return [mode, services, Number(((recorded(recording) * MILLISECOND) / took(simulated(mode), services, changed)).toFixed(2))]
    })

  test('a single change takes what was recorded, in the median; more where iptables-legacy alone takes more', () => {
    const median = ({ single }: Recording): number => {
      const sorted = single.map(({ syncMs }) => syncMs).sort((a, b) => a - b)
      return (sorted[5]! + sorted[6]!) / 2
    }
    expect(recordings.every(({ single }) => single.length === 12)).toBe(true)
    expect(ratios(median, 1)).toEqual([
      ['iptables', 100, 1],
      ['iptables', 1000, 0.58],
      ['iptables', 5000, 0.63],
      ['nftables', 100, 1],
      ['nftables', 1000, 1],
      ['nftables', 5000, 1],
    ])
  })

  test('the first sync misses the recorded one by what is documented', () => {
    const first = ({ startSyncs }: Recording): number => startSyncs.find(({ ip }) => ip === 'IPv4')!.ms
    expect(ratios(first, 'all')).toEqual([
      ['iptables', 100, 2.2],
      ['iptables', 1000, 2.69],
      ['iptables', 5000, 15.12],
      ['nftables', 100, 6.98],
      ['nftables', 1000, 0.66],
      ['nftables', 5000, 0.17],
    ])
  })
})
