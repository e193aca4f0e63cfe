import type { EndpointSlice, Pod, Service } from '../../../src/api/objects/index.ts'
import { isReady } from '../../../src/control-plane/conditions.ts'
import { keyOf } from '../../../src/control-plane/object-key.ts'
import type { Invariant } from '../invariant.ts'
import { ofKind, storedObjects } from '../stored-objects.ts'

/** At rest the ready endpoints of a Service are the Ready pods that its selector matches. */
export const endpointsAreReadyPods: Invariant = {
  name: 'endpoints are the Ready pods',
  attach: (cluster, violated) => {
    const stored = storedObjects(cluster)
    return () => {
      const pods = ofKind<Pod>(stored, 'Pod')
      const slices = ofKind<EndpointSlice>(stored, 'EndpointSlice')
      for (const service of ofKind<Service>(stored, 'Service')) {
        const { selector } = service.spec
        if (selector === null) continue
        const wanted = pods
          .filter((pod) => pod.metadata.namespace === service.metadata.namespace && isReady(pod) && pod.metadata.deletionTimestamp === null)
          .filter((pod) => Object.entries(selector).every(([key, value]) => pod.metadata.labels[key] === value))
          .map((pod) => pod.status.podIP)
          .sort()
        const told = slices
          .filter(
            (slice) =>
              slice.metadata.namespace === service.metadata.namespace &&
              slice.metadata.labels['kubernetes.io/service-name'] === service.metadata.name,
          )
          .flatMap((slice) => slice.endpoints.filter((endpoint) => endpoint.conditions.ready).map((endpoint) => endpoint.address))
          .sort()
        if (wanted.join() !== told.join())
          violated(`${keyOf(service)} should have the endpoints ${wanted.join(' ')} and has ${told.join(' ')}`)
      }
    }
  },
}
