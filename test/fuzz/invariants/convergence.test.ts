import { expect, test } from 'vitest'
import { runFiles } from '../run-seed.ts'

/** Pods with one server and three places to wait, to which 5 requests a second come for 20 s. */
const scenario = (behaviour: string, timeline: string): string => `
apiVersion: towtank/v1
kind: Scenario
metadata: { name: convergence }
spec:
  seed: "1"
  duration: 200s
  warmUp: 1s
  cluster: { nodes: [{ count: 2, cpu: 4, memory: 8Gi }], images: { preloaded: true } }
  manifests: [app.yaml]
  workloads: [{ selector: app=app, serviceTime: 10ms, concurrency: 1, queue: 3, ${behaviour} }]
  traffic: [{ name: users, to: "http://app.default.svc", arrivals: constant(5/s), start: 60s, stop: 80s }]
  timeline: [${timeline}]
`

const manifest = (kind: string): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: { name: app }
spec:
  replicas: 2
  ${kind === 'StatefulSet' ? 'serviceName: none' : ''}
  selector: { matchLabels: { app: app } }
  template:
    metadata: { labels: { app: app } }
    spec: { containers: [{ name: app, image: "app:1", ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2 } }] }
---
apiVersion: v1
kind: Service
metadata: { name: app }
spec: { type: LoadBalancer, selector: { app: app }, ports: [{ port: 80 }] }
`

/** What is violated. */
async function judged(kind: string, behaviour: string, timeline = ''): Promise<readonly string[]> {
  const { violations } = await runFiles({ 'scenario.yaml': scenario(behaviour, timeline), 'app.yaml': manifest(kind) })
  return [...new Set(violations.map(({ invariant }) => invariant))]
}

const slow = (factor: number): string => `{ at: 65s, fault: { kind: pod-slow, pods: app=app, factor: ${factor}, for: 5s } }`

// 30 minutes for a request of 10 ms: it and those behind it are there at the end.
test.each(['Deployment', 'StatefulSet'])('pods of a %s may be busy with what they began while they were slow', async (kind) => {
  expect(await judged(kind, 'startUp: 1s', slow(180_000))).toEqual([])
})

test.each(['Deployment', 'StatefulSet'])('pods of a %s that are not Ready for another reason are noticed', async (kind) => {
  expect(await judged(kind, 'startUp: 1h')).toEqual(['replica counts converge'])
})

test('pods that have been slow and serve nothing now are judged', async () => {
  expect(await judged('Deployment', 'startUp: 10s', slow(2))).toEqual([])
  const crash = '{ at: 195s, fault: { kind: container-crash, pods: app=app } }'
  expect(await judged('Deployment', 'startUp: 10s', `${slow(2)}, ${crash}`)).toEqual(['replica counts converge'])
})
