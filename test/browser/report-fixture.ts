import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'tsdown'
import { reportClientConfig } from '../../report-client.config.ts'
import type { Cell, Table } from '../../src/metrics/table.ts'
import { parametersTable } from '../../src/parameters/parameters-table.ts'
import { ResultWriter } from '../../src/report/result-files.ts'
import type { RunSummary } from '../../src/report/run-summary.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'

/** A small shop with a rollout and a fault, in two variants: everything that a report tells of occurs in it. */
const MANIFEST = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'web:v1', ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`
const SCENARIO = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small-shop }
spec:
  duration: 90s
  warmUp: 20s
  cluster: { nodes: [{ count: 3, cpu: 4, memory: 8Gi }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, serviceTime: exp(4ms), startUp: 1s, onTerminate: exit }]
  traffic:
    - { name: users, to: "http://web.shop.svc", from: { external: true }, arrivals: poisson(60/s), timeout: 1s }
    - { name: robots, to: "http://web.shop.svc", from: { external: true }, arrivals: constant(5/s), timeout: 1s }
  timeline:
    - { at: 35s, kubectl: "set image deployment/web web=web:v2 -n shop" }
    - { at: 60s, fault: { kind: node-crash, node: worker-2, for: 15s } }
  thresholds:
    - requests.latency.p99{traffic=users} < 1s
    - requests.error_rate{traffic=users} < 0.0001%
  compare: { iptables: { cluster.kubeProxy.mode: iptables }, ipvs: { cluster.kubeProxy.mode: ipvs } }
`

export interface ShopRun extends SimulatedRun {
  readonly parameters: Table
}

/** The results of the small shop, one a variant. */
export async function simulatedShop(): Promise<readonly ShopRun[]> {
  const loaded = await loadScenario('shop.yaml', memoryFiles({ 'shop.yaml': SCENARIO, 'web.yaml': MANIFEST }))
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  return loaded.variants.map(({ name, scenario }) => ({
    ...simulate(scenario, { variant: name, samples: { count: 3 } }),
    parameters: parametersTable(scenario),
  }))
}

/** Writes results as `towtank run` does. Gives the folder. */
export function writeResult(results: readonly ShopRun[], scenario = 'small-shop'): string {
  const folder = mkdtempSync(join(tmpdir(), 'towtank-report-'))
  const writer = new ResultWriter(folder)
  for (const result of results) writer.add(result, result.parameters)
  const summary: RunSummary = {
    schemaVersion: 1,
    tool: { name: 'towtank', version: '0.0.0' },
    scenario,
    seed: '0',
    inputHash: `sha256:${'0123456789abcdef'.repeat(4)}`,
    variants: results.map((result) => result.summary),
  }
  writer.finish(summary)
  return folder
}

/** The same results with other names, in every table and in the summary. */
export function renamed(results: readonly ShopRun[], names: Readonly<Record<string, string>>): readonly ShopRun[] {
  const name = (text: string): string => names[text] ?? text
  const table = ({ columns, rows }: Table): Table => ({
    columns,
    rows: [...rows].map((row) => row.map((cell): Cell => (typeof cell === 'string' ? name(cell) : cell))),
  })
  return results.map((result) => {
    const summary = JSON.parse(JSON.stringify(result.summary), (_key, value: unknown) => (typeof value === 'string' ? name(value) : value))
    const tables = Object.entries(result).map(([key, value]) => [
      key,
      typeof value === 'object' && 'columns' in value ? table(value) : value,
    ])
    return { ...(Object.fromEntries(tables) as unknown as ShopRun), variant: name(result.variant), summary }
  })
}

/** Builds the script of reports from the sources. */
export async function builtClient(): Promise<string> {
  const folder = resolve(`node_modules/.cache/towtank-report-client-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  await build({ ...reportClientConfig(folder), config: false, logLevel: 'silent' })
  return readFileSync(join(folder, 'client.js'), 'utf8')
}
