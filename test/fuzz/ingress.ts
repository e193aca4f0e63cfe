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
  const sessions = randomSessions(seed)
  const ingress = (): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: fuzz${sessions} }
spec:
${dice.chance(0.5) ? '  ingressClassName: nginx\n' : ''}${dice.chance(0.3) ? `  defaultBackend: { service: { name: ${dice.pick(apps)}, port: { number: 80 } } }\n` : ''}  rules: [{ host: ${host}, http: { paths: [${paths()}] } }]
`
  const extras = randomExtras(seed, { apps, host, stop })
  const timeline: { at: number; text: string }[] = []
  for (let n = dice.between(0, 3); n > 0; n--) timeline.push({ at: dice.between(1, stop), text: 'kubectl: "apply -f ingress.yaml"' })
  if (dice.chance(0.2)) timeline.push({ at: dice.between(1, stop), text: 'kubectl: "delete ingress/fuzz"' })
  const reload = dice.pick(['100ms', '"uniform(0s, 5s)"'])
  return {
    files: { 'ingress.yaml': ingress(), ...extras.files },
    manifests: [controller(dice, extras.ports), ingress(), ...extras.manifests],
    behaviours: [
      `    - { selector: app=edge, concurrency: ${dice.between(1, 4)}, queue: ${dice.pick([5, 1000])}, serviceTime: 2ms, startUp: 1s, onTerminate: ${dice.pick(['drain', 'exit'])}, ingressController: { loadBalance: ${dice.pick(['round_robin', 'ewma'])}, reload: ${reload}${extras.tls} } }`,
    ],
    traffic: [
      ...[...apps, 'nowhere'].map(
        (app) => `
    - { name: by-host-${app}, to: "http://${HOST}/${app}", arrivals: poisson(${dice.between(1, 20)}/s), timeout: ${dice.pick([1, 20])}s, stop: ${stop}s }`,
      ),
      ...extras.traffic,
    ],
    timeline: [...timeline, ...extras.timeline],
  }
}

/** How the pods of an upstream are chosen; by dice of its own. */
function randomSessions(seed: string): string {
  const dice = new Dice(`${seed}/ingress-sessions`)
  if (dice.chance(0.5)) return ''
  const prefix = 'nginx.ingress.kubernetes.io/'
  const key = dice.pick(['$remote_addr', '$request_uri', '$http_x_fuzz', '$binary_remote_addr'])
  const notes = dice.pick([
    [`${prefix}load-balance: ${dice.pick(['ewma', 'round_robin'])}`],
    [`${prefix}upstream-hash-by: "${key}"`],
    [
      `${prefix}affinity: cookie`,
      `${prefix}affinity-mode: ${dice.pick(['balanced', 'persistent'])}`,
      `${prefix}session-cookie-change-on-failure: "${dice.chance(0.5)}"`,
      ...(dice.chance(0.3) ? [`${prefix}session-cookie-max-age: "${dice.between(1, 60)}"`] : []),
    ],
  ])
  return `, annotations: { ${notes.join(', ')} }`
}

/** Canaries, TLS and annotations of tries, which have dice of their own. */
function randomExtras(seed: string, { apps, host, stop }: { apps: readonly string[]; host: string; stop: number }) {
  const dice = new Dice(`${seed}/ingress-extras`)
  if (!dice.chance(0.6)) return { files: {}, manifests: [], ports: '[{ port: 80 }]', tls: '', traffic: [], timeline: [] }
  const prefix = 'nginx.ingress.kubernetes.io/'
  const canary = (): string => {
    const notes = [`${prefix}canary: "${dice.pick(['true', 'true', 'true', 'false'])}"`]
    if (dice.chance(0.8)) notes.push(`${prefix}canary-weight: "${dice.between(0, 120)}"`)
    if (dice.chance(0.3)) notes.push(`${prefix}canary-weight-total: "${dice.pick([50, 100, 1000])}"`)
    if (dice.chance(0.4)) notes.push(`${prefix}canary-by-header: X-Fuzz`)
    if (dice.chance(0.2)) notes.push(`${prefix}canary-by-header-${dice.pick(['value: one', 'pattern: "^o"'])}`)
    if (dice.chance(0.3)) notes.push(`${prefix}canary-by-cookie: fuzz`)
    if (dice.chance(0.3)) notes.push(`${prefix}proxy-next-upstream-tries: "${dice.between(0, 4)}"`)
    if (dice.chance(0.2)) notes.push(`${prefix}proxy-next-upstream: ${dice.pick(['error', 'timeout', '"off"'])}`)
    if (dice.chance(0.2)) notes.push(`${prefix}proxy-connect-timeout: "${dice.between(1, 20)}"`)
    const [app, to] = [dice.pick(apps), dice.pick(apps)]
    const type = dice.pick(['Exact', 'Prefix', 'ImplementationSpecific'])
    const tls = dice.chance(0.3) ? `  tls: [{ hosts: [${host}] }]\n` : ''
    return `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: fuzz-canary, annotations: { ${notes.join(', ')} } }
spec:
${tls}  rules: [{ host: ${host}, http: { paths: [{ path: /${app}, pathType: ${type}, backend: { service: { name: ${to}, port: { number: 80 } } } }] } }]
`
  }
  const said = dice.pick(['', ', headers: { x-fuzz: always }', ', headers: { x-fuzz: one }', ', cookies: { fuzz: never }'])
  const kept = dice.chance(0.4) ? `, connection: { keepAlive: ${dice.between(1, 20)}s, pool: ${dice.between(1, 5)} }` : ''
  const tls = `, tls: { version: "${dice.pick(['1.2', '1.3'])}", resumption: ${dice.pick([0, 0.5, 1])} }`
  const timeline: { at: number; text: string }[] = []
  for (let n = dice.between(0, 3); n > 0; n--) timeline.push({ at: dice.between(1, stop), text: 'kubectl: "apply -f canary.yaml"' })
  return {
    files: { 'canary.yaml': canary() },
    manifests: [canary()],
    ports: '[{ name: http, port: 80 }, { name: https, port: 443 }]',
    tls: dice.chance(0.5) ? `, tls: { handshake: ${dice.pick(['600us', '30ms'])}, sessionTimeout: ${dice.pick(['1s', '10m'])} }` : '',
    traffic: [
      `
    - { name: by-https, to: "https://${HOST}/${dice.pick(apps)}", from: { external: true, clients: ${dice.between(1, 50)} }, arrivals: poisson(${dice.between(1, 30)}/s)${tls}${said}${kept}, timeout: ${dice.pick([1, 20])}s, stop: ${stop}s }`,
    ],
    timeline,
  }
}

function controller(dice: Dice, ports: string): string {
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
  ports: ${ports}
`
}
