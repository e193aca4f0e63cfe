import { describe, expect, test } from 'vitest'
import { INGRESS, run, type World } from './world.ts'

const PREFIX = 'nginx.ingress.kubernetes.io/'
const annotated = (notes: Record<string, string>): string => {
  const all = Object.entries(notes).map(([key, value]) => `${PREFIX}${key}: "${value}"`)
  return INGRESS.replace('{ name: shop }', `{ name: shop, annotations: { ${all.join(', ')} } }`)
}
const traffic = (clients: number, more = '') =>
  `    - { name: t, to: http://shop.example.com/shop, from: { external: true, clients: ${clients} }, arrivals: constant(100/s)${more} }`
const podSpec = ''

/** Requests of each pod of `web` that had any, most first; and the pods that are there. */
async function shares(world: World) {
  const { cluster, traffic: found } = await run({ podSpec, ...world })
  const loads = cluster.dataPlane.backends.loads().filter(({ pod }) => pod.labels.app === 'web')
  return {
    found,
    cluster,
    loads,
    used: loads
      .map(({ load }) => load.requests)
      .filter((count) => count > 0)
      .sort((a, b) => b - a),
  }
}

describe('cookie affinity', () => {
  test.each(['balanced', 'persistent'])('%s: one client stays with one pod of four, at whichever controller it comes', async (mode) => {
    const given = { replicas: 4, controllers: 2, traffic: traffic(1) }
    const { used, found } = await shares({ ...given, ingress: annotated({ affinity: 'cookie', 'affinity-mode': mode }) })
    expect(found.failed).toBe(0)
    // Requests that were under way when the first cookie came may have another pod.
    expect(used[0]! / used.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(0.99)
    expect((await shares({ ...given, ingress: INGRESS })).used).toHaveLength(4)
  })

  const scaled = (mode: string) =>
    shares({
      replicas: 2,
      duration: 90,
      traffic: traffic(200, ', start: 30s'),
      timeline: '[{ at: 60s, kubectl: "scale deployment/web --replicas=6" }]',
      ingress: annotated({ affinity: 'cookie', 'affinity-mode': mode }),
    })

  test('persistent: pods that come later get no client that has one', async () => {
    const { used, found } = await scaled('persistent')
    expect(found.failed).toBe(0)
    expect(used).toHaveLength(2)
  })

  test('balanced: pods that come later take over clients of the others', async () => {
    const { used, found } = await scaled('balanced')
    expect(found.failed).toBe(0)
    expect(used).toHaveLength(6)
    // About 22 s of 60 s with four of six pods, at 100 requests a second: 1500 requests. The ring's chance for four arcs of six: 4 %.
    const late = used.slice(2).reduce((sum, count) => sum + count, 0)
    expect(late).toBeGreaterThan(1000)
  })

  test('persistent: a rolling update leaves most clients with the pod that was ready first', async () => {
    const rolled = (mode: string) =>
      shares({
        replicas: 2,
        duration: 150,
        traffic: traffic(200, ', start: 90s'),
        timeline: '[{ at: 100s, kubectl: "set image deployment/web server=web:v2" }]',
        ingress: annotated({ affinity: 'cookie', 'affinity-mode': mode, 'session-cookie-name': 'route' }),
      })
    const persistent = await rolled('persistent')
    const balanced = await rolled('balanced')
    const newest = ({ loads }: Awaited<ReturnType<typeof rolled>>) => loads.slice(-2).map(({ load }) => load.requests)
    const imbalance = ([a, b]: number[]) => Math.max(a!, b!) / ((a! + b!) / 2)
    expect(imbalance(newest(persistent))).toBeGreaterThan(imbalance(newest(balanced)))
  })

  test('a canary keeps the clients that it has, and gets none of those that the main Service has', async () => {
    const canary = (weight: number) => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: beta, annotations: { ${PREFIX}canary: "true", ${PREFIX}canary-weight: "${weight}" } }
spec:
  rules: [{ host: shop.example.com, http: { paths: [{ path: /shop, pathType: Prefix, backend: { service: { name: beta, port: { number: 80 } } } }] } }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: beta }
spec:
  selector: { matchLabels: { app: beta } }
  template:
    metadata: { labels: { app: beta } }
    spec: { containers: [{ name: server, image: web, ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }] }
---
apiVersion: v1
kind: Service
metadata: { name: beta }
spec: { selector: { app: beta }, ports: [{ port: 80 }] }
---
`
    const { cluster, traffic: found } = await run({
      ingress: annotated({ affinity: 'cookie' }) + canary(50),
      workloads: '    - { selector: "app in (web, beta)", serviceTime: 5ms, startUp: 1s, concurrency: 10 }',
      traffic: traffic(1),
    })
    expect(found.failed).toBe(0)
    const counts = ['web', 'beta'].map((app) =>
      cluster.dataPlane.backends
        .loads()
        .filter(({ pod }) => pod.labels.app === app)
        .reduce((sum, { load }) => sum + load.requests, 0),
    )
    // One client: with one of the two, but for requests that were under way when its cookie came.
    expect(Math.min(...counts)).toBeLessThan(5)
    expect(Math.max(...counts)).toBeGreaterThan(2900)
  })
})

describe('a pod that is dead and still an endpoint', () => {
  const dead = (notes: Record<string, string>) =>
    shares({
      replicas: 3,
      duration: 100,
      podSpec:
        '      affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: { matchLabels: { app: web } }, topologyKey: kubernetes.io/hostname }] } }',
      timeline: '[{ at: 60s, fault: { kind: node-crash, node: worker-2 } }]',
      traffic: traffic(30, ', timeout: 40s, start: 30s, stop: 80s'),
      ingress: annotated({ affinity: 'cookie', 'proxy-connect-timeout': '1', ...notes }),
    })

  test('fails its clients, who are sent to it again and again', async () => {
    const { found } = await dead({})
    expect(found.failedByCause['http-504']).toBeGreaterThan(100)
  })

  test('is left by its clients at once with session-cookie-change-on-failure', async () => {
    const { found } = await dead({ 'session-cookie-change-on-failure': 'true' })
    expect(found.failedByCause['http-504'] ?? 0).toBe(0)
  })
})

describe('upstream-hash-by', () => {
  test('a header of the client’s own: each client has its pod, and all pods have clients', async () => {
    const headers = ', headers: { x-user: "user-{client}" }'
    const notes = { 'upstream-hash-by': '$http_x_user' }
    const one = await shares({ replicas: 4, controllers: 2, traffic: traffic(1, headers), ingress: annotated(notes) })
    expect(one.used).toHaveLength(1)
    const many = await shares({ replicas: 4, traffic: traffic(500, headers), ingress: annotated(notes) })
    expect(many.used).toHaveLength(4)
  })

  test('$request_uri: one path has one pod', async () => {
    const { used } = await shares({ replicas: 4, traffic: traffic(500), ingress: annotated({ 'upstream-hash-by': '$request_uri' }) })
    expect(used).toHaveLength(1)
  })

  test('$remote_addr is the node’s under the policy Cluster: three nodes, three pods at most for all clients', async () => {
    const notes = { 'upstream-hash-by': '$remote_addr' }
    const cluster = await shares({ replicas: 20, traffic: traffic(500), ingress: annotated(notes) })
    expect(cluster.used.length).toBeLessThanOrEqual(3)
    const local = await shares({ replicas: 20, traffic: traffic(500), ingress: annotated(notes), externalTrafficPolicy: 'Local' })
    expect(local.used).toHaveLength(20)
  })

  test('an annotation that is put on acts without a reload', async () => {
    const { cluster, used } = await shares({
      replicas: 4,
      traffic: traffic(500),
      timeline: `[{ at: 40s, kubectl: "annotate ingress/shop ${PREFIX}load-balance=ewma" }]`,
    })
    const told = Array.from({ length: cluster.trace.length }, (_, id) => cluster.trace.hop(id)).filter(
      ({ action }) => action === 'updated balancing',
    )
    expect(told.map(({ detail }) => detail)).toEqual(['default/web:80: ewma'])
    expect(used).toHaveLength(4)
  })
})
