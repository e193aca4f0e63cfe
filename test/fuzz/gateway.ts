import { Dice } from './dice.ts'
import type { RandomIngress } from './ingress.ts'
import { isController, type World } from './world.ts'

const HOST = 'gate.example.org'
const NONE: RandomIngress = { files: {}, manifests: [], behaviours: [], traffic: [], timeline: [] }

/** Pods of a Gateway, whose Deployment is one of the workloads from now on, and HTTPRoutes to some of the other ones' Services: by dice of their own. */
export function randomGateway(seed: string, world: World, stop: number): RandomIngress {
  const dice = new Dice(`${seed}/gateway`)
  const apps = world.workloads.filter(({ kind, name }) => kind !== 'Job' && !isController(name)).map(({ name }) => name)
  if (apps.length === 0 || !dice.chance(0.25)) return NONE
  world.workloads.push({ kind: 'Deployment', name: 'gate', deleted: false, autoscaled: false })
  const ref = (): string => {
    const weight = dice.chance(0.6) ? `, weight: ${dice.between(0, 100)}` : ''
    return `{ name: ${dice.pick([...apps, 'nobody'])}, port: ${dice.pick([80, 80, 80, 81])}${weight} }`
  }
  const match = (): string => {
    const headers = dice.chance(0.3) ? ', headers: [{ name: X-Fuzz, value: one }]' : ''
    const method = dice.chance(0.2) ? `, method: ${dice.pick(['GET', 'POST'])}` : ''
    return `{ path: { type: ${dice.pick(['Exact', 'PathPrefix'])}, value: ${dice.pick(['/', '/a', '/a/b'])} }${headers}${method} }`
  }
  const rule = (): string => {
    const refs = Array.from({ length: dice.between(0, 3) }, ref).join(', ')
    return `{ matches: [${Array.from({ length: dice.between(0, 2) }, match).join(', ')}], backendRefs: [${refs}] }`
  }
  const route = (): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: fuzz }
spec:
  parentRefs: [{ name: gate${dice.pick(['', ', sectionName: http', ', sectionName: https', ', port: 80'])} }]
  hostnames: [${dice.pick([HOST, '"*.example.org"', '"*.org"', 'other.example.org'])}]
  rules: [${Array.from({ length: dice.between(1, 4) }, rule).join(', ')}]
`
  const timeline: { at: number; text: string }[] = []
  for (let n = dice.between(0, 3); n > 0; n--) timeline.push({ at: dice.between(1, stop), text: 'kubectl: "apply -f route.yaml"' })
  if (dice.chance(0.2))
    timeline.push({ at: dice.between(1, stop), text: `kubectl: "delete ${dice.pick(['httproute/fuzz', 'gateway/gate'])}"` })
  return {
    files: { 'route.yaml': route() },
    manifests: [pods(dice), route()],
    behaviours: [
      `    - { selector: app=gate, concurrency: ${dice.between(1, 4)}, serviceTime: 2ms, startUp: 1s, onTerminate: ${dice.pick(['drain', 'exit'])}, ingressController: { api: gateway, loadBalance: ${dice.pick(['round_robin', 'ewma'])}, reload: ${dice.pick(['100ms', '"uniform(0s, 5s)"'])} } }`,
    ],
    traffic: ['/', '/a', '/a/b'].map(
      (path, index) => `
    - { name: by-gateway-${index}, to: "http://${HOST}${path}", arrivals: poisson(${dice.between(1, 20)}/s)${dice.pick(['', ', headers: { x-fuzz: one }'])}, timeout: ${dice.pick([1, 20])}s, stop: ${stop}s }`,
    ),
    timeline,
  }
}

function pods(dice: Dice): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: fuzz }
spec: { controllerName: gateway.nginx.org/nginx-gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gate }
spec: { gatewayClassName: fuzz, listeners: [{ name: http, port: 80, protocol: HTTP, hostname: "*.example.org" }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: gate }
spec:
  replicas: ${dice.between(1, 3)}
  selector: { matchLabels: { app: gate } }
  template:
    metadata: { labels: { app: gate } }
    spec:
      terminationGracePeriodSeconds: ${dice.between(1, 30)}
      containers:
        - name: server
          image: example/gate:v1
          ports: [{ containerPort: 80 }]
          readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: ${dice.between(1, 10)} }
---
apiVersion: v1
kind: Service
metadata: { name: gate }
spec: { type: ${dice.pick(['NodePort', 'LoadBalancer'])}, selector: { app: gate }, ports: [{ port: 80 }] }
`
}
