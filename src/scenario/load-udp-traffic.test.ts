import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const MANIFESTS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: statsd }
spec:
  selector: { matchLabels: { app: statsd } }
  template:
    metadata: { labels: { app: statsd } }
    spec: { containers: [{ name: statsd, image: statsd:v1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: statsd }
spec:
  type: NodePort
  selector: { app: statsd }
  ports: [{ name: udp, port: 8125, protocol: UDP }, { name: http, port: 80 }]
---
apiVersion: v1
kind: Service
metadata: { name: two }
spec:
  selector: { app: statsd }
  ports: [{ name: a, port: 53, protocol: UDP }, { name: b, port: 54, protocol: UDP }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: statsd }
  ports: [{ port: 80 }]
`

function load(traffic: string, workloads = '') {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: udp }
spec:
  manifests: [app.yaml]
${workloads}
  traffic:
    - { name: metrics, ${traffic.includes('arrivals:') ? '' : 'arrivals: constant(1/s), '}${traffic.includes('from:') ? '' : 'from: { pods: app=statsd }, '}${traffic} }
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'app.yaml': MANIFESTS }))
}

async function target(traffic: string) {
  const loaded = await load(traffic)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.variants[0]!.scenario.traffic[0]!
}

async function mistakes(traffic: string, workloads?: string): Promise<string[]> {
  const loaded = await load(traffic, workloads)
  if (loaded.ok) throw new Error('no problem was found')
  return loaded.problems.map(({ message, accepted }) => `${message}; ${accepted}`)
}

describe('udp://', () => {
  test.each([
    ['to: "udp://statsd.default.svc:8125"', 8125],
    ['to: "udp://statsd.default.svc"', 8125],
    ['to: "udp://two.default.svc:54"', 54],
  ])('%s is port %i', async (traffic, port) => {
    const { target: found, socket } = await target(traffic)
    expect(found).toMatchObject({ namespace: 'default', protocol: 'UDP', port })
    expect(socket).toBeUndefined()
  })

  test('is not what http:// is: the same Service has a port of each', async () => {
    const { target: found } = await target('to: "http://statsd.default.svc"')
    expect(found.port).toBe(80)
    expect(found.protocol).toBeUndefined()
  })

  test('a socket that is used again', async () => {
    expect((await target('to: "udp://statsd.default.svc", socket: { reuse: true }')).socket).toEqual({ reuse: true })
    const renewed = await target('to: "udp://statsd.default.svc", socket: { reuse: true, lifetime: 30s }')
    expect(renewed.socket).toEqual({ reuse: true, lifetime: 30e9 })
  })

  test('one-way traffic', async () => {
    const { socket } = await target('to: "udp://statsd.default.svc", socket: { reuse: true, oneWay: true }')
    expect(socket).toEqual({ reuse: true, oneWay: true })
    const other = await target('to: "udp://statsd.default.svc", socket: { reuse: false, oneWay: false }')
    expect(other.socket).toEqual({ reuse: false })
  })

  test.each([
    ['to: "udp://web.default.svc"', 'Service "web" has no UDP port; a Service with a UDP port'],
    ['to: "udp://statsd.default.svc:80"', 'Service "statsd" has no UDP port 80; :8125'],
    ['to: "http://statsd.default.svc:8125"', 'Service "statsd" has no TCP port 8125; :80'],
    ['to: "udp://two.default.svc"', 'Service "two" has several ports, and the address does not say which; :53, :54'],
    ['to: "udp://statsd.default.svc", connection: { keepAlive: 1s }', 'There are no connections over UDP'],
    ['to: "http://statsd.default.svc", socket: { reuse: false }', 'Sockets are chosen for UDP only'],
    [
      'to: "udp://statsd.default.svc", from: { external: true }, socket: { reuse: true }',
      'Clients outside the cluster cannot keep their sockets',
    ],
    ['to: "udp://statsd.default.svc", socket: {}', '"reuse" is missing'],
    ['to: "udp://statsd.default.svc", socket: { reuse: false, lifetime: 5s }', 'A socket that is not used again has no lifetime'],
    ['to: "udp://statsd.default.svc", socket: { reuse: true, lifetime: 0s }', 'A lifetime of 0 would keep no socket'],
    ['to: "udp://statsd.default.svc", socket: { reuse: true, oneWay: true }, timeout: 1s', 'Who expects no answer waits for none'],
    [
      'to: "udp://statsd.default.svc", socket: { reuse: true, oneWay: true }, arrivals: "closed(users=2, think=1s)"',
      'Users of a closed loop wait for answers, and one-way traffic has none',
    ],
  ])('%s is refused', async (traffic, message) => {
    const found = await mistakes(traffic)
    expect(found[0]).toContain(message)
    expect(found).toHaveLength(1)
  })

  test('an ingress controller passes on no datagrams', async () => {
    expect(await mistakes('to: "udp://statsd.default.svc"', '  workloads: [{ selector: app=statsd, ingressController: {} }]')).toEqual([
      expect.stringContaining('The pods of Service "statsd" are ingress controllers'),
    ])
  })
})
