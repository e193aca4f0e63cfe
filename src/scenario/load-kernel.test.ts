import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const APP = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: web, image: web }] }
`

async function load(cluster: string) {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: kernel }
spec:
  manifests: [app.yaml]
  workloads: [{ selector: app=web }]
  cluster: ${cluster}
`
  const loaded = await loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'app.yaml': APP }))
  if (loaded.ok) return loaded.variants[0]!.scenario.cluster.kernel
  return loaded.problems.map(({ path, line, message, didYouMean }) => [path, line, message, didYouMean])
}

describe('cluster.kernel', () => {
  test('is that of the profile unless told otherwise', async () => {
    expect(await load('{}')).toEqual({ major: 6, minor: 1, patch: 0 })
    expect(await load('{ kernel: "5.4" }')).toEqual({ major: 5, minor: 4, patch: 0 })
    expect(await load('{ kernel: 4.19.112 }')).toEqual({ major: 4, minor: 19, patch: 112 })
  })

  test.each([
    ['{ kernel: 5.10.0-rc1 }', 'Cannot read "5.10.0-rc1" as a version of Linux', '5.10.0'],
    ['{ kernel: "" }', 'Cannot read "" as a version of Linux', null],
    ['{ kernel: "3.9" }', 'Linux 3.9 is older than what is modelled', null],
  ])('%s is refused', async (cluster, message, didYouMean) => {
    expect(await load(cluster)).toEqual([['spec.cluster.kernel', 7, message, didYouMean]])
  })

  test('is a text: as a number 5.10 would be 5.1', async () => {
    expect(await load('{ kernel: 5.10 }')).toEqual([['spec.cluster.kernel', 7, expect.stringContaining('5.1'), null]])
  })

  test('is 5.13 or later in mode nftables', async () => {
    const message = 'Mode nftables needs a newer kernel than 5.12'
    expect(await load('{ kernel: "5.12", kubeProxy: { mode: nftables } }')).toEqual([['spec.cluster.kubeProxy.mode', 7, message, null]])
    expect(await load('{ kernel: "5.13", kubeProxy: { mode: nftables } }')).toEqual({ major: 5, minor: 13, patch: 0 })
  })
})
