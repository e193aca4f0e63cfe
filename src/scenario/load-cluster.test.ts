import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const APP = `apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { containers: [{ name: web, image: "shop/web:v1", ports: [{ containerPort: 80 }] }] }
`

function load(cluster: string) {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: cluster }
spec:
  manifests: [app.yaml]
  workloads: [{ selector: app=web }]
  cluster: ${cluster}
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'app.yaml': APP }))
}

async function clusterOf(text: string) {
  const result = await load(text)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return { ...result.variants[0]!.scenario.cluster, warnings: result.warnings.map(({ message }) => message) }
}

async function problemsOf(text: string) {
  const result = await load(text)
  if (result.ok) throw new Error('no problem was found')
  return result.problems.map(({ path, message, accepted, didYouMean }) => [path, message, accepted, didYouMean])
}

describe('cores for packets', () => {
  test('are those of the node, and a thousand packets wait for one, unless told otherwise', async () => {
    expect((await clusterOf('{}')).softirq).toEqual({ cores: null, backlog: 1000 })
    expect((await clusterOf('{ network: { softirq: { cores: 1, backlog: 300 } } }')).softirq).toEqual({ cores: 1, backlog: 300 })
  })

  test('are no more than a node has', async () => {
    expect(await problemsOf('{ nodes: [{ cpu: 2 }, { cpu: 3500m }], network: { softirq: { cores: 5 } } }')).toEqual([
      ['spec.cluster.network.softirq.cores', 'No node has 5 cores', '1 to 4', null],
    ])
  })
})

describe('kubelets', () => {
  test('make CPU limits hold by periods of 100 ms, unless told otherwise', async () => {
    expect((await clusterOf('{}')).cpuQuotaPeriod).toBe(100_000_000)
    expect((await clusterOf('{ kubelet: { cpuCFSQuotaPeriod: 5ms } }')).cpuQuotaPeriod).toBe(5_000_000)
    expect((await clusterOf('{ kubelet: { cpuCFSQuota: false } }')).cpuQuotaPeriod).toBe(null)
  })

  test.each(['999us', '1001ms'])('take no period of %s', async (period) => {
    expect(await problemsOf(`{ kubelet: { cpuCFSQuotaPeriod: ${period} } }`)).toEqual([
      ['spec.cluster.kubelet.cpuCFSQuotaPeriod', `A period of "${period}" is not one of the kubelet's`, '1ms to 1s', null],
    ])
  })
})

describe('images', () => {
  test('have sizes, may be missing, and are pulled as the kubelet is told to', async () => {
    const { images, warnings } = await clusterOf(
      '{ images: { size: 50M, sizes: { "shop/web:v1": 1Gi }, missing: [shop/none], parallel: true, maxParallel: 3, registryBandwidth: 1G/s, pullQps: 2.5, pullBurst: 4 } }',
    )
    expect(images).toEqual({
      sizeBytes: 50_000_000,
      sizes: new Map([['shop/web:v1', 1_073_741_824]]),
      bandwidthBytesPerSecond: 125_000_000,
      registryBytesPerSecond: 1_000_000_000,
      preloaded: false,
      missing: ['shop/none:latest'],
      parallel: 3,
      pullQps: 2.5,
      pullBurst: 4,
    })
    expect(warnings).toEqual(['No container has the image "shop/none"'])
  })

  test('that no container has are pointed out, with the one that was meant', async () => {
    const { warnings } = await clusterOf('{ images: { sizes: { "shop/wed:v1": 1G }, missing: ["shop/web:v1"] } }')
    expect(warnings).toEqual(['No container has the image "shop/wed:v1". Did you mean "shop/web:v1"?'])
  })

  test('mistakes are told with what is accepted', async () => {
    expect(
      await problemsOf(
        '{ images: { sizes: { "a b": 1G, "c:v1": 0, d: 1G, "d:latest": 2G }, missing: [""], maxParallel: 3, registryBandwidth: 1G } }',
      ),
    ).toMatchInlineSnapshot(`
      [
        [
          "spec.cluster.images.sizes["a b"]",
          "Cannot use "a b" as the name of an image",
          "a name as in a pod, such as shop/frontend:v2",
          null,
        ],
        [
          "spec.cluster.images.sizes["c:v1"]",
          "Cannot use "0" here",
          "a number above 0",
          null,
        ],
        [
          "spec.cluster.images.sizes["d:latest"]",
          "The size of "d:latest" is given twice",
          null,
          null,
        ],
        [
          "spec.cluster.images.missing[0]",
          "Cannot use "" as the name of an image",
          "a name as in a pod, such as shop/frontend:v2",
          null,
        ],
        [
          "spec.cluster.images.maxParallel",
          "Pulls that wait for each other have no number of pulls at once",
          "parallel: true beside it",
          null,
        ],
        [
          "spec.cluster.images.registryBandwidth",
          "Cannot read "1G" as a bandwidth",
          "bytes a second, such as 125M/s or 100Mi/s",
          "1G/s",
        ],
      ]
    `)
  })

  test('several pulls at once have no limit of their own', async () => {
    expect((await clusterOf('{ images: { parallel: true } }')).images.parallel).toBe(Number.POSITIVE_INFINITY)
    expect((await clusterOf('{ images: {} }')).images.parallel).toBe(1)
  })
})

describe('the container runtime', () => {
  test('is containerd, or one of two others', async () => {
    expect((await clusterOf('{}')).runtime).toBe('containerd')
    expect((await clusterOf('{ runtime: cri-o }')).runtime).toBe('cri-o')
    expect((await clusterOf('{ runtime: cri-dockerd }')).runtime).toBe('cri-dockerd')
  })

  // Source: Kubernetes 1.24 changelog: dockershim was removed; every version here is later.
  test('is not dockershim, which no version here has any more', async () => {
    expect(await problemsOf('{ runtime: dockershim }')).toEqual([
      ['spec.cluster.runtime', 'Kubernetes 1.24 removed dockershim', 'cri-dockerd for Docker Engine, or containerd, cri-o', 'cri-dockerd'],
    ])
    expect(await problemsOf('{ runtime: contanerd }')).toEqual([
      ['spec.cluster.runtime', 'There is no container runtime "contanerd" here', 'containerd, cri-o, cri-dockerd', 'containerd'],
    ])
  })
})

describe('the scheduler', () => {
  test('has the defaults of kube-scheduler', async () => {
    expect((await clusterOf('{}')).scheduler).toMatchObject({ strategy: { type: 'LeastAllocated' }, percentageOfNodesToScore: 0 })
  })

  test('packs nodes or scores by a shape', async () => {
    const { scheduler } = await clusterOf('{ scheduler: { scoringStrategy: MostAllocated, percentageOfNodesToScore: 30 } }')
    expect(scheduler).toMatchObject({ strategy: { type: 'MostAllocated' }, percentageOfNodesToScore: 30 })
    const shape = [
      { utilization: 0, score: 0 },
      { utilization: 100, score: 10 },
    ]
    expect(
      (await clusterOf(`{ scheduler: { scoringStrategy: RequestedToCapacityRatio, shape: ${JSON.stringify(shape)} } }`)).scheduler.strategy,
    ).toMatchObject({ type: 'RequestedToCapacityRatio', shape })
  })

  test('mistakes are told with what is accepted', async () => {
    expect(await problemsOf('{ scheduler: { scoringStrategy: RequestedToCapacityRatio } }')).toMatchInlineSnapshot(`
      [
        [
          "spec.cluster.scheduler.scoringStrategy",
          "RequestedToCapacityRatio needs a shape",
          "shape: [{ utilization: 0, score: 0 }, { utilization: 100, score: 10 }]",
          null,
        ],
      ]
    `)
    expect(await problemsOf('{ scheduler: { shape: [{ utilization: 0, score: 0 }] } }')).toMatchInlineSnapshot(`
      [
        [
          "spec.cluster.scheduler.shape",
          "The strategy LeastAllocated has no shape",
          "a shape only with scoringStrategy: RequestedToCapacityRatio",
          null,
        ],
      ]
    `)
    expect(
      await problemsOf(
        '{ scheduler: { scoringStrategy: RequestedToCapacityRatio, shape: [{ utilization: 50, score: 0 }, { utilization: 50, score: 3 }] } }',
      ),
    ).toMatchInlineSnapshot(`
      [
        [
          "spec.cluster.scheduler.shape[1].utilization",
          "A utilization of 50 comes after 50",
          "more than 50: points stand in rising order",
          null,
        ],
      ]
    `)
    expect(await problemsOf('{ scheduler: { scoringStrategy: LeastAlocated } }')).toMatchInlineSnapshot(`
      [
        [
          "spec.cluster.scheduler.scoringStrategy",
          "Cannot use "LeastAlocated" here",
          "one of LeastAllocated, MostAllocated, RequestedToCapacityRatio",
          "LeastAllocated",
        ],
      ]
    `)
  })
})
