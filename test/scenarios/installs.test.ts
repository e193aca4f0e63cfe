import { describe, expect, test } from 'vitest'
import type { Lease, Node, Pod } from '../../src/api/objects/index.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { SECOND } from '../../src/units.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`

function files(cluster: string, timeline: readonly string[] = []): Record<string, string> {
  return {
    'web.yaml': WEB,
    's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: installs }
spec:
  duration: 10m
  cluster: { images: { preloaded: true }, ${cluster} }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 2s }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: constant(10/s) }]
  timeline: [${timeline.join(', ')}]
`,
  }
}

async function start(cluster: string, timeline: readonly string[] = []): Promise<SimulatedCluster> {
  const loaded = await loadScenario('s.yaml', memoryFiles(files(cluster, timeline)))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const tank = new SimulatedCluster(loaded.variants[0]!.scenario)
  tank.start()
  return tank
}

async function mistakes(cluster: string, timeline: readonly string[] = []): Promise<string[]> {
  const loaded = await loadScenario('s.yaml', memoryFiles(files(cluster, timeline)))
  return loaded.ok ? [] : loaded.problems.map(({ message, accepted }) => `${message}: ${accepted}`)
}

const lease = ({ controlPlane }: SimulatedCluster, name: string): Lease => controlPlane.server.peek('Lease', 'kube-system', name)!
const node = ({ controlPlane }: SimulatedCluster, name: string): Node => controlPlane.server.peek('Node', '', name)!
const pod = ({ controlPlane }: SimulatedCluster, name: string): Pod | undefined => controlPlane.server.peek('Pod', 'kube-system', name)
const ready = (object: Node | Pod): string => object.status.conditions.find(({ type }) => type === 'Ready')!.status
const leaderOf = ({ controlPlane }: SimulatedCluster): string[] =>
  controlPlane.controllerManagers.filter(({ leads }) => leads).map(({ host }) => host)
const crash = (at: string, name: string, rest = ''): string => `{ at: ${at}, fault: { kind: node-crash, node: ${name}${rest} } }`
const machine = (at: string, name: string, rest = ''): string => `{ at: ${at}, fault: { kind: machine-crash, machine: ${name}${rest} } }`

describe('who stands where', () => {
  test('minikube: one node with everything, which takes pods', async () => {
    const tank = await start('install: minikube')
    tank.sim.run(60 * SECOND)
    expect(tank.nodeNames).toEqual(['minikube'])
    expect(node(tank, 'minikube').spec.taints).toEqual([])
    expect(pod(tank, 'kube-apiserver-minikube')?.status.phase).toBe('Running')
    expect(tank.availableAt.has('Deployment/default/web')).toBe(true)
  })

  test('kubeadm: a control-plane node beside the workers that takes no pods, with its static pods', async () => {
    const tank = await start('install: kubeadm')
    tank.sim.run(60 * SECOND)
    expect(tank.nodeNames).toEqual(['control-plane-1', 'worker-1', 'worker-2', 'worker-3'])
    expect(node(tank, 'control-plane-1').spec.taints).toEqual([
      { key: 'node-role.kubernetes.io/control-plane', value: '', effect: 'NoSchedule' },
    ])
    for (const component of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
      expect(pod(tank, `${component}-control-plane-1`)?.spec.nodeName).toBe('control-plane-1')
    expect(tank.controlPlane.server.etcd.memberCount).toBe(1)
    expect(tank.controlPlane.schedulers.map(({ host }) => host)).toEqual(['control-plane-1'])
  })

  test('kubeadm-ha: three of each, etcd stacked', async () => {
    const tank = await start('install: kubeadm-ha')
    expect(tank.nodeNames.slice(0, 4)).toEqual(['control-plane-1', 'control-plane-2', 'control-plane-3', 'worker-1'])
    expect(tank.controlPlane.server.etcd.memberCount).toBe(3)
    expect(tank.controlPlane.server.processes).toHaveLength(3)
    expect(tank.controlPlane.controllerManagers).toHaveLength(3)
  })

  test('binary: no node runs a component, etcd has machines of its own', async () => {
    const tank = await start('install: binary, etcd: { members: 5 }')
    expect(tank.nodeNames).toEqual(['worker-1', 'worker-2', 'worker-3'])
    expect(tank.controlPlane.server.etcd.memberCount).toBe(5)
    expect(tank.controlPlane.server.processes).toHaveLength(3)
    expect(pod(tank, 'etcd-control-plane-1')).toBeUndefined()
  })

  test('the load balancer sends nobody to control-plane nodes', async () => {
    const tank = await start('install: kubeadm')
    tank.sim.run(60 * SECOND)
    const entered = new Set(Array.from({ length: 12 }, () => tank.dataPlane.loadBalancer.next(0)))
    expect([...entered].sort()).toEqual([1, 2, 3])
  })
})

describe('three control-plane nodes', () => {
  // Lease of 15 s, seen up to 4.4 s late, looked at every 4.4 s at most: 13 to 24 s, less where a standby had to find another API server.
  test('the loss of the one that leads: writes go on, another leads within 24 s, and it comes back as a standby', async () => {
    const tank = await start('install: kubeadm-ha', [
      crash('60s', 'control-plane-1', ', for: 2m'),
      '{ at: 62s, kubectl: "label node worker-1 seen=yes" }',
      '{ at: 90s, kubectl: "scale deployment/web --replicas=4" }',
    ])
    tank.sim.run(60.5 * SECOND)
    expect(leaderOf(tank)).toEqual([])
    expect(tank.faults[0]!.effect).toContain('with it etcd, kube-apiserver, kube-controller-manager, kube-scheduler')
    // etcd has lost its leader too: 1 to 2 s, then the write goes through.
    tank.sim.run(70 * SECOND)
    expect(node(tank, 'worker-1').metadata.labels.seen).toBe('yes')
    tank.sim.run(85 * SECOND)
    expect(leaderOf(tank)).toHaveLength(1)
    expect(leaderOf(tank)).not.toContain('control-plane-1')
    expect(lease(tank, 'kube-scheduler').transitions).toBe(1)
    tank.sim.run(120 * SECOND)
    expect(tank.controlPlane.server.peek('Deployment', 'default', 'web')!.status.availableReplicas).toBe(4)
    tank.sim.run(170 * SECOND)
    expect(ready(node(tank, 'control-plane-1'))).toBe('Unknown')
    expect(ready(pod(tank, 'etcd-control-plane-1')!)).toBe('False')
    tank.sim.run(240 * SECOND)
    expect(ready(node(tank, 'control-plane-1'))).toBe('True')
    expect(ready(pod(tank, 'etcd-control-plane-1')!)).toBe('True')
    expect(tank.controlPlane.server.etcd.isUp(0)).toBe(true)
    expect(tank.controlPlane.server.processes[0]!.up).toBe(true)
    expect(tank.controlPlane.controllerManagers[0]!).toMatchObject({ up: true, leads: false })
  })

  test('the loss of two: no writes, no leaders, and traffic goes on', async () => {
    const tank = await start('install: kubeadm-ha', [crash('60s', 'control-plane-1'), crash('60s', 'control-plane-2')])
    tank.sim.run(68 * SECOND)
    const { writes } = tank.controlPlane.server
    tank.sim.run(180 * SECOND)
    expect(tank.controlPlane.server.writes).toBe(writes)
    expect(leaderOf(tank)).toEqual([])
    const [traffic] = tank.dataPlane.trafficSummaries()
    expect(traffic!.failed).toBe(0)
    expect(traffic!.sent).toBeGreaterThan(1000)
  })

  test('the loss of two for a while: all leads again by itself', async () => {
    const tank = await start('install: kubeadm-ha', [
      crash('60s', 'control-plane-1', ', for: 1m'),
      crash('60s', 'control-plane-2', ', for: 1m'),
      '{ at: 200s, kubectl: "scale deployment/web --replicas=5" }',
    ])
    tank.sim.run(260 * SECOND)
    expect(leaderOf(tank)).toHaveLength(1)
    expect(tank.controlPlane.server.peek('Deployment', 'default', 'web')!.status.availableReplicas).toBe(5)
  })
})

test('kubeadm: with its only control-plane node everything stands still, and goes on after the reboot', async () => {
  const tank = await start('install: kubeadm', [
    crash('60s', 'control-plane-1', ', for: 1m'),
    '{ at: 170s, kubectl: "scale deployment/web --replicas=3" }',
  ])
  tank.sim.run(61 * SECOND)
  const { writes } = tank.controlPlane.server
  tank.sim.run(119 * SECOND)
  expect(tank.controlPlane.server.writes).toBe(writes)
  tank.sim.run(165 * SECOND)
  expect(tank.dataPlane.trafficSummaries()[0]!.failed).toBe(0)
  // A kubelet's watch is tried again after up to 60 s.
  tank.sim.run(240 * SECOND)
  expect(tank.controlPlane.server.peek('Deployment', 'default', 'web')!.status.availableReplicas).toBe(3)
})

test('binary: the API servers may all be gone while etcd is well: no writes; and come back', async () => {
  const tank = await start(
    'install: binary',
    [1, 2, 3].map((n) => machine('60s', `control-plane-${n}`, ', for: 1m')),
  )
  tank.sim.run(62 * SECOND)
  const { writes } = tank.controlPlane.server
  tank.sim.run(119 * SECOND)
  expect(tank.controlPlane.server.writes).toBe(writes)
  expect(tank.faults[0]!.effect).toBe(
    'control-plane-1 was down 60 s, with kube-apiserver, kube-controller-manager, kube-scheduler'.replace('down 60', 'down for 60'),
  )
  tank.sim.run(180 * SECOND)
  expect(leaderOf(tank)).toHaveLength(1)
  expect(tank.controlPlane.server.writes).toBeGreaterThan(writes)
})

test('binary: one of three etcd machines may go', async () => {
  const tank = await start('install: binary', [machine('60s', 'etcd-1')])
  tank.sim.run(65 * SECOND)
  const { writes } = tank.controlPlane.server
  tank.sim.run(120 * SECOND)
  expect(tank.controlPlane.server.writes).toBeGreaterThan(writes + 50)
  expect(leaderOf(tank)).toEqual(['control-plane-1'])
})

describe('mistakes', () => {
  test.each([
    ['install: kubeadm, etcd: { members: 3 }', [], 'etcd of install kubeadm has a member on each control-plane machine: 1'],
    ['controlPlane: { cpu: 2 }', [], 'There are no control-plane nodes beside the others: spec.cluster.install kubeadm or kubeadm-ha'],
    ['install: kubeadm', [crash('1m', 'control-plane-2')], 'There is no node "control-plane-2": control-plane-1, worker-1 to worker-3'],
    [
      'install: kubeadm',
      [machine('1m', 'control-plane-1')],
      'There is no machine "control-plane-1" that is no node: spec.cluster.install binary; nodes have the fault node-crash',
    ],
    [
      'install: binary',
      [machine('1m', 'etcd-4')],
      'There is no machine "etcd-4" that is no node: control-plane-1, control-plane-2, control-plane-3, etcd-1, etcd-2, etcd-3',
    ],
    ['install: kubeadm', ['{ at: 1m, fault: { kind: scheduler-crash, replica: 2 } }'], 'kube-scheduler has no replica 2: 1'],
    ['install: kubeadm-ha', ['{ at: 1m, fault: { kind: controller-manager-crash, replica: 4, for: 0s } }'], 'A crash of no length is none'],
  ])('%s %s', async (cluster, timeline, expected) => {
    expect((await mistakes(cluster, timeline)).join('\n')).toContain(expected)
  })
})
