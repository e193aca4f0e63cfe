import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'
import { simulate } from './simulate.ts'

const MANIFESTS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:v1 }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ port: 80 }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec: { rules: [{ host: shop.example.com }] }
`

function load(from: string, to = 'http://web.default.svc') {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: nodes }
spec:
  cluster: { nodes: [{ count: 2, zone: [a, b] }] }
  manifests: [app.yaml]
  duration: 40s
  warmUp: 30s
  traffic:
    - { name: agents, to: "${to}", from: ${from}, arrivals: constant(10/s) }
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'app.yaml': MANIFESTS }))
}

async function loaded(from: string) {
  const result = await load(from)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.variants[0]!.scenario
}

async function mistakes(from: string, to?: string): Promise<string[]> {
  const result = await load(from, to)
  if (result.ok) throw new Error('no problem was found')
  return result.problems.map(({ line, column, message, accepted }) => `${line}:${column} ${message}; ${accepted}`)
}

describe('from: nodes', () => {
  test('all of them, or by the labels that they join with', async () => {
    const none = { matchLabels: {}, matchExpressions: [] }
    expect((await loaded('{ nodes: all }')).traffic[0]!.from).toEqual({ kind: 'nodes', selector: none })
    const { from } = (await loaded('{ nodes: topology.kubernetes.io/zone=b }')).traffic[0]!
    expect(from).toMatchObject({ kind: 'nodes' })
  })

  test('a Service of type ClusterIP answers them', async () => {
    const { summary } = simulate(await loaded('{ nodes: kubernetes.io/hostname=worker-2 }'), { variant: 'one' })
    expect(summary.traffic[0]).toMatchObject({ sent: 100, ok: 100, failed: 0 })
  })

  test('a selector of none, and an Ingress host', async () => {
    expect(await mistakes('{ nodes: zone=b }')).toEqual([
      '10:68 The selector "zone=b" matches no node as it joins; all; or labels such as kubernetes.io/hostname=worker-1, kubernetes.io/os=linux, kubernetes.io/arch=amd64, topology.kubernetes.io/zone=a, kubernetes.io/hostname=worker-2, topology.kubernetes.io/zone=b',
    ])
    expect(await mistakes('{ nodes: all }', 'http://shop.example.com/')).toEqual([
      '10:27 "shop.example.com" is a host for clients outside the cluster; from: { external: true }, or the address of a Service',
    ])
    expect(await mistakes('{ nodes: all, namespace: shop }')).toHaveLength(1)
  })
})
