import { describe, expect, test } from 'vitest'
import type { AnyObject, EndpointSlice, Pod } from '../../src/api/objects/index.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'
import { SECOND } from '../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, serviceOf, Testbed } from './testbed.ts'

const SERVER = containerOf('server', { ports: [{ name: 'http', containerPort: 8080, hostPort: 8080, protocol: 'TCP' }] })
const HOST_SPEC = { ...podSpecOf([SERVER]), hostNetwork: true }

function apply(bed: Testbed, ...objects: AnyObject[]): void {
  bed.plane.kubectl.run({ verb: 'apply', objects }, 'apply')
  bed.sim.run(bed.sim.now + 30 * SECOND)
}

const podsOf = (bed: Testbed): Pod[] => [...bed.plane.server.cached('Pod')] as Pod[]

describe('a pod with the host’s network', () => {
  const template = { labels: { app: 'edge' }, annotations: {}, spec: HOST_SPEC }

  test('has its node’s address, from no block, and endpoints have it too', () => {
    const bed = new Testbed({ nodes: 3 })
    apply(bed, deploymentOf('edge', 3, { template }), serviceOf('edge'), deploymentOf('web', 1))
    const edge = podsOf(bed).filter(({ metadata }) => metadata.labels.app === 'edge')
    expect(edge.map(({ status }) => status.podIP).toSorted()).toEqual(['192.168.0.1', '192.168.0.2', '192.168.0.3'])
    expect(edge.every(({ status }) => status.podIP === status.hostIP)).toBe(true)
    const slices = [...bed.plane.server.cached('EndpointSlice')] as EndpointSlice[]
    expect(slices.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)).toSorted()).toEqual(
      edge.map(({ status }) => status.podIP).toSorted(),
    )
    // The first of the block goes to the first pod that has one of its own.
    const [web] = podsOf(bed).filter(({ metadata }) => metadata.labels.app === 'web')
    expect(web!.status.podIP).toMatch(/^10\.128\.\d+\.2$/)
    const setUp = [...bed.trace].filter(({ action }) => action === 'set up network')
    expect(setUp.map(({ subject }) => subject)).toEqual([`Pod/default/${web!.metadata.name}`])
  })

  test('takes its port of the node: a second one finds no node', () => {
    const bed = new Testbed({ nodes: 1 })
    apply(bed, deploymentOf('edge', 2, { template }))
    expect(
      podsOf(bed)
        .map(({ status }) => status.phase)
        .toSorted(),
    ).toEqual(['Pending', 'Running'])
  })

  test('that is bound to a node where the port is taken is refused by the kubelet', () => {
    const bed = new Testbed({ nodes: 1 })
    const bound = (name: string): Pod => ({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: emptyMeta(name, 'default'),
      spec: { ...HOST_SPEC, nodeName: 'worker-1' },
      status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
    })
    apply(bed, bound('first'))
    apply(bed, bound('second'))
    expect(podsOf(bed).map(({ status }) => `${status.phase} ${status.reason ?? ''}`)).toEqual(['Running ', 'Failed NodePorts'])
  })

  test('is of a static manifest, and its mirror shows the node’s address', () => {
    const bed = new Testbed({ nodes: 1 })
    bed.kubelets[0]!.runStatic({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: emptyMeta('etcd', 'kube-system'),
      spec: HOST_SPEC,
      status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
    })
    bed.sim.run(30 * SECOND)
    expect(bed.plane.server.peek('Pod', 'kube-system', 'etcd-worker-1')!.status.podIP).toBe('192.168.0.1')
  })
})

test('requests reach pods with the host’s network through their Service, and a rebooted node’s again', async () => {
  const manifest = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      hostNetwork: true
      containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: host-network }
spec:
  duration: 3m
  cluster: { images: { preloaded: true }, nodes: [{ count: 2 }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 2s }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: constant(20/s) }]
  timeline: [{ at: 60s, fault: { kind: node-crash, node: worker-1, for: 10s } }]
`
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario, 'web.yaml': manifest }))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const { summary } = await simulate(loaded.variants[0]!.scenario, { variant: 'v' })
  const [traffic] = summary.traffic
  // For 10 s the half of 20/s that comes to the dead node, and half of the rest, whose endpoint is there, find nothing: 150, but for those
  // whose SYN is repeated when it is back.
  expect(traffic!.failedByCause['connect-timeout']).toBeGreaterThan(100)
  expect(traffic!.failedByCause['connect-timeout']).toBeLessThan(151)
  expect(traffic!.failedByCause.refused).toBeGreaterThan(0)
  expect(traffic!.failed).toBeLessThan(250)
})
