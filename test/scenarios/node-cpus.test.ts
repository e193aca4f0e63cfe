import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Table } from '../../src/metrics/table.ts'
import { LINUX_6_1 } from '../../src/profiles/cost-profile.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'
import { MILLISECOND } from '../../src/units.ts'

async function run(files: Readonly<Record<string, string>>, variant?: string): Promise<SimulatedRun> {
  const loaded = await loadScenario('scenario.yaml', memoryFiles(files))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const { name, scenario } = loaded.variants.find((candidate) => candidate.name === variant) ?? loaded.variants[0]!
  return simulate(scenario, { variant: name })
}

type Row = Readonly<Record<string, string | number | null>>

const rowsOf = ({ columns, rows }: Table): Row[] =>
  [...rows].map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]!])))

const pod = (name: string) => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { nodeName: worker-1, containers: [{ name: c, image: 'c:v1', ports: [{ containerPort: 80 }] }] }
---
`

/** One node, on which a client sends two requests a second for three seconds to a pod behind a Service. */
const TINY = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: tiny }
spec:
  duration: 30500ms
  warmUp: 10s
  cluster:
    nodes: [{ count: 1, cpu: 4 }]
    images: { preloaded: true }
    network: { softirq: { cores: 2 } }
    kubeProxy: { mode: ipvs }
  manifests: [m.yaml]
  workloads:
    - { selector: app=web, serviceTime: 1ms }
  traffic:
    - { name: t, to: 'http://web.default.svc', from: { pods: app=client }, arrivals: constant(2/s), start: 20s, stop: 23s }
`
const MANIFESTS = `${pod('web')}${pod('client')}apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`

describe('nodes.csv', () => {
  test('of six requests on one node: 4 packets, F + 3 e of CPU time and one entry for 120 s each', async () => {
    const result = await run({ 'scenario.yaml': TINY, 'm.yaml': MANIFESTS })
    expect(result.summary.traffic[0]).toMatchObject({ sent: 6, ok: 6 })
    const ofRequest = LINUX_6_1.firstPacketNs('ipvs', 0, 0, 1) + 3 * LINUX_6_1.establishedPacketNs('ipvs')
    const rows = rowsOf(result.nodes).filter((row) => (row.interval_start_s as number) >= 20)
    const row = (second: number) => {
      const isBusy = second < 23
      const busiest = rows.find((candidate) => candidate.interval_start_s === second)!.busiest_core_ms
      if (isBusy) expect([ofRequest, 2 * ofRequest].map((time) => time / MILLISECOND)).toContain(busiest)
      return {
        interval_start_s: second,
        interval_s: second === 30 ? 0.5 : 1,
        phase: 'measured',
        node: 'worker-1',
        cores: 2,
        packets: isBusy ? 8 : 0,
        packets_dropped: 0,
        softirq_ms: isBusy ? (2 * ofRequest) / MILLISECOND : 0,
        busiest_core_ms: isBusy ? busiest : 0,
        conntrack_entries: Math.min(6, 2 * (second - 19)),
        conntrack_dropped: 0,
      }
    }
    const withoutSyncs = rows.map(({ sync_ms: _, syncs: __, ...rest }) => rest)
    expect(withoutSyncs).toEqual([...Array(11).keys()].map((second) => row(20 + second)))
    expect(result.summary.nodes).toMatchObject({ packets: 24, packetsDropped: 0, conntrackEntriesMax: 6, conntrackDropped: 0 })
  })

  test('has the syncs of proxy.csv, where no packet kept them waiting', async () => {
    const result = await run({ 'scenario.yaml': TINY, 'm.yaml': MANIFESTS })
    const syncs = rowsOf(result.proxy)
    const rows = rowsOf(result.nodes)
    const sum = (of: readonly Row[], column: string) => of.reduce((total, row) => total + (row[column] as number), 0)
    expect(sum(rows, 'syncs')).toBe(syncs.length)
    expect(sum(rows, 'sync_ms')).toBeCloseTo(sum(syncs, 'sync_ms'), 6)
    expect(syncs.length).toBeGreaterThan(2)
  })
})

describe('rule-walk with a rollout, as its page tells', () => {
  const files = {
    'scenario.yaml': readFileSync('scenarios/incidents/rule-walk.yaml', 'utf8')
      .replace('duration: 560s', 'duration: 549s')
      .replace('  compare:', '  timeline: [{ at: 545s, kubectl: scale deployment/api -n shop --replicas=4 }]\n  compare:'),
    'manifests/rule-walk.yaml': readFileSync('scenarios/incidents/manifests/rule-walk.yaml', 'utf8'),
  }

  test.each([
    ['eight-queues', ['2.57', '2.57', '3.18']],
    ['iptables', ['2.57', '2.57', '2.57']],
  ])(
    '%s: the syncs of the three nodes take %j s',
    async (variant, expected) => {
      const { proxy } = await run(files, variant)
      const late = rowsOf(proxy).filter((row) => (row.sync_start_s as number) > 540)
      expect(late.map((row) => ((row.sync_ms as number) / 1000).toFixed(2)).toSorted()).toEqual(expected)
    },
    600_000,
  )
})
