import { expect } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'

export interface World {
  /** Of the Deployment `web`. */
  readonly replicas?: number
  /** More lines of its pods' spec, indented by 6. */
  readonly podSpec?: string
  readonly readinessProbe?: boolean
  readonly workloads?: string
  readonly traffic?: string
  readonly timeline?: string
  readonly controllers?: number
  readonly ingressController?: string
  /** Of the controller's container. */
  readonly limits?: string
  readonly ingress?: string
  /** Of the controller's Service. */
  readonly ports?: string
  readonly externalTrafficPolicy?: string
  readonly duration?: number
  /** More files, by path. */
  readonly files?: Readonly<Record<string, string>>
}

const CONTROLLER = (replicas: number, ports: string, policy: string, limits: string): string => `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: nginx, annotations: { ingressclass.kubernetes.io/is-default-class: "true" } }
spec: { controller: k8s.io/ingress-nginx }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: controller }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: controller } }
  template:
    metadata: { labels: { app: controller } }
    spec:
      nodeSelector: { kubernetes.io/hostname: worker-1 }
      containers:
        - { name: controller, image: nginx, ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 }, resources: { limits: ${limits} } }
---
apiVersion: v1
kind: Service
metadata: { name: controller }
spec: { type: NodePort, selector: { app: controller }, ports: ${ports}${policy === '' ? '' : `, externalTrafficPolicy: ${policy}`} }
---
`

export const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: shop }
spec:
  rules: [{ host: shop.example.com, http: { paths: [{ path: /shop, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }] } }]
---
`

/** A controller on worker-1 and `web` on worker-2, unless told otherwise; everything constant, and iptables mode. */
export function scenarioOf(world: World): Record<string, string> {
  const { replicas = 2, readinessProbe = true, duration = 60 } = world
  const probe = readinessProbe ? ', readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 }' : ''
  const app = `${CONTROLLER(world.controllers ?? 1, world.ports ?? '[{ port: 80 }]', world.externalTrafficPolicy ?? '', world.limits ?? '{}')}${world.ingress ?? INGRESS}apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
${world.podSpec ?? '      nodeSelector: { kubernetes.io/hostname: worker-2 }'}
      containers: [{ name: server, image: web, ports: [{ containerPort: 8080 }]${probe} }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: ingress }
spec:
  duration: ${duration}s
  warmUp: 30s
  cluster: { nodes: [{ count: 3 }] }
  manifests: [app.yaml]
  workloads:
    - { selector: app=controller, ingressController: ${world.ingressController ?? '{}'}, serviceTime: 1ms, concurrency: 2, startUp: 1s }
${world.workloads ?? '    - { selector: app=web, serviceTime: 5ms, startUp: 1s }'}
  traffic:
${world.traffic ?? '    - { name: shoppers, to: http://shop.example.com/shop, arrivals: constant(100/s) }'}
  timeline: ${world.timeline ?? '[]'}
`
  return { 'scenario.yaml': scenario, 'app.yaml': app, ...world.files }
}

export async function run(world: World) {
  const loaded = await loadScenario('scenario.yaml', memoryFiles(scenarioOf(world)))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const { scenario } = loaded.variants[0]!
  const cluster = new SimulatedCluster(scenario)
  cluster.start()
  cluster.sim.run(scenario.duration)
  cluster.dataPlane.checkConservation()
  const [traffic] = cluster.dataPlane.trafficSummaries()
  return { cluster, traffic: traffic! }
}
