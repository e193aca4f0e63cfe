import { expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { SECOND } from '../../src/units.ts'

const deployment = (name: string, port: string, replicas = 2) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: c, image: "${name}:v1", ports: [${port}] }] }
`
const APP = [
  deployment('web', '{ name: http, containerPort: 8080 }'),
  deployment('client', '{ containerPort: 9 }', 1),
  deployment('other', '{ containerPort: 9 }', 1),
  deployment('names', '{ name: dns, containerPort: 53, protocol: UDP }', 1),
  'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { selector: { app: web }, ports: [{ port: 80, targetPort: http }] }\n',
  'apiVersion: v1\nkind: Service\nmetadata: { name: names }\nspec: { selector: { app: names }, ports: [{ port: 53, protocol: UDP }] }\n',
].join('---\n')

const policy = (name: string, spec: string) =>
  `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: ${name} }\nspec: ${spec}\n`
const FROM_CLIENT = policy(
  'from-client',
  '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: client } } }], ports: [{ port: http }] }] }',
)

async function run(policies: Readonly<Record<string, string>>, timeline: string, dns = false) {
  const traffic = ['client', 'other']
    .map(
      (app) =>
        `{ name: ${app}, to: "http://web.default.svc", from: { pods: app=${app} }, arrivals: constant(10/s), timeout: 2s, start: 30s, stop: 90s }`,
    )
    .join(', ')
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: policies }
spec:
  duration: 100s
  cluster: { images: { preloaded: true }, nodes: [{ count: 2 }]${dns ? ', dns: { service: names.default }' : ''} }
  manifests: [app.yaml]
  workloads: [{ selector: app, startUp: 1s }]
  traffic: [${traffic}]
  timeline: [${timeline}]
`
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario, 'app.yaml': APP, ...policies }))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const cluster = new SimulatedCluster(loaded.variants[0]!.scenario)
  cluster.start()
  cluster.sim.run(100 * SECOND)
  cluster.dataPlane.checkConservation()
  const [client, other] = cluster.dataPlane.trafficSummaries()
  return { cluster, client: client!, other: other! }
}

test('a policy of the timeline lets one app through and drops the other, once each node has programmed it', async () => {
  const { cluster, client, other } = await run({ 'p.yaml': FROM_CLIENT }, '{ at: 60s, kubectl: apply -f p.yaml }')
  expect([client.ok, client.failed]).toEqual([600, 0])
  const programmed = [...cluster.trace].filter(({ actor, action }) => actor.startsWith('network-plugin/') && action === 'programmed')
  expect(programmed.map(({ actor, subject }) => `${actor} ${subject}`).toSorted()).toEqual([
    'network-plugin/worker-1 NetworkPolicy/default/from-client',
    'network-plugin/worker-2 NetworkPolicy/default/from-client',
  ])
  // What was sent before the first node had it is answered; what was sent after the last is not: 10 a second until 90 s.
  const times = programmed.map(({ time }) => time / SECOND)
  const { 'policy-denied': denied, ...rest } = other.failedByCause
  expect(rest).toEqual({})
  expect(denied).toBeGreaterThanOrEqual(Math.floor((90 - Math.max(...times)) * 10))
  expect(denied).toBeLessThanOrEqual(Math.ceil((90 - Math.min(...times)) * 10))
  expect(other.ok + denied!).toBe(600)
})

test('deleted, it lets everything through again: the SYNs that wait too', async () => {
  const { other } = await run(
    { 'p.yaml': FROM_CLIENT },
    '{ at: 50s, kubectl: apply -f p.yaml }, { at: 70s, kubectl: delete netpol from-client }',
  )
  // For 20 s nothing passes, but for the SYNs of the last second, which are repeated in time, and the time of programming.
  expect(other.failedByCause['policy-denied']).toBeGreaterThan(170)
  expect(other.failedByCause['policy-denied']).toBeLessThan(215)
})

test('deny all that goes out breaks DNS, and is mended by letting port 53 and web out', async () => {
  const deny = policy('deny', '{ podSelector: {}, policyTypes: [Egress] }')
  const forgotten = policy(
    'web',
    '{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { app: web } } }] }] }',
  )
  const dns = policy('dns', '{ podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ protocol: UDP, port: dns }] }] }')
  const broken = await run({ 'p.yaml': `${deny}---\n${forgotten}` }, '{ at: 20s, kubectl: apply -f p.yaml }', true)
  expect(broken.client.failedByCause).toEqual({ 'dns-failed': 600 })
  const mended = await run({ 'p.yaml': `${deny}---\n${forgotten}---\n${dns}` }, '{ at: 20s, kubectl: apply -f p.yaml }', true)
  expect([mended.client.ok, mended.client.failed]).toEqual([600, 0])
})
