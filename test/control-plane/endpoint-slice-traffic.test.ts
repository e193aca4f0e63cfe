import { expect, test } from 'vitest'
import type { Endpoint, EndpointSlice } from '../../src/api/objects/index.ts'
import { MINUTE } from '../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, serviceOf, Testbed } from './testbed.ts'

/**
 * What a rolling update sends to each watcher, as EndpointSlices and as the Endpoints object that they replaced.
 *
 * KEP-752, "Sample Case 1: 20,000 endpoints, 5,000 nodes": with P endpoints, N watchers and slices of B, a rolling update is O(P) writes in both
 * forms, each of which sends the whole object to N watchers: 2.0 MB × 5,000 × 20,000 = 200 TB against 10 KB × 5,000 × 20,000 = 1 TB. N and
 * the number of writes fall out, and so the published ratio is P / B = 20,000 / 100 = 200 at any N.
 *
 * Here the endpoints, the writes and their contents are the model's own at P / B = 1 and 3; bytes are those of the JSON of the API.
 */

/** `uid` as long as a real one. */
const target = ({ podName }: Endpoint) => ({
  kind: 'Pod',
  namespace: 'default',
  name: podName,
  uid: '00000000-0000-0000-0000-000000000000',
})

function sliceBytes({ metadata, endpoints, ports }: EndpointSlice): number {
  const items = endpoints.map((endpoint) => ({
    addresses: [endpoint.address],
    conditions: endpoint.conditions,
    targetRef: target(endpoint),
    nodeName: endpoint.nodeName,
    zone: endpoint.zone,
  }))
  const meta = { name: metadata.name, namespace: metadata.namespace, labels: metadata.labels, resourceVersion: metadata.resourceVersion }
  return JSON.stringify({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: meta,
    addressType: 'IPv4',
    endpoints: items,
    ports,
  }).length
}

/** The Endpoints object with the same content; a pod that is being deleted is in none of its lists. Source: endpoints_controller.go. */
function endpointsObject(slices: Iterable<EndpointSlice>): string {
  const all = [...slices].flatMap(({ endpoints }) => endpoints)
  const addresses = (ready: boolean) =>
    all
      .filter(({ conditions }) => conditions.ready === ready && !conditions.terminating)
      .sort((a, b) => (a.address < b.address ? -1 : 1))
      .map((endpoint) => ({ ip: endpoint.address, nodeName: endpoint.nodeName, targetRef: target(endpoint) }))
  const subsets = [
    { addresses: addresses(true), notReadyAddresses: addresses(false), ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
  ]
  return JSON.stringify({ apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace: 'default' }, subsets })
}

function rollingUpdate(pods: number): { slices: { writes: number; bytes: number }; endpoints: { writes: number; bytes: number } } {
  const bed = new Testbed({ nodes: Math.ceil((pods * 1.25) / 75), onTerminate: 'exit' })
  bed.plane.kubectl.run({ verb: 'apply', objects: [serviceOf('web'), deploymentOf('web', pods)] }, 'apply')
  const current = new Map<string, EndpointSlice>()
  const slices = { writes: 0, bytes: 0 }
  const endpoints = { writes: 0, bytes: 0 }
  let counting = false
  let last = ''
  bed.plane.server.observeCommits(({ type, object }) => {
    if (object.kind !== 'EndpointSlice') return
    const slice = object as EndpointSlice
    if (type === 'DELETED') current.delete(slice.metadata.name)
    else current.set(slice.metadata.name, slice)
    const whole = endpointsObject(current.values())
    if (counting) {
      slices.writes++
      slices.bytes += sliceBytes(slice)
      if (whole !== last) {
        endpoints.writes++
        endpoints.bytes += whole.length
      }
    }
    last = whole
  })
  bed.sim.run(2 * MINUTE)
  expect(bed.deployment('web')!.status.availableReplicas).toBe(pods)
  counting = true
  const template = { labels: { app: 'web' }, annotations: {}, spec: podSpecOf([containerOf('server', { image: 'example/server:v2' })]) }
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', pods, { template })] }, 'apply of v2')
  bed.sim.run(12 * MINUTE)
  expect(bed.deployment('web')!.status).toMatchObject({ updatedReplicas: pods, availableReplicas: pods, replicas: pods })
  return { slices, endpoints }
}

test('slices save the published share of the traffic of a rolling update: as many times as there are full slices, within 30 %', () => {
  for (const pods of [100, 300]) {
    const { slices, endpoints } = rollingUpdate(pods)
    // Published: P / B = 1 and 3 (200 at 20,000 endpoints). An entry of a slice is a quarter longer than one of Endpoints here (conditions, zone), and a
    // slice is also written when an endpoint begins to terminate and when it goes, of which Endpoints shows one: 0.8 of the published.
    const share = endpoints.bytes / slices.bytes / (pods / 100)
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(1.3)
    // "# of writes O(P)" in both forms: each pod comes, gets ready, and another one goes; some are gathered.
    for (const { writes } of [slices, endpoints]) {
      expect(writes).toBeGreaterThan(pods)
      expect(writes).toBeLessThan(4 * pods)
    }
  }
})
