import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'

interface World {
  readonly replicas?: number
  readonly to?: string
  readonly traffic?: string
  readonly timeline?: string
  readonly service?: string
  readonly more?: string
  readonly dns?: string
  readonly from?: string
  readonly workloads?: string
  readonly mode?: string
}

const STATEFUL = (replicas: number, service: string) => `apiVersion: apps/v1
kind: StatefulSet
metadata: { name: web }
spec:
  serviceName: web
  replicas: ${replicas}
  podManagementPolicy: Parallel
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      nodeSelector: { kubernetes.io/hostname: worker-2 }
      containers: [{ name: server, image: web, ports: [{ containerPort: 8080 }], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { clusterIP: None, selector: { app: web }, ports: [{ port: 8080 }]${service} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: client }
spec:
  replicas: 1
  selector: { matchLabels: { app: client } }
  template:
    metadata: { labels: { app: client } }
    spec: { nodeSelector: { kubernetes.io/hostname: worker-1 }, containers: [{ name: client, image: client }] }
---
`
const DNS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: coredns, namespace: kube-system }
spec:
  replicas: 1
  selector: { matchLabels: { k8s-app: kube-dns } }
  template:
    metadata: { labels: { k8s-app: kube-dns } }
    spec: { nodeSelector: { kubernetes.io/hostname: worker-3 }, containers: [{ name: coredns, image: coredns, ports: [{ containerPort: 53, protocol: UDP }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec: { selector: { k8s-app: kube-dns }, ports: [{ port: 53, protocol: UDP }] }
---
`

async function loaded(world: World) {
  const { replicas = 2, service = '', more = '', dns } = world
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: headless }
spec:
  duration: 60s
  warmUp: 30s
  cluster: { nodes: [{ count: 3 }], kubeProxy: { mode: ${world.mode ?? 'iptables'} }${dns === undefined ? '' : `, dns: ${dns}`} }
  manifests: [app.yaml]
  workloads:
${world.workloads ?? '    - { selector: app=web, serviceTime: 5ms, startUp: 1s, concurrency: 100 }'}
${dns === undefined ? '' : '    - { selector: k8s-app=kube-dns, serviceTime: 100us, startUp: 1s, concurrency: 100 }\n'}  traffic:
    - { name: t, to: ${world.to ?? 'http://web.default.svc:8080/'}, from: ${world.from ?? '{ pods: app=client }'}, arrivals: constant(100/s)${world.traffic ?? ''} }
  timeline: ${world.timeline ?? '[]'}
`
  return loadScenario(
    'scenario.yaml',
    memoryFiles({ 'scenario.yaml': scenario, 'app.yaml': STATEFUL(replicas, service) + more + (dns === undefined ? '' : DNS) }),
  )
}

async function run(world: World) {
  const result = await loaded(world)
  if (!result.ok) return expect.fail(result.problems.map(({ message }) => message).join('\n'))
  const { scenario } = result.variants[0]!
  const cluster = new SimulatedCluster(scenario)
  cluster.start()
  cluster.sim.run(scenario.duration)
  cluster.dataPlane.checkConservation()
  const loads = cluster.dataPlane.backends.loads().filter(({ pod }) => pod.labels.app === 'web')
  return {
    cluster,
    scenario,
    found: cluster.dataPlane.trafficSummaries()[0]!,
    byPod: Object.fromEntries(loads.map(({ pod, load }) => [pod.podName, load.requests])),
  }
}

const problemsOf = async (world: World) => {
  const result = await loaded(world)
  return result.ok ? [] : result.problems.map(({ message, accepted }) => `${message}; ${accepted}`)
}

describe('a headless Service', () => {
  test.each(['iptables', 'ipvs'])('%s: each connection goes to one of the ready pods, all as likely, straight', async (mode) => {
    const { found, byPod, cluster, scenario } = await run({ replicas: 3, mode })
    expect(found.failed).toBe(0)
    expect(found.sent).toBe(3000)
    // Binomial: 1000 ± 26.
    for (const pod of ['web-0', 'web-1', 'web-2']) expect(Math.abs(byPod[pod]! - 1000)).toBeLessThan(110)
    // A SYN that passes all rules, three later packets, four ways within the zone, and the service; none waits for another.
    const { mode: rules } = cluster.dataPlane
    const way = scenario.cluster.network.sameZone
    expect(Math.round(found.latencyMs.max! * 1e6)).toBe(rules.passCost(0) + 3 * rules.establishedCost + 4 * way + 5_000_000)
  })

  test('its pods have names: one pod has all of that name', async () => {
    const { found, byPod } = await run({ replicas: 3, to: 'http://web-1.web.default.svc:8080/' })
    expect(found.failed).toBe(0)
    expect(byPod).toEqual({ 'web-0': 0, 'web-1': 3000, 'web-2': 0 })
  })

  const scaled = (traffic: string) => run({ traffic, timeline: '[{ at: 40s, kubectl: "scale statefulset/web --replicas=4" }]' })

  test('pods that come get requests of new connections, and none of a connection that is kept, as with gRPC', async () => {
    const fresh = await scaled('')
    expect(fresh.byPod['web-3']).toBeGreaterThan(300)
    const kept = await scaled(', connection: { keepAlive: 60s, http2: {} }')
    expect(kept.found.failed).toBe(0)
    expect([kept.byPod['web-2'], kept.byPod['web-3']]).toEqual([0, 0])
    expect(Math.max(kept.byPod['web-0']!, kept.byPod['web-1']!)).toBe(3000)
  })

  test('pods that are not ready have no address, but with publishNotReadyAddresses', async () => {
    const late = { workloads: '    - { selector: app=web, startUp: 200s }' }
    expect(Object.keys((await run(late)).found.failedByCause)).toEqual(['dns-failed'])
    const published = await run({ ...late, service: ', publishNotReadyAddresses: true' })
    expect(Object.keys(published.found.failedByCause)).toEqual(['refused'])
  })

  test('without pods the name has no address: every request fails at once, kept connections or not', async () => {
    for (const traffic of [
      '',
      ', connection: { keepAlive: 10s, pool: 3 }',
      ', connection: { keepAlive: 10s, http2: {} }',
      ', retries: { max: 2, on: [connect-failure] }',
    ]) {
      const { found } = await run({ replicas: 0, traffic })
      expect(found.failedByCause).toEqual({ 'dns-failed': found.sent })
    }
  })

  test('pods of a dead node are tried as long as DNS names them', async () => {
    const { found } = await run({ timeline: '[{ at: 45s, fault: { kind: node-crash, node: worker-2 } }]', traffic: ', stop: 50s' })
    expect(found.ok).toBeGreaterThan(1480)
    expect(Object.keys(found.failedByCause).sort()).toEqual(
      ['connect-timeout', 'timeout'].filter((cause) => found.failedByCause[cause] !== undefined),
    )
    expect(found.failedByCause['connect-timeout']).toBeGreaterThan(400)
  })

  test('with cluster.dns its name is looked up for each connection', async () => {
    const { found, byPod } = await run({ dns: '{}', replicas: 2 })
    expect(found.failed).toBe(0)
    expect(found.blameMs!.mean!.dns).toBeGreaterThan(0.1)
    expect(Math.abs(byPod['web-0']! - 1500)).toBeLessThan(150)
    const pod = await run({ dns: '{}', replicas: 2, to: 'http://web-1.web.default.svc:8080/' })
    expect(pod.byPod).toEqual({ 'web-0': 0, 'web-1': 3000 })
    const gone = await run({ dns: '{}', replicas: 1, to: 'http://web-1.web.default.svc:8080/' })
    expect(gone.found.failedByCause).toEqual({ 'dns-failed': gone.found.sent - gone.found.inFlight })
  })

  test('a call of a pod reaches its pods too', async () => {
    const { byPod, found } = await run({
      to: 'http://front.default.svc/',
      more: 'apiVersion: v1\nkind: Service\nmetadata: { name: front }\nspec: { selector: { app: front }, ports: [{ port: 80 }] }\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: front, labels: { app: front } }\nspec: { containers: [{ name: front, image: front, ports: [{ containerPort: 80 }] }] }\n---\n',
      workloads:
        '    - { selector: app=web, serviceTime: 5ms, startUp: 1s, concurrency: 100 }\n    - { selector: app=front, serviceTime: 1ms, concurrency: 100, calls: [{ to: "http://web.default.svc:8080/" }] }',
    })
    expect(found.failed).toBe(0)
    expect(Math.abs(byPod['web-0']! - 1500)).toBeLessThan(150)
    expect(byPod['web-0']! + byPod['web-1']!).toBeGreaterThan(2990)
  })

  test.each([
    ['http://web.default.svc:9000/', undefined, 'clients connect to the pods’ own ports, and 9000 is none of them; :8080'],
    ['http://web-1.web.default.svc:8080/', '{ external: true }', 'its pods have no address outside the cluster'],
    ['udp://web.default.svc:8080', undefined, 'UDP straight to pods is not modelled'],
    ['http://db-0.web.default.svc:8080/', undefined, 'No StatefulSet of the namespace "default" has a pod "db-0"'],
  ])('%s from %s is refused', async (to, from, said) => {
    expect((await problemsOf({ to, ...(from === undefined ? {} : { from }) })).join('\n')).toContain(said)
  })
})

describe('an ExternalName', () => {
  const alias = (name: string, of: string) =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: ExternalName, externalName: ${of} }\n---\n`
  const plain =
    'apiVersion: v1\nkind: Service\nmetadata: { name: plain }\nspec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }\n---\n'

  test.each([
    ['a Service', 'http://ext.default.svc/', alias('ext', 'plain.default.svc.cluster.local') + plain],
    [
      'another alias',
      'http://ext.default.svc/',
      alias('ext', 'next.default.svc.cluster.local') + alias('next', 'plain.default.svc.cluster.local.') + plain,
    ],
    ['a headless Service', 'http://ext.default.svc:8080/', alias('ext', 'web.default.svc.cluster.local')],
  ])('of %s leads there', async (_what, to, more) => {
    const { found, byPod } = await run({ to, more })
    expect(found.failed).toBe(0)
    expect(Math.abs(byPod['web-0']! - 1500)).toBeLessThan(150)
  })

  test('of a pod leads to that pod', async () => {
    const { byPod } = await run({ to: 'http://ext.default.svc:8080/', more: alias('ext', 'web-1.web.default.svc.cluster.local') })
    expect(byPod).toEqual({ 'web-0': 0, 'web-1': 3000 })
  })

  test.each([
    ['api.example.com', 'stands for "api.example.com", and nothing in the manifests says what answers there; an externalName such as'],
    ['none.default.svc.cluster.local', 'stands for "none.default.svc.cluster.local", and nothing'],
    ['ext.default.svc.cluster.local', 'and so on without end'],
  ])('of %s is refused', async (of, said) => {
    expect((await problemsOf({ to: 'http://ext.default.svc/', more: alias('ext', of) })).join('\n')).toContain(said)
  })
})
