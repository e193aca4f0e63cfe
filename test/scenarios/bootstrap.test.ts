import { describe, expect, test } from 'vitest'
import type { Node } from '../../src/api/objects/index.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { MINUTE, SECOND } from '../../src/units.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }] }]
`

async function load(cluster: string, timeline = ''): Promise<SimulatedCluster | string[]> {
  const file = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: bootstrap }
spec:
  duration: 10m
  cluster: { ${cluster.includes('bootstrap') ? cluster : `bootstrap: true, ${cluster}`} }
  manifests: [web.yaml]
  timeline: [${timeline}]
`
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': file, 'web.yaml': WEB }))
  if (!loaded.ok) return loaded.problems.map(({ message }) => message)
  return new SimulatedCluster(loaded.variants[0]!.scenario)
}

async function booted(cluster: string, timeline = ''): Promise<SimulatedCluster> {
  const tank = await load(cluster, timeline)
  if (Array.isArray(tank)) return expect.fail(tank.join('\n'))
  tank.start()
  tank.sim.run(5 * MINUTE)
  return tank
}

const node = ({ controlPlane }: SimulatedCluster, name: string): Node => controlPlane.server.peek('Node', '', name)!
const phases = ({ trace }: SimulatedCluster, subject: string): string[] =>
  Array.from({ length: trace.length }, (_, id) => trace.hop(id))
    .filter((hop) => hop.subject === subject && hop.action === 'finished phase')
    .map(({ detail }) => detail)
const timeOf = ({ trace }: SimulatedCluster, is: (hop: { action: string; subject: string; detail: string }) => boolean): number => {
  for (let id = 0; id < trace.length; id++) if (is(trace.hop(id))) return trace.hop(id).time
  return Number.NaN
}

test('kubeadm: phases in the order of kubeadm init, all nodes Ready, and the manifests after that', async () => {
  const tank = await booted('install: kubeadm, nodes: [{ count: 2 }]')
  expect(phases(tank, 'Node/control-plane-1')).toEqual([
    'preflight',
    'certs',
    'kubeconfig',
    'etcd',
    'control-plane',
    'kubelet-start',
    'wait-control-plane',
    'kubelet-finalize',
    'network-plugin',
  ])
  expect(phases(tank, 'Node/worker-1')).toEqual(['preflight', 'kubelet-start'])
  const readyAt = tank.allNodesReadyAt!
  // 7.2 s of steps on the control plane, 177 MB of images at 125 MB/s and 7 overheads, 2 s of steps on the workers with 91 MB, and starts: by no means under 15 s.
  expect(readyAt).toBeGreaterThan(15 * SECOND)
  expect(readyAt).toBeLessThan(60 * SECOND)
  expect(timeOf(tank, ({ action, subject }) => action === 'create' && subject === 'Deployment/default/web')).toBeGreaterThan(readyAt)
  expect(tank.controlPlane.server.peek('Deployment', 'default', 'web')!.status.availableReplicas).toBe(3)
  expect(node(tank, 'control-plane-1').spec.taints).toEqual([
    { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' },
  ])
  expect(node(tank, 'worker-1').spec.taints).toEqual([])
  expect(tank.controlPlane.server.peek('Pod', 'kube-system', 'etcd-control-plane-1')!.status.phase).toBe('Running')
})

test('a worker registers NotReady, with its certificate before and its network after', async () => {
  const tank = await booted('install: kubeadm, nodes: [{ count: 1 }]')
  const requested = timeOf(tank, ({ action, subject }) => action === 'create' && subject.endsWith('node-csr-worker-1'))
  const registered = timeOf(tank, ({ action, subject }) => action === 'create' && subject === 'Node/worker-1')
  const ready = timeOf(
    tank,
    ({ action, detail, subject }) => action === 'patch' && subject === 'Node/worker-1' && detail.startsWith('Ready=True'),
  )
  expect(requested).toBeLessThan(registered)
  expect(registered).toBeLessThan(ready)
  // Nobody signs before kube-controller-manager leads.
  expect(timeOf(tank, ({ action, subject }) => action === 'became leader' && subject.endsWith('kube-controller-manager'))).toBeLessThan(
    registered,
  )
})

test('kubeadm-ha: further control-plane nodes join one after the other, etcd grows with them', async () => {
  const tank = await booted('install: kubeadm-ha, nodes: [{ count: 2 }]')
  const joined = [2, 3].map((n) => timeOf(tank, ({ subject, detail }) => subject === `Node/control-plane-${n}` && detail === 'etcd-join'))
  const prepared = [2, 3].map((n) =>
    timeOf(tank, ({ subject, detail }) => subject === `Node/control-plane-${n}` && detail === 'control-plane-prepare'),
  )
  expect(joined[0]!).toBeLessThan(prepared[1]!)
  expect(tank.allNodesReadyAt).not.toBeNull()
  expect(tank.controlPlane.server.processes.every(({ up }) => up)).toBe(true)
  expect(tank.controlPlane.controllerManagers.filter(({ leads }) => leads)).toHaveLength(1)
  // Three voters: one may go, two may not.
  const { etcd } = tank.controlPlane.server
  etcd.crashMember(etcd.leader!)
  tank.sim.run(tank.sim.now + 10 * SECOND)
  expect(etcd.leader).not.toBeNull()
  etcd.crashMember(etcd.leader!)
  tank.sim.run(tank.sim.now + 10 * SECOND)
  expect(etcd.leader).toBeNull()
})

describe.each(['minikube', 'binary'])('%s', (install) => {
  test('all nodes are Ready and what is applied then runs', async () => {
    const tank = await booted(`install: ${install}`)
    expect(tank.allNodesReadyAt).not.toBeNull()
    expect(tank.controlPlane.server.peek('Deployment', 'default', 'web')!.status.availableReplicas).toBe(3)
  })
})

test('a fault before the end of the bootstrap is left out, and the report says so', async () => {
  const tank = await booted('install: kubeadm', '{ at: 5s, fault: { kind: node-crash, node: worker-1, for: 10s } }')
  expect(tank.faults[0]).toMatchObject({ tookEffect: false, effect: 'it was left out: the bootstrap was not over' })
})

test('a bootstrap needs an install', async () => {
  expect(await load('bootstrap: true')).toEqual(['Without "install" it is not known what is to be installed'])
})
