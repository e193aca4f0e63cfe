import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'

const deployment = (name: string, replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: server, image: "shop/${name}:v1", ports: [{ name: http, containerPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: NodePort
  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: http }]
---
`

async function run(check: string, traffic = '') {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: balanced }
spec:
  duration: 60s
  warmUp: 10s
  cluster:
    nodes: [{ count: 3 }]
    images: { preloaded: true }
    loadBalancer: { keepalived: { scheduler: rr, check: { ${check}, delayLoop: 5s, connectTimeout: 1s } } }
  manifests: [app.yaml]
  workloads:
    - { selector: app=web, serviceTime: 5ms, calls: [{ to: "http://back.default.svc" }] }
    - { selector: app=back, serviceTime: 5ms }
  traffic:
    - { name: shoppers, to: "http://web.default.svc", arrivals: constant(100/s), start: 30s, stop: 50s }
${traffic}`
  const files = memoryFiles({ 'run.yaml': scenario, 'app.yaml': deployment('web', 2) + deployment('back', 2) })
  const loaded = await loadScenario('run.yaml', files)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'base' })
}

describe('a scenario with keepalived before the cluster', () => {
  test('pods are checked, and make their calls, before the first traffic', async () => {
    const { summary } = await run('kind: http')
    const [shoppers, calls] = summary.traffic
    expect(shoppers).toMatchObject({ sent: 2000, failed: 0 })
    // Three nodes, each checked every 5 s and the time of a check, from 10 s on.
    expect(calls!.sent - 2000).toBeGreaterThanOrEqual(27)
    expect(calls!.sent - 2000).toBeLessThanOrEqual(30)
  })

  test('checks by tcp make no calls', async () => {
    const { summary } = await run('kind: tcp')
    expect(summary.traffic[1]).toMatchObject({ sent: 2000 })
  })
})
