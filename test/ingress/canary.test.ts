import { describe, expect, test } from 'vitest'
import { SECOND } from '../../src/units.ts'
import { INGRESS, run } from './world.ts'

const canary = (weight: number, more = '') => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: beta, annotations: { nginx.ingress.kubernetes.io/canary: "true", nginx.ingress.kubernetes.io/canary-weight: "${weight}"${more} } }
spec:
  rules: [{ host: shop.example.com, http: { paths: [{ path: /shop, pathType: Prefix, backend: { service: { name: beta, port: { number: 80 } } } }] } }]
---
`
const beta = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: beta }
spec:
  replicas: ${replicas}
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
const workloads = '    - { selector: "app in (web, beta)", serviceTime: 5ms, startUp: 1s, concurrency: 10 }'
const traffic = (more = '') => `    - { name: t, to: http://shop.example.com/shop, arrivals: constant(100/s)${more} }`

async function shared(world: Parameters<typeof run>[0]) {
  const { cluster, traffic } = await run({
    workloads,
    traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(100/s) }',
    ...world,
  })
  const loads = cluster.dataPlane.backends.loads()
  const of = (app: string) => loads.filter(({ pod }) => pod.labels.app === app).reduce((sum, { load }) => sum + load.requests, 0)
  return { cluster, summary: traffic, web: of('web'), beta: of('beta') }
}

describe('a canary beside an Ingress', () => {
  test('takes its weight of the requests', async () => {
    const { web, beta: taken, summary } = await shared({ ingress: INGRESS + canary(30) + beta(2) })
    expect(summary.failed).toBe(0)
    // 3000 draws with 0.3: the standard deviation is 25.
    expect(web + taken).toBeGreaterThan(2990)
    expect(Math.abs(taken - 900)).toBeLessThan(100)
  })

  test.each([
    ['header', ', nginx.ingress.kubernetes.io/canary-by-header: X-Beta', ', headers: { x-beta: always }'],
    ['cookie', ', nginx.ingress.kubernetes.io/canary-by-cookie: beta', ', cookies: { beta: always }'],
  ])('takes all with a %s that says so', async (_what, annotation, said) => {
    const { web, beta: taken } = await shared({ ingress: INGRESS + canary(0, annotation) + beta(1), traffic: traffic(said) })
    expect(web).toBe(0)
    expect(taken).toBeGreaterThan(2990)
  })

  test('without endpoints leaves all to the main Service', async () => {
    const { web, summary } = await shared({ ingress: INGRESS + canary(100) + beta(0) })
    expect(summary.failed).toBe(0)
    expect(web).toBeGreaterThan(2990)
  })

  test('is not asked when the main Service has no endpoint: 503', async () => {
    const { beta: taken, summary } = await shared({ replicas: 0, ingress: INGRESS + canary(100) + beta(1) })
    expect(taken).toBe(0)
    expect(summary.failedByCause).toEqual({ 'http-503': summary.sent - summary.inFlight })
  })

  test('gets another weight without a reload, a second after the sync at the latest', async () => {
    const { cluster } = await shared({
      ingress: INGRESS + canary(0) + beta(1),
      timeline: '[{ at: 40s, kubectl: "annotate ingress/beta nginx.ingress.kubernetes.io/canary-weight=100 --overwrite" }]',
    })
    const hops = Array.from({ length: cluster.trace.length }, (_, id) => cluster.trace.hop(id))
    const later = hops.filter(({ time }) => time > 40 * SECOND)
    const [told] = later.filter(({ action }) => action === 'updated canary')
    expect(told).toMatchObject({ subject: 'Ingress/default/beta', detail: 'default/beta:80 beside default/web:80: weight 100 of 100' })
    expect(told!.time - told!.started).toBeLessThanOrEqual(SECOND)
    expect(later.filter(({ action }) => action === 'reloaded')).toEqual([])
  })
})

describe('annotations of tries', () => {
  const annotated = (annotations: string) => INGRESS.replace('{ name: shop }', `{ name: shop, annotations: { ${annotations} } }`)
  const name = (key: string, value: string) => `nginx.ingress.kubernetes.io/${key}: "${value}"`
  const refusing = { readinessProbe: false, workloads: '    - { selector: app=web, startUp: 100s }' }

  // Each try that is refused is remembered by worker-2, the pods' node, for 10 s: 1000 entries for each try of a request. Besides there are 1000 of
  // the third of the clients' connections that came in by this node in 30 s.
  test.each([
    ['proxy-next-upstream-tries', '1', 'http-502'],
    ['proxy-next-upstream', 'timeout', 'http-502'],
    ['proxy-next-upstream', 'off', 'http-502'],
  ])('%s: %s leaves it at one try', async (key, value, cause) => {
    const { cluster, traffic } = await run({ ...refusing, ingress: annotated(name(key, value)) })
    expect(traffic.failedByCause).toEqual({ [cause]: traffic.sent - traffic.inFlight })
    expect(cluster.dataPlane.conntrackEntries(1)).toBe(2000)
  })

  test('three tries are made without any', async () => {
    const { cluster } = await run(refusing)
    expect(cluster.dataPlane.conntrackEntries(1)).toBe(4000)
  })

  test.each([
    [2, 2],
    [9, 9],
  ])('proxy-connect-timeout: %i makes a try end after %i s of silence', async (given, seconds) => {
    const { cluster, traffic } = await run({
      replicas: 1,
      duration: 75,
      timeline: '[{ at: 40s, fault: { kind: node-crash, node: worker-2 } }]',
      ingress: annotated(
        `${name('proxy-connect-timeout', String(given))}, ${name('proxy-read-timeout', '1')}, ${name('proxy-next-upstream-tries', '1')}`,
      ),
      traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(1/s), timeout: 100s, start: 66s, stop: 67s }',
    })
    expect(traffic.failedByCause).toEqual(seconds < 9 ? { 'http-504': 1 } : {})
    if (seconds < 9) expect(traffic.sent).toBe(1)
    else expect(cluster.dataPlane.requests.waiting(0)).toBe(1)
  })
})
