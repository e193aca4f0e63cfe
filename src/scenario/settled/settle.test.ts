import { describe, expect, test } from 'vitest'
import type { AnyObject } from '../../api/objects/index.ts'
import { MINUTE } from '../../units.ts'
import { memoryFiles } from '../load-files.ts'
import { loadScenario } from '../load-scenario.ts'
import { runUntil } from '../run-until.ts'
import { simulate } from '../simulate.ts'
import { SimulatedCluster } from '../simulated-cluster.ts'

const APP = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers: [{ name: prepare, image: "shop/prepare:v1" }, { name: log, image: "shop/log:v1", restartPolicy: Always }]
      containers:
        - name: web
          image: "shop/web:v1"
          ports: [{ name: http, containerPort: 8080 }]
          resources: { requests: { cpu: 500m } }
          readinessProbe: { httpGet: { port: http } }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { a: b }
`

async function scenarioOf(cluster: string, more = '') {
  const text = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: settled }
spec:
  duration: 3m
  manifests: [app.yaml]
  workloads: [{ selector: app=web }]
  cluster: ${cluster}
${more}`
  const loaded = await loadScenario('run.yaml', memoryFiles({ 'run.yaml': text, 'app.yaml': APP }))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.variants[0]!.scenario
}

async function clusterOf(text: string, until: number): Promise<SimulatedCluster> {
  const scenario = await scenarioOf(text)
  const cluster = new SimulatedCluster(scenario)
  cluster.start()
  runUntil(cluster, until, scenario.duration)
  return cluster
}

const KINDS = ['Namespace', 'ServiceAccount', 'Service', 'Deployment', 'ReplicaSet', 'Pod', 'EndpointSlice'] as const

function objectsOf({ controlPlane }: SimulatedCluster): AnyObject[] {
  return KINDS.flatMap((kind) => [...controlPlane.server.cached(kind)]).filter(({ kind, metadata }) =>
    kind === 'Namespace' ? metadata.name === 'shop' : metadata.namespace === 'shop',
  )
}

/** Times, uids, revisions, what is drawn and where pods stand: all that may differ. */
const OWN = /Time$|^(creationTimestamp|uid|podUid|resourceVersion|finishedAt|clusterIP|podIP|hostIP|address|nodeName|zone)$/

function shapeOf(objects: readonly AnyObject[]): string[] {
  const texts = objects.map((object) =>
    JSON.stringify(object, (key, value) => {
      if (OWN.test(key) && value !== '') return 'own'
      if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
      return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    }).replaceAll(/(web(-[b-z0-9]{6,10})?)-[b-z0-9]{5}"/g, '$1-*"'),
  )
  return texts.sort()
}

describe('a settled cluster', () => {
  test.each(['"1.36"', '"1.34"', '"1.28"'])(
    'of version %s holds what controllers, scheduler and kubelets make of the manifests',
    async (version) => {
      const settled = await clusterOf(`{ version: ${version}, settled: true }`, 0)
      const grown = await clusterOf(`{ version: ${version} }`, 2 * MINUTE)
      expect(shapeOf(objectsOf(settled))).toEqual(shapeOf(objectsOf(grown)))
    },
  )

  test('stays as it is: nobody writes to any of it, and what is not settled is applied', async () => {
    const cluster = await clusterOf('{ settled: true }', 3 * MINUTE)
    expect(objectsOf(cluster).map(({ metadata }) => metadata.resourceVersion)).toEqual(objectsOf(cluster).map(() => 1))
    const { server } = cluster.controlPlane
    expect(server.peek('ConfigMap' as 'Pod', 'shop', 'settings')).toBeDefined()
    const told = new Set([...cluster.trace].map(({ subject }) => subject).filter((subject) => /shop/.test(subject)))
    expect(told).toEqual(new Set(['ConfigMap/shop/settings']))
  })

  test('serves from the first request on', async () => {
    const traffic = `
  traffic: [{ name: users, from: { pods: app=web, namespace: shop }, to: "http://web.shop", arrivals: poisson(20/s) }]`
    const { summary } = simulate(await scenarioOf('{ settled: true }', `  warmUp: 2s${traffic}`), { variant: 'a' })
    expect(summary.traffic[0]!.sent).toBeGreaterThan(3000)
    expect(summary.traffic[0]!.failed).toBe(0)
    expect(summary.deployments[0]).toMatchObject({ replicas: 4, available: 4, availableAtSeconds: 0 })
  })

  test('is rolled out like any other', async () => {
    const timeline = `
  timeline: [{ at: 10s, kubectl: "set image deployment/web -n shop web=shop/web:v2" }]`
    const scenario = await scenarioOf('{ settled: true }', timeline)
    const cluster = new SimulatedCluster(scenario)
    cluster.start()
    runUntil(cluster, 2 * MINUTE, scenario.duration)
    const pods = objectsOf(cluster).filter(({ kind }) => kind === 'Pod')
    expect(pods).toHaveLength(4)
    expect(JSON.stringify(pods)).not.toContain('shop/web:v1')
    expect(cluster.rollouts.list).toMatchObject([{ object: 'Deployment/shop/web', why: 'new template' }])
    expect(cluster.rollouts.list[0]!.ended).not.toBe(null)
  })

  test('keeps a pod that fits nowhere without a node, and its Deployment waits', async () => {
    const cluster = await clusterOf('{ settled: true, nodes: [{ count: 1, cpu: 1700m }] }', MINUTE)
    const pods = objectsOf(cluster).filter(({ kind }) => kind === 'Pod') as { spec?: { nodeName: string } }[]
    expect(pods.filter(({ spec }) => spec!.nodeName !== '')).toHaveLength(3)
    expect(cluster.controlPlane.server.peek('Deployment', 'shop', 'web')!.status).toMatchObject({ replicas: 4, availableReplicas: 3 })
    expect([...cluster.trace].some(({ action }) => action === 'found no node')).toBe(true)
  })

  test('is none that is being installed', async () => {
    await expect(scenarioOf('{ settled: true, install: kubeadm, bootstrap: true }')).rejects.toThrow('has not been running for long')
  })
})
