import { expect, test } from 'vitest'
import { parseIpv4 } from '../network/addresses.ts'
import { TestCluster } from '../workload/test-cluster.ts'
import { otherServices } from './other-services.ts'

test('every Service and every endpoint has an address of its own', () => {
  const objects = [...otherServices({ count: 600, endpoints: 3 })]
  const services = objects.flatMap((object) => (object.kind === 'Service' ? [object.spec.clusterIP] : []))
  const endpoints = objects.flatMap((object) => (object.kind === 'EndpointSlice' ? object.endpoints.map(({ address }) => address) : []))
  expect([services[0], services[300], endpoints[0], endpoints.at(-1)]).toEqual(['10.112.0.0', '10.112.1.44', '100.64.0.0', '100.64.7.7'])
  expect(new Set(services).size).toBe(600)
  expect(new Set(endpoints).size).toBe(1800)
  for (const address of [...services, ...endpoints]) expect(parseIpv4(address)).not.toBeNull()
})

test('they are in the rules of a node from its first sync on, and cost what Services cost that were written', () => {
  const standing = new TestCluster()
  for (const object of otherServices({ count: 200, endpoints: 2 })) standing.dataPlane.history.standing(object)
  standing.startProxies()
  const written = new TestCluster()
  for (const object of otherServices({ count: 200, endpoints: 2 })) written.publish(object, false)
  written.startProxies()
  expect(standing.dataPlane.history.servicePortCount(0)).toBe(200)
  const first = (c: TestCluster) => [...c.dataPlane.proxyTable().rows][0]
  expect(first(standing)!.slice(1)).toEqual(first(written)!.slice(1))
  expect(standing.dataPlane.kubeProxySummary()).toEqual(written.dataPlane.kubeProxySummary())
})

test('they come before everything else', () => {
  const c = new TestCluster()
  c.service('web')
  const [first] = otherServices({ count: 1, endpoints: 1 })
  expect(() => c.dataPlane.history.standing(first!)).toThrow('before every change')
})
