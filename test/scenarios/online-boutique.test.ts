import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import type { FileReader } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'
import { SHARED_FOLDER } from '../conformance/shared-cases.ts'

const MANIFEST = `${SHARED_FOLDER}manifests/online-boutique.yaml`
const absent = !existsSync(MANIFEST)
const note = absent ? ' (skipped: ../shared/manifests/online-boutique.yaml is not there)' : ''

/** A real application that nobody here wrote: 12 Deployments, 12 Services, 11 ServiceAccounts. */
const scenarioText = (mode: string): string => `
apiVersion: towtank/v1
kind: Scenario
metadata: { name: online-boutique }
spec:
  seed: boutique
  duration: 3m
  warmUp: 1m
  cluster:
    nodes: [{ count: 4, cpu: 4, memory: 16Gi, zone: [a, b] }]
    kubeProxy: { mode: ${mode} }
  manifests: [online-boutique.yaml]
  traffic:
    - { name: inside, to: "http://frontend.default.svc", from: { pods: app=loadgenerator }, arrivals: poisson(50/s) }
    - { name: outside, to: "http://frontend-external.default.svc", from: { external: true }, arrivals: poisson(100/s) }
    - { name: catalog, to: "http://productcatalogservice.default.svc:3550", from: { pods: app=frontend }, arrivals: constant(80/s) }
`

const files = (mode: string): FileReader => ({
  read: (path) => (path === 'scenario.yaml' ? Promise.resolve({ kind: 'file', text: scenarioText(mode) }) : diskFiles.read(MANIFEST)),
})

describe('Online Boutique, as its authors publish it', () => {
  test.skipIf(absent).each(['iptables', 'ipvs'])(
    `every Deployment becomes available and every request is answered, %s${note}`,
    async (mode) => {
      const loaded = await loadScenario('scenario.yaml', files(mode))
      if (!loaded.ok) expect.fail(loaded.problems.map((problem) => problem.message).join('\n'))
      const { summary } = simulate(loaded.variants[0]!.scenario, { variant: mode })
      expect(summary.refusals).toEqual([])
      expect(summary.deployments.length).toBe(12)
      for (const { name, available, replicas } of summary.deployments)
        expect(`${name} ${available}/${replicas}`).toBe(`${name} ${replicas}/${replicas}`)
      expect(summary.traffic.map(({ traffic, failed }) => [traffic, failed])).toEqual([
        ['inside', 0],
        ['outside', 0],
        ['catalog', 0],
      ])
      for (const { sent } of summary.traffic) expect(sent).toBeGreaterThan(5000)
    },
  )
})
