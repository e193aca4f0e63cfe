import { Dice } from './dice.ts'
import type { World } from './world.ts'

const HOST = 'fuzz.example.com'

/** What a random scenario has of ingress-nginx: some have it, and its draws are its own. */
export interface RandomIngress {
  readonly files: Readonly<Record<string, string>>
  readonly manifests: readonly string[]
  readonly behaviours: readonly string[]
  readonly traffic: readonly string[]
  readonly timeline: readonly { readonly at: number; readonly text: string }[]
}

const NONE: RandomIngress = { files: {}, manifests: [], behaviours: [], traffic: [], timeline: [] }

/** A controller, whose Deployment is one of the workloads from now on, and an Ingress before some of the other ones' Services. */
export function randomIngress(seed: string, world: World, stop: number): RandomIngress {
  const dice = new Dice(`${seed}/ingress`)
  const apps = world.workloads.filter(({ kind }) => kind !== 'Job').map(({ name }) => name)
  if (apps.length === 0 || !dice.chance(0.4)) return NONE
  world.workloads.push({ kind: 'Deployment', name: 'edge', deleted: false, autoscaled: false })
  const paths = (): string =>
    [...apps.filter(() => dice.chance(0.7)), 'nobody']
      .map((app) => {
        const type = dice.pick(['Exact', 'Prefix', 'ImplementationSpecific'])
        return `{ path: /${app}, pathType: ${type}, backend: { service: { name: ${app}, port: { number: 80 } } } }`
      })
      .join(', ')
  const host = dice.pick([HOST, '"*.example.com"'])
  const ingress = (): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: fuzz }
spec:
${dice.chance(0.5) ? '  ingressClassName: nginx\n' : ''}${dice.chance(0.3) ? `  defaultBackend: { service: { name: ${dice.pick(apps)}, port: { number: 80 } } }\n` : ''}  rules: [{ host: ${host}, http: { paths: [${paths()}] } }]
`
  const timeline: { at: number; text: string }[] = []
  for (let n = dice.between(0, 3); n > 0; n--) timeline.push({ at: dice.between(1, stop), text: 'kubectl: "apply -f ingress.yaml"' })
  if (dice.chance(0.2)) timeline.push({ at: dice.between(1, stop), text: 'kubectl: "delete ingress/fuzz"' })
  const reload = dice.pick(['100ms', '"uniform(0s, 5s)"'])
  return {
    files: { 'ingress.yaml': ingress() },
    manifests: [controller(dice), ingress()],
    behaviours: [
      `    - { selector: app=edge, concurrency: ${dice.between(1, 4)}, queue: ${dice.pick([5, 1000])}, serviceTime: 2ms, startUp: 1s, onTerminate: ${dice.pick(['drain', 'exit'])}, ingressController: { loadBalance: ${dice.pick(['round_robin', 'ewma'])}, reload: ${reload} } }`,
    ],
    traffic: [...apps, 'nowhere'].map(
      (app) => `
    - { name: by-host-${app}, to: "http://${HOST}/${app}", arrivals: poisson(${dice.between(1, 20)}/s), timeout: ${dice.pick([1, 20])}s, stop: ${stop}s }`,
    ),
    timeline,
  }
}

function controller(dice: Dice): string {
  return `apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: nginx, annotations: { ingressclass.kubernetes.io/is-default-class: "true" } }
spec: { controller: k8s.io/ingress-nginx }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: edge }
spec:
  replicas: ${dice.between(1, 3)}
  selector: { matchLabels: { app: edge } }
  template:
    metadata: { labels: { app: edge } }
    spec:
      terminationGracePeriodSeconds: ${dice.between(1, 30)}
      containers:
        - name: server
          image: example/edge:v1
          ports: [{ containerPort: 80 }]
          readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: ${dice.between(1, 10)} }
---
apiVersion: v1
kind: Service
metadata: { name: edge }
spec:
  type: ${dice.pick(['NodePort', 'LoadBalancer'])}
  externalTrafficPolicy: ${dice.pick(['Cluster', 'Local'])}
  selector: { app: edge }
  ports: [{ port: 80 }]
`
}
