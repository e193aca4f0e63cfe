import { expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const service = (distribution: string) => `
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }], trafficDistribution: ${distribution} }
`
const scenario = (version: string) => `
apiVersion: towtank/v1
kind: Scenario
metadata: { name: s }
spec:
  cluster: { version: "${version}" }
  manifests: [web.yaml]
`

async function said(version: string, distribution: string): Promise<{ problems: string[]; warnings: string[] }> {
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario(version), 'web.yaml': service(distribution) }))
  const problems = loaded.ok ? [] : loaded.problems.map(({ line, path, message, accepted }) => `${line} ${path}: ${message} (${accepted})`)
  return { problems, warnings: loaded.warnings.map(({ line, kind, message }) => `${line} ${kind}: ${message}`) }
}

test('a value that the version refuses is a mistake', async () => {
  expect((await said('1.33', 'PreferSameNode')).problems).toEqual([
    '6 spec.cluster.version: Kubernetes 1.33 refuses the trafficDistribution PreferSameNode of the Service "web" (there PreferClose, or a later version here)',
  ])
  expect((await said('1.34', 'PreferSameNode')).problems).toEqual([])
  expect((await said('1.33', 'PreferClose')).problems).toEqual([])
})

test('a field that the version drops is worth a warning', async () => {
  const dropped = {
    problems: [],
    warnings: ['6 no-effect: Kubernetes 1.30 drops the trafficDistribution PreferSameZone of the Service "web": it is off by default'],
  }
  expect(await said('1.30', 'PreferSameZone')).toEqual(dropped)
  expect((await said('1.31', 'PreferClose')).warnings).toEqual([])
})
