import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import type { FileReader } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { runUntil } from '../../src/scenario/run-until.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { SHARED_FOLDER } from '../conformance/shared-cases.ts'
import { INVARIANTS } from '../fuzz/invariants/index.ts'

/** Whole folders: a manifest that is put there is tried, whatever is in it. */
const FOLDERS = ['scenarios/manifests/', 'scenarios/concepts/manifests/', `${SHARED_FOLDER}manifests/`]
const manifests = FOLDERS.flatMap((folder) =>
  (existsSync(folder) ? readdirSync(folder) : []).filter((name) => /\.(ya?ml|json)$/.test(name)).map((name) => `${folder}${name}`),
)
const absent = FOLDERS.filter((folder) => !existsSync(folder))
if (absent.length > 0) console.warn(`Skipped: no manifests in ${absent.join(', ')}`)

/** Nothing but the manifest: pods that run to their end take 5 s, all others run for ever. */
const SCENARIO = `
apiVersion: towtank/v1
kind: Scenario
metadata: { name: converges }
spec:
  duration: 5m
  cluster: { nodes: [{ count: 6, cpu: 8, memory: 32Gi, zone: [a, b] }] }
  manifests: [manifest.yaml]
`

async function violationsOf(path: string): Promise<string[]> {
  const files: FileReader = {
    read: (name) => (name === 'scenario.yaml' ? Promise.resolve({ kind: 'file', text: SCENARIO }) : diskFiles.read(path)),
  }
  const loaded = await loadScenario('scenario.yaml', files)
  if (!loaded.ok) return loaded.problems.map(({ line, message }) => `${line}: ${message}`)
  const { scenario } = loaded.variants[0]!
  const [standard] = scenario.workloads.slice(-1)
  // Pods of Jobs end; those of CronJobs do so within the minute.
  const ends = new Set(
    scenario.manifests.flatMap((object) => {
      const spec = (object as { spec?: { template?: unknown; jobTemplate?: { spec: { template: unknown } } } }).spec
      const template = object.kind === 'Job' ? spec?.template : object.kind === 'CronJob' ? spec?.jobTemplate?.spec.template : undefined
      return template === undefined ? [] : [(template as { labels: Record<string, string> }).labels]
    }),
  )
  const run = { duration: { kind: 'constant', value: 5_000_000_000 }, failProbability: 0, exitCode: 1 } as const
  const workloads = [...ends].map((matchLabels) => ({ ...standard!, selector: { matchLabels, matchExpressions: [] }, run }))
  const cluster = new SimulatedCluster({ ...scenario, workloads: [...workloads, standard!] })
  const seen: string[] = []
  const checks = INVARIANTS.map(({ name, attach }) => attach(cluster, (detail) => seen.push(`${name}: ${detail}`)))
  cluster.start()
  runUntil(cluster, scenario.duration, scenario.duration)
  cluster.dataPlane.endInterval(scenario.duration)
  for (const check of checks) check()
  return [...seen, ...cluster.controlPlane.kubectl.refusals.map(({ reason }) => `refused: ${reason}`)]
}

test('there are manifests of many kinds', () => {
  expect(manifests.length).toBeGreaterThanOrEqual(8)
})

test.each(manifests)('%s converges, and every invariant holds', async (path) => {
  expect(await violationsOf(path)).toEqual([])
})

test('a manifest that cannot converge is found out', async () => {
  const text = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: huge }
spec:
  selector: { matchLabels: { app: huge } }
  template:
    metadata: { labels: { app: huge } }
    spec: { containers: [{ name: c, image: i, resources: { requests: { cpu: "64" } } }] }
`
  const folder = mkdtempSync(`${tmpdir()}/towtank-manifests-`)
  try {
    writeFileSync(`${folder}/huge.yaml`, text)
    expect(await violationsOf(`${folder}/huge.yaml`)).toContainEqual(expect.stringContaining('asks for 1 pods; 1 are there and 0 Ready'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
