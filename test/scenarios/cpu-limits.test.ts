import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { type LoadedScenario, loadScenario } from '../../src/scenario/load-scenario.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'

function scenarioOf(loaded: LoadedScenario): Scenario {
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return loaded.variants[0]!.scenario
}

describe('where nobody is throttled and there are cores enough, CPU time changes nothing', () => {
  const files = ['hello.yaml', 'rollout-under-load.yaml', 'concepts/ingress.yaml', 'concepts/hpa.yaml']
  test.each(files)('%s', { timeout: 600_000 }, async (file) => {
    const loaded = scenarioOf(await loadScenario(`scenarios/${file}`, diskFiles))
    const nodes = loaded.cluster.nodes.map((group) => ({ ...group, cpuMilli: 64_000 }))
    const plain: Scenario = { ...loaded, cluster: { ...loaded.cluster, nodes, cpuQuotaPeriod: null } }
    const all: Scenario = { ...plain, workloads: plain.workloads.map((workload) => ({ ...workload, cpuPerRequest: 'all' })) }
    const [before, after] = [plain, all].map((scenario) => simulate(scenario, { variant: 'v' }))
    expect([...after!.requests.rows]).toEqual([...before!.requests.rows])
    expect([...after!.objects.rows]).toEqual([...before!.objects.rows])
    expect(after!.summary.traffic).toEqual(before!.summary.traffic)
  })
})

interface World {
  /** Of the serving container. */
  readonly limits?: string
  readonly workload?: string
  readonly rate?: number
  readonly duration?: string
  readonly more?: string
}

/** A Deployment of pods with three containers, of which the second serves. */
async function run({ limits = '', workload = '', rate = 100, duration = '130s', more = '' }: World): Promise<SimulatedRun> {
  const loaded = await loadScenario(
    's.yaml',
    memoryFiles({
      's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: limits }
spec:
  duration: ${duration}
  cluster: { images: { preloaded: true }, nodes: [{ count: 1, cpu: 16 }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 1s, serviceTime: 10ms, concurrency: 64, queue: 0${workload} }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: poisson(${rate}/s), timeout: 10s }]
`,
      'web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: log, image: 'log:v1', resources: { limits: { cpu: 10m } } }
        - { name: server, image: 'web:v1', ports: [{ containerPort: 80 }], resources: { requests: { cpu: 200m }${limits} } }
        - { name: mesh, image: 'mesh:v1', ports: [{ containerPort: 81 }], resources: { limits: { cpu: 20m } } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
${more}`,
    }),
  )
  return simulate(scenarioOf(loaded), { variant: 'v' })
}

const podsOf = ({ pods }: SimulatedRun) =>
  [...pods.rows].map((row) => Object.fromEntries(pods.columns.map((column, index) => [column, row[index]!])))

describe('a CPU limit', () => {
  test('is that of the container that serves, and leaves the throughput that it allows', async () => {
    const result = await run({ limits: ', limits: { cpu: 500m }', workload: ', cpuPerRequest: all' })
    const [pod] = podsOf(result)
    // 100 s: half of the load of one core.
    expect(Number(pod!.cpu_s)).toBeCloseTo(50, 0)
    expect(pod).toMatchObject({ cpu_periods: 1000, throttled_periods: 1000 })
    expect(result.summary.deployments[0]!.throttled).toBe(1)
    expect(result.summary.traffic[0]!.ok / 5000).toBeCloseTo(1, 2)
    expect(result.summary.traffic[0]!.failedByCause).toHaveProperty('queue-full')
  })

  test('says nothing without CPU time of requests, and then nothing is counted', async () => {
    const result = await run({ limits: ', limits: { cpu: 500m }' })
    expect(podsOf(result)[0]).toMatchObject({ cpu_s: null, cpu_periods: null, throttled_periods: null, throttled_s: null })
    expect(result.summary.deployments[0]).not.toHaveProperty('throttled')
    expect(result.summary.traffic[0]!.failed).toBe(0)
  })

  test('throttles bursts though there is enough of it on the whole', async () => {
    const [limited, free] = await Promise.all(
      [', limits: { cpu: 1200m }', ''].map((limits) => run({ limits, workload: ', cpuPerRequest: all' })),
    )
    const [pod] = podsOf(limited!)
    expect(pod!.throttled_periods).toBeGreaterThan(30)
    expect(pod!.throttled_periods).toBeLessThan(500)
    expect(pod!.cpu_s).toBeCloseTo(Number(podsOf(free!)[0]!.cpu_s), 0)
    expect(limited!.summary.traffic[0]!.latencyMs.p99!).toBeGreaterThan(free!.summary.traffic[0]!.latencyMs.p99! + 20)
    expect(podsOf(free!)[0]).toMatchObject({ cpu_periods: 0, throttled_periods: 0, throttled_s: 0 })
    expect(free!.summary.deployments[0]!.throttled).toBe(0)
  })

  // A pod asks for 200m; a request takes 2 ms of CPU time of its 10: 0.2 cores at 100 a second, or 1 core where all of it were CPU time.
  test('has autoscalers see the CPU time that requests took', async () => {
    const more = `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  maxReplicas: 9
  metrics: [{ type: ContainerResource, containerResource: { container: server, name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
`
    const replicas = async (workload: string) => (await run({ workload, more, duration: '5m' })).summary.deployments[0]!.replicas
    expect(await replicas(', cpuPerRequest: 2ms')).toBe(2)
    expect(await replicas(', cpuPerRequest: all')).toBe(9)
  })
})
