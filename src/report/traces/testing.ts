import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryFiles } from '../../scenario/load-files.ts'
import { loadScenario } from '../../scenario/load-scenario.ts'
import { simulate } from '../../scenario/simulate.ts'
import { EXPORT_FILES, ResultWriter } from '../result-files.ts'
import { SUMMARY_SCHEMA_VERSION } from '../run-summary.ts'
import { type ExportFormat, exportResult } from './index.ts'

/** Two variants, a rollout, a fault, retries and calls. */
const FILES = {
  'run.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec:
  duration: 50s
  warmUp: 20s
  manifests: [web.yaml]
  cluster: { nodes: [{ count: 3 }], images: { preloaded: true } }
  workloads:
    - selector: app=web
      serviceTime: exp(5ms)
      calls: [{ to: "http://back.default.svc" }]
    - selector: app=back
      serviceTime: exp(2ms)
  traffic:
    - name: shop
      to: http://web.default.svc
      from: { external: true }
      arrivals: poisson(40/s)
      retries: { max: 1, on: [reset, connect-failure] }
    - { name: pods, to: "http://web.default.svc", from: { pods: app=back }, arrivals: poisson(10/s) }
  timeline:
    - { at: 25s, kubectl: rollout restart deployment/web }
    - { at: 30s, fault: { kind: node-crash, node: worker-1, for: 10s } }
  compare: { iptables: {}, ipvs: { cluster.kubeProxy.mode: ipvs } }
`,
  'web.yaml': ['web', 'back']
    .map(
      (name) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 3
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: ${name}, image: web:v1, ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { type: NodePort, selector: { app: ${name} }, ports: [{ port: 80 }] }
`,
    )
    .join('---\n'),
}

/** A folder with the result of a small run, for tests; the caller removes it by `remove`. */
export async function smallResult(): Promise<{ folder: string; exported: (format: ExportFormat) => Promise<string>; remove: () => void }> {
  const loaded = await loadScenario('run.yaml', memoryFiles(FILES))
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  const folder = mkdtempSync(join(tmpdir(), 'towtank-traces-'))
  const writer = new ResultWriter(folder)
  const results = loaded.variants.map(({ name, scenario }) => simulate(scenario, { variant: name, samples: { count: 4 } }))
  for (const result of results) writer.add(result, { columns: [], rows: [] })
  writer.finish({
    schemaVersion: SUMMARY_SCHEMA_VERSION,
    tool: { name: 'towtank', version: '1.2.3' },
    scenario: 'small',
    seed: '0',
    inputHash: loaded.inputHash,
    variants: results.map(({ summary }) => summary),
  })
  const exported = async (format: ExportFormat): Promise<string> => {
    const path = join(folder, EXPORT_FILES[format])
    rmSync(path, { force: true })
    await exportResult(folder, format, path)
    return readFileSync(path, 'utf8')
  }
  return { folder, exported, remove: () => rmSync(folder, { recursive: true }) }
}
