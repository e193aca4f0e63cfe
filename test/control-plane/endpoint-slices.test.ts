import { describe, expect, test } from 'vitest'
import type { EndpointSlice, Service } from '../../src/api/objects/index.ts'
import { KUBERNETES_MINORS, type KubernetesMinor } from '../../src/kubernetes-version.ts'
import { SECOND } from '../../src/units.ts'
import { deploymentOf, serviceOf, Testbed } from './testbed.ts'

/** The slice of a Service with one ready pod. */
function sliceOf(service: Partial<Service['spec']>, version: KubernetesMinor = 36): EndpointSlice {
  const bed = new Testbed({ nodes: 1, version })
  const slices = new Map<string, EndpointSlice>()
  bed.plane.server.observe('EndpointSlice', ({ object }) => slices.set(object.metadata.name, object as EndpointSlice))
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 1), serviceOf('web', service)] }, 'apply')
  bed.sim.run(20 * SECOND)
  expect(slices.size).toBe(1)
  return [...slices.values()][0]!
}

describe('the slice of a Service', () => {
  test.each([
    ['None', true],
    ['', false],
  ] as const)('with the clusterIP "%s" says whether it is headless: %s', (clusterIP, headless) => {
    expect('service.kubernetes.io/headless' in sliceOf({ clusterIP }).metadata.labels).toBe(headless)
  })

  test.each([
    ['PreferClose', 31, { zones: ['a'], nodes: [] }],
    ['PreferSameZone', 34, { zones: ['a'], nodes: [] }],
    ['PreferSameNode', 34, { zones: ['a'], nodes: ['worker-1'] }],
  ] as const)('has hints for %s from 1.%i on', (trafficDistribution, since, hints) => {
    for (const version of KUBERNETES_MINORS) {
      const [endpoint] = sliceOf({ trafficDistribution }, version).endpoints
      expect(endpoint?.hints, `1.${version}`).toEqual(version < since ? undefined : hints)
    }
  })
})
