import { expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { SECOND } from '../../src/units.ts'

const app = (name: string, service: string, port = '{ port: 80 }'): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: 2
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: c, image: "${name}:v1" }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ${service}ports: [${port}] }
---
`

const SCENARIO = (dns: string): string => `apiVersion: towtank/v1
kind: Scenario
metadata: { name: dns-calls }
spec:
  duration: 90s
  warmUp: 30s
  cluster: { images: { preloaded: true }, nodes: [{ count: 3 }]${dns} }
  manifests: [app.yaml]
  workloads:
    - { selector: app=front, startUp: 1s, calls: [{ to: "http://cart.default" }, { to: "http://pods.default.svc" }] }
    - { selector: app=names, startUp: 1s, serviceTime: 20ms }
    - { selector: app, startUp: 1s, serviceTime: 1ms }
  traffic: [{ name: shoppers, to: "http://front.default.svc", arrivals: constant(5/s), start: 30s, stop: 80s }]
`

async function run(dns: string) {
  const manifests = [
    app('front', 'type: LoadBalancer, '),
    app('cart', ''),
    app('pods', 'clusterIP: None, '),
    app('names', '', '{ port: 53, protocol: UDP }'),
  ].join('')
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': SCENARIO(dns), 'app.yaml': manifests }))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const tank = new SimulatedCluster(loaded.variants[0]!.scenario)
  tank.start()
  tank.sim.run(90 * SECOND)
  tank.dataPlane.checkConservation()
  return new Map(tank.dataPlane.trafficSummaries().map((summary) => [summary.traffic, summary]))
}

test('pods look up what they call, Services and headless ones, where there are DNS servers; 20 ms are one exchange', async () => {
  const [at, without] = [await run(', dns: { service: names.default }'), await run('')]
  for (const found of [at, without]) {
    for (const name of ['shoppers', 'front -> cart', 'front -> pods']) expect(found.get(name)).toMatchObject({ ok: 250, failed: 0 })
    expect(found.get('shoppers')!.blameMs.mean!.dns).toBe(0)
  }
  const dns = (name: string): number => at.get(name)!.blameMs.mean!.dns
  // `cart.default` is found by its second name, and `pods.default.svc` by its third. Network and CPU time of an exchange are 2 ms at most.
  for (const [name, names] of [
    ['front -> cart', 2],
    ['front -> pods', 3],
  ] as const) {
    expect(dns(name)).toBeGreaterThanOrEqual(names * 20)
    expect(dns(name)).toBeLessThan(names * 22)
    expect(without.get(name)!.blameMs.mean!.dns).toBe(0)
  }
  const calls = (found: typeof at): number => found.get('shoppers')!.blameMs.mean!.calls
  expect(calls(at) - calls(without)).toBeGreaterThan(dns('front -> cart') + dns('front -> pods') - 0.5)
  expect(calls(at) - calls(without)).toBeLessThan(dns('front -> cart') + dns('front -> pods') + 0.5)
})
