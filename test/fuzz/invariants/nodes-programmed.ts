import { HEADLESS_LABEL } from '../../../src/api/objects/index.ts'
import type { Invariant } from '../invariant.ts'

/** At rest the kernel of every node that is up has the newest Services and EndpointSlices. */
export const nodesProgrammed: Invariant = {
  name: 'every node is programmed with the newest endpoints',
  attach: (cluster, violated) => {
    const newest = { Service: 0, EndpointSlice: 0 }
    cluster.controlPlane.server.observeCommits(({ object, revision }) => {
      // kube-proxy does not watch the slices of headless Services.
      if (object.kind === 'Service' || (object.kind === 'EndpointSlice' && !(HEADLESS_LABEL in object.metadata.labels)))
        newest[object.kind as keyof typeof newest] = revision
    })
    return () => {
      for (const [node, name] of cluster.nodeNames.entries()) {
        if (!cluster.dataPlane.kernels.isUp(node)) continue
        const services = cluster.dataPlane.rules.serviceRevisions[node]!
        const slices = cluster.dataPlane.rules.sliceRevisions[node]!
        if (services < newest.Service) violated(`${name} stands at Services of ${services}; the newest are of ${newest.Service}`)
        if (slices < newest.EndpointSlice)
          violated(`${name} stands at EndpointSlices of ${slices}; the newest are of ${newest.EndpointSlice}`)
      }
    }
  },
}
