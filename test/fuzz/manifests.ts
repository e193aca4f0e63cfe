import type { World } from './world.ts'

/** A workload and the Service before it, as YAML. `index` makes its name. */
export function manifestOf(world: World, index: number): string {
  const { dice } = world
  const name = `app-${index + 1}`
  world.workloads.push({ kind: 'Deployment', name, deleted: false })
  const percentOrCount = (): string => dice.pick(['25%', '50%', '100%', '1', '2'])
  const probe = dice.chance(0.7)
    ? `
          readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: ${dice.between(1, 10)} }`
    : ''
  const grace = dice.between(1, 30)
  const preStop = dice.chance(0.3)
    ? `
          lifecycle: { preStop: { sleep: { seconds: ${dice.between(1, grace)} } } }`
    : ''
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name} }
spec:
  replicas: ${dice.between(0, 6)}
  minReadySeconds: ${dice.chance(0.3) ? dice.between(1, 10) : 0}
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: ${percentOrCount()}, maxUnavailable: ${percentOrCount()} } }
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name}, fuzz: "yes" } }
    spec:
      terminationGracePeriodSeconds: ${grace}
      containers:
        - name: server
          image: example/${name}:v1
          ports: [{ containerPort: 8080 }]
          resources: { requests: { cpu: ${dice.between(10, 300)}m, memory: 64Mi } }${probe}${preStop}
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: ${dice.pick(['NodePort', 'LoadBalancer'])}
  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: 8080 }]
`
}
