import { describe, expect, test } from 'vitest'
import { readManifests } from './manifest.ts'
import type { Deployment, EndpointSlice, Node, OpaqueObject, Pod, Service } from './objects/index.ts'

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: server
        image: shop/web
        resources:
          limits: {cpu: 500m, memory: 64Mi}
          requests: {cpu: 0.25}
        readinessProbe:
          httpGet: {path: /, port: http}
          timeoutSeconds: 0
        lifecycle:
          preStop:
            exec: {command: [sh, -c, sleep 5]}
`

async function read(text: string) {
  return readManifests([{ path: 'a.yaml', text }])
}

async function objectsOf(text: string): Promise<unknown[]> {
  const { objects, problems } = await read(text)
  expect(problems).toEqual([])
  return objects.map(({ object }) => object)
}

/** `line:column message (accepted; did you mean)` */
async function problemsOf(text: string): Promise<string[]> {
  const { problems } = await read(text)
  return problems.map(
    ({ line, column, message, didYouMean }) => `${line}:${column} ${message}${didYouMean === null ? '' : ` (${didYouMean}?)`}`,
  )
}

async function warningsOf(text: string): Promise<string[]> {
  const { warnings, problems } = await read(text)
  expect(problems).toEqual([])
  return warnings.map(({ kind, line, message }) => `${kind} ${line}: ${message}`)
}

describe('what the API server fills in', () => {
  test('a Deployment', async () => {
    const [deployment] = (await objectsOf(DEPLOYMENT)) as [Deployment]
    expect(deployment.metadata).toMatchObject({ name: 'web', namespace: 'default', uid: '', resourceVersion: 0 })
    const { template, ...spec } = deployment.spec
    expect(spec).toEqual({
      replicas: 1,
      selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
      strategy: { type: 'RollingUpdate', maxSurge: '25%', maxUnavailable: '25%' },
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      paused: false,
    })
    expect(template.labels).toEqual({ app: 'web' })
    expect(template.spec).toMatchObject({
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      priority: 0,
      hostNetwork: false,
    })
    expect(template.spec.containers[0]).toEqual({
      name: 'server',
      image: 'shop/web',
      imagePullPolicy: 'Always',
      ports: [],
      requests: { cpuMilli: 250, memoryBytes: 64 * 1024 * 1024 },
      limits: { cpuMilli: 500, memoryBytes: 64 * 1024 * 1024 },
      readinessProbe: {
        handler: 'httpGet',
        port: 'http',
        initialDelaySeconds: 0,
        periodSeconds: 10,
        timeoutSeconds: 1,
        successThreshold: 1,
        failureThreshold: 3,
      },
      livenessProbe: null,
      startupProbe: null,
      preStopSleepSeconds: 5,
    })
  })

  test.each([
    ['web', 'Always'],
    ['web:latest', 'Always'],
    ['registry:5000/web', 'Always'],
    ['registry:5000/web:v1', 'IfNotPresent'],
    ['web@sha256:0123', 'IfNotPresent'],
  ])('image %s is pulled %s', async (image, policy) => {
    const [pod] = (await objectsOf(
      `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: "${image}"}]}}`,
    )) as [Pod]
    expect(pod.spec.containers[0]?.imagePullPolicy).toBe(policy)
    expect(pod.status.phase).toBe('Pending')
  })

  test('a Service', async () => {
    const [service] = (await objectsOf(
      '{apiVersion: v1, kind: Service, metadata: {name: s, namespace: n}, spec: {ports: [{port: 80}]}}',
    )) as [Service]
    expect(service.metadata.namespace).toBe('n')
    expect(service.spec).toEqual({
      type: 'ClusterIP',
      clusterIP: '',
      ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 80, nodePort: 0 }],
      selector: null,
      publishNotReadyAddresses: false,
    })
  })

  test('an EndpointSlice and a Node', async () => {
    const [slice, node] = (await objectsOf(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: e, labels: {kubernetes.io/service-name: s}}
addressType: IPv4
endpoints:
- {addresses: [10.1.0.1], nodeName: n1, zone: a, targetRef: {kind: Pod, name: p, uid: u}}
- {addresses: [10.1.0.2], conditions: {ready: false, serving: true, terminating: true}}
ports: [{name: http, port: 8080}]
---
apiVersion: v1
kind: Node
metadata: {name: n1, namespace: dropped}
spec: {podCIDR: 10.1.0.0/24, taints: [{key: k, effect: NoSchedule}]}
status:
  capacity: {cpu: 4, memory: 8Gi, pods: "110"}
  allocatable: {cpu: 3900m}
  addresses: [{type: Hostname, address: n1}, {type: InternalIP, address: 192.168.0.1}]
  images: [{names: ["web:v1"], sizeBytes: 5}]
`)) as [EndpointSlice, Node]
    expect(slice.endpoints.map((endpoint) => endpoint.conditions)).toEqual([
      { ready: true, serving: true, terminating: false },
      { ready: false, serving: true, terminating: true },
    ])
    expect(slice.endpoints[0]).toMatchObject({ address: '10.1.0.1', podName: 'p', podUid: 'u', nodeName: 'n1', zone: 'a' })
    expect(slice.ports).toEqual([{ name: 'http', protocol: 'TCP', port: 8080 }])
    expect(node.metadata.namespace).toBe('')
    expect(node.spec).toEqual({ podCIDR: '10.1.0.0/24', unschedulable: false, taints: [{ key: 'k', value: '', effect: 'NoSchedule' }] })
    expect(node.status).toMatchObject({
      allocatable: { cpuMilli: 3900, memoryBytes: 8 * 1024 * 1024 * 1024, pods: 110 },
      internalIP: '192.168.0.1',
      images: [{ names: ['web:v1'], sizeBytes: 5 }],
    })
  })
})

describe('how objects may be written', () => {
  test('lists are opened, and the lists of a kind say the kind for their items', async () => {
    const { objects, problems } = await read(`
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}
---
apiVersion: v1
kind: ServiceAccountList
items:
- metadata: {name: other}
`)
    expect(problems).toEqual([])
    expect(objects.map(({ object, line }) => `${line} ${object.kind} ${object.metadata.namespace}/${object.metadata.name}`)).toEqual([
      '5 Namespace /shop',
      '6 ServiceAccount shop/web',
      '11 ServiceAccount default/other',
    ])
  })

  test('of an object that is given twice the later stays, in any file', async () => {
    const account = (labels: string): string => `{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, labels: {v: "${labels}"}}}`
    const { objects } = await readManifests([
      { path: 'a.yaml', text: account('1') },
      {
        path: 'b.json',
        text: account('2')
          .replaceAll(/(\w+):/g, '"$1":')
          .replaceAll(/: (\w+)/g, ': "$1"'),
      },
    ])
    expect(objects.map(({ object, file }) => `${file} ${object.metadata.labels.v}`)).toEqual(['b.json 2'])
  })

  test('kinds that are not modelled are kept whole, and custom resources too', async () => {
    const text = `
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {a: b}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: r, namespace: n}
spec: {anything: [goes]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: d}}
`
    const [configMap, rollout] = (await objectsOf(text)) as [OpaqueObject, OpaqueObject]
    expect(configMap).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'c', namespace: 'default' }, content: { data: { a: 'b' } } })
    expect(rollout).toMatchObject({ metadata: { name: 'r', namespace: 'n' }, content: { spec: { anything: ['goes'] } } })
    expect(await warningsOf(text)).toEqual([
      'unmodelled-kind 2: ConfigMap is kept but not modelled (2 objects)',
      'unmodelled-kind 7: Rollout is not a kind of Kubernetes itself: it is kept, but neither checked nor modelled',
    ])
  })
})

describe('warnings of fields', () => {
  test('one for a path, with the first line and the number of uses, those that matter first', async () => {
    const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  dnsPolicy: ClusterFirst
  containers:
  - name: c
    image: i
    env: [{name: A, value: b}]
    resources: {requests: {ephemeral-storage: 1Gi}}
    lifecycle: {preStop: {exec: {command: [stop, now]}}}
`
    expect(await warningsOf(`${pod('a')}---\n${pod('b')}`)).toEqual([
      'unmodelled-field 11: Pod spec.containers[].lifecycle.preStop.exec.command has no effect in the model (2 uses)',
      'inert-field 9: Pod spec.containers[].env changes neither timing nor traffic and is not read (2 uses)',
    ])
  })

  test('none for what the model does anyway', async () => {
    const text = `{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80}], sessionAffinity: None, ipFamilies: [IPv4],
      internalTrafficPolicy: Cluster, externalIPs: []}}`
    expect(await warningsOf(text)).toEqual([])
    expect(await warningsOf(text.replace('externalIPs: []', 'externalIPs: [192.0.2.1]'))).toEqual([
      'unmodelled-field 2: Service spec.externalIPs has no effect in the model',
    ])
  })

  test('the annotation that asks for hints by the CPUs of zones, unless it is off', async () => {
    const text = (mode: string) => `apiVersion: v1
kind: Service
metadata:
  name: s
  annotations: {service.kubernetes.io/topology-mode: ${mode}}
spec: {ports: [{port: 80}]}
`
    expect(await warningsOf(text('Disabled'))).toEqual([])
    expect(await warningsOf(text('Auto'))).toEqual([
      'unmodelled-field 5: Service metadata.annotations.service.kubernetes.io/topology-mode: hints by the CPUs of zones are not modelled; trafficDistribution is',
    ])
  })
})

describe('mistakes', () => {
  test('a valid manifest has none, and each change below makes exactly one', async () => {
    expect(await problemsOf(DEPLOYMENT)).toEqual([])
  })

  test.each<[string, string, string]>([
    ['name: web\n', 'name: Web\n', '4:9 Cannot use "Web" as a name: it must be lower-case letters'],
    ['  name: web\n', '  nmae: web\n', '4:3 "nmae" is not a field of "metadata" (name?)'],
    ['spec:\n  selector', 'spec:\n  replicas: -1\n  selector', '6:13 Cannot use -1 for "replicas"'],
    ['spec:\n  selector', 'spec:\n  replcias: 1\n  selector', '6:3 "replcias" is not a field of "spec" (replicas?)'],
    ['spec:\n  selector', 'spec:\n  replicas: many\n  selector', '6:13 Cannot use "many" for "replicas"'],
    ['spec:\n  selector', 'spec:\n  strategy: {type: Recrate}\n  selector', '6:20 Cannot use "Recrate" for "type" (Recreate?)'],
    ['spec:\n  selector', 'spec:\n  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}\n  selector', '6:59 "maxSurge" and'],
    ['spec:\n  selector', 'spec:\n  strategy: {rollingUpdate: {maxSurge: 25}, type: Recreate}\n  selector', '6:14 "rollingUpdate" is not'],
    ['spec:\n  selector', 'spec:\n  strategy: {rollingUpdate: {maxSurge: 2.5%}}\n  selector', '6:40 Cannot use "2.5%" for "maxSurge"'],
    ['spec:\n  selector', 'spec:\n  progressDeadlineSeconds: 5\n  minReadySeconds: 5\n  selector', '6:28 "progressDeadlineSeconds" must'],
    ['matchLabels: {app: web}', 'matchLabels: {app: wob}', '6:3 The selector does not match the labels of the template'],
    ['matchLabels: {app: web}', 'matchLabels: {}', '6:3 The selector is empty'],
    [
      'matchLabels: {app: web}',
      'matchExpressions: [{key: app, operator: Inn, values: [web]}]',
      '7:45 Cannot use "Inn" for "operator" (In?)',
    ],
    ['matchLabels: {app: web}', 'matchExpressions: [{key: app, operator: In}]', '7:24 Cannot use this requirement'],
    ['labels: {app: web}', 'labels: {app: web, x: -y}', '10:29 Cannot use "-y" as a label value'],
    ['labels: {app: web}', 'labels: {app: web, x: 1}', '10:29 Cannot use 1 for "x"'],
    ['labels: {app: web}', 'labels: {app: web, app: web}', '10:26 The key "app" is given twice: first in line 10'],
    ['- name: server', '- name: Server', '13:15 Cannot use "Server" as a container name'],
    ['image: shop/web', 'image: ""', '14:16 "image" is empty'],
    ['image: shop/web', 'image: shop/web\n        imagePullPolicy: Alwayss', '15:26 Cannot use "Alwayss" for "imagePullPolicy" (Always?)'],
    ['image: shop/web', 'image: shop/web\n        ports: [{containerPort: 0}]', '15:33 Cannot use 0 for "containerPort"'],
    [
      'image: shop/web',
      'image: shop/web\n        ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]',
      '15:71 The port name "a" is used twice',
    ],
    ['cpu: 500m', 'cpu: fast', '16:25 Cannot use "fast" for "cpu"'],
    ['cpu: 500m', 'cpu: 100m', '17:27 The cpu request "0.25" is more than the limit "100m"'],
    ['cpu: 0.25', 'cpu: -1', '17:27 Cannot use "-1" for "cpu"'],
    ['timeoutSeconds: 0', 'timeoutSeconds: -1', '20:27 Cannot use -1 for "timeoutSeconds"'],
    ['timeoutSeconds: 0', 'tcpSocket: {port: 1}', '18:9 "readinessProbe" has 2 handlers'],
    ['httpGet: {path: /, port: http}', 'initialDelaySeconds: 1', '18:9 "readinessProbe" has no handler'],
    ['port: http', 'port: 70000', '19:36 Cannot use 70000 for "port"'],
    ['exec: {command: [sh, -c, sleep 5]}', 'sleep: {seconds: 31}', '23:30 Cannot use 31 for "seconds"'],
    ['exec: {command: [sh, -c, sleep 5]}', '{}', '22:11 "preStop" has no handler'],
    ['      - name: server', '      - {name: server, image: x}\n      - name: server', '14:15 The container name "server" is used twice'],
    ['      containers:', '      restartPolicy: Never\n      containers:', '12:22 Cannot use "Never" for "restartPolicy"'],
    [
      '      containers:',
      '      tolerations: [{key: a, tolerationSeconds: 5}]\n      containers:',
      '12:30 "tolerationSeconds" needs effect',
    ],
    ['apiVersion: apps/v1', 'apiVersion: apps/v1beta1', '1:13 Kubernetes has no Deployment in "apps/v1beta1" (apps/v1?)'],
    ['kind: Deployment', 'kind: Deploymnt', '2:7 Kubernetes has no kind "Deploymnt" in "apps/v1" (Deployment?)'],
  ])('%j as %j', async (from, to, problem) => {
    expect(DEPLOYMENT).toContain(from)
    const problems = await problemsOf(DEPLOYMENT.replace(from, to))
    const rest = problems.filter((text) => !text.includes('"metadata.name" is missing'))
    expect(rest).toEqual([expect.stringContaining(problem)])
  })

  test.each<[string, string]>([
    ['{ports: []}', 'A Service needs at least one port'],
    ['{ports: [{port: 80, nodePort: 30080}]}', 'A Service of type "ClusterIP" cannot have a node port'],
    ['{type: NodePort, ports: [{port: 80, nodePort: 80}]}', 'Cannot use 80 for "nodePort"'],
    ['{ports: [{port: 80, name: a}, {port: 80, name: b}]}', 'The port 80/TCP is used twice'],
    ['{ports: [{port: 80, name: a}, {port: 81}]}', 'Each port of a Service with several ports needs a "name"'],
    ['{ports: [{port: 80, targetPort: a--b}]}', 'Cannot use "a--b" as a port name: it must not contain "--"'],
    ['{clusterIP: 10.0.0.300, ports: [{port: 80}]}', 'Cannot use "10.0.0.300" as a cluster IP'],
    ['{type: ExternalName}', 'A Service of type "ExternalName" needs an "externalName"'],
    ['{type: NodePort, clusterIP: None, ports: [{port: 80}]}', 'A Service of type "NodePort" cannot be headless'],
    ['{type: Nodeport, ports: [{port: 80}]}', 'Cannot use "Nodeport" for "type" (NodePort?)'],
  ])('a Service with %s', async (spec, problem) => {
    const problems = await problemsOf(`{apiVersion: v1, kind: Service, metadata: {name: s}, spec: ${spec}}`)
    expect(problems).toEqual([expect.stringContaining(problem)])
  })

  test('all mistakes of all files are told in one go, by file and line', async () => {
    const { problems, objects } = await readManifests([
      { path: 'a.yaml', text: 'kind: Pod\n---\na: [\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: ok}}\n' },
      { path: 'b.yaml', text: '- 1\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: A, namespace: B, labels: {"": x}}\n' },
    ])
    expect(problems.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'a.yaml:1',
      'a.yaml:4',
      'b.yaml:1',
      'b.yaml:5',
      'b.yaml:5',
      'b.yaml:5',
    ])
    expect(objects).toHaveLength(1)
  })

  test('a mistake in an item of a list is placed in the whole document', async () => {
    const { problems } = await read(
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Namespace, metadata: {name: x, lables: {}}}\n',
    )
    expect(problems).toEqual([
      {
        file: 'a.yaml',
        line: 4,
        column: 57,
        length: 6,
        path: 'items[0].metadata.lables',
        message: '"lables" is not a field of "metadata"',
        accepted: null,
        didYouMean: 'labels',
      },
    ])
  })

  test('a list within a list and an object without a name cannot be applied', async () => {
    expect(await problemsOf('apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items: []\n')).toEqual([
      '5:9 A list within a list cannot be applied',
    ])
    expect(await problemsOf('apiVersion: v1\nkind: Namespace\nmetadata: {generateName: x-}\n')).toEqual([
      '3:12 "generateName" cannot be applied',
    ])
    expect(await problemsOf('apiVersion: v1\nkind: Namespace\n')).toEqual(['1:1 "metadata.name" is missing'])
  })

  test('unknown fields are found in kinds that are not modelled, but free maps stay free', async () => {
    const text = '{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {replcias: x}, dta: {}}'
    expect(await problemsOf(text)).toEqual(['1:77 "dta" is not a field of a ConfigMap (data?)'])
  })

  test('fields newer than the schemas are known', async () => {
    const text = '{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {hostnameOverride: h, containers: [{name: c, image: i}]}}'
    expect(await problemsOf(text)).toEqual([])
    expect(await problemsOf(text.replace('hostnameOverride', 'hostnameOverrule'))).toHaveLength(1)
  })
})
