import { HEADLESS_LABEL } from '../../../src/api/objects/index.ts'
import { type Nanos, SECOND } from '../../../src/units.ts'
import type { Invariant } from '../invariant.ts'

/** A change needs so long to get to a node at the most: kube-proxy waits a second between syncs, and a sync and the way take less than one. */
const SETTLES = 5 * SECOND

/** At rest the kernel of every node that is up has the newest Services and EndpointSlices, but for those of the last moment. */
export const nodesProgrammed: Invariant = {
  name: 'every node is programmed with the newest endpoints',
  attach: (cluster, violated) => {
    const changes: { readonly kind: string; readonly revision: number; readonly at: Nanos }[] = []
    cluster.controlPlane.server.observeCommits(({ object: { kind, metadata }, revision }) => {
      // kube-proxy does not watch the slices of headless Services.
      if (kind === 'Service' || (kind === 'EndpointSlice' && !(HEADLESS_LABEL in metadata.labels)))
        changes.push({ kind, revision, at: cluster.sim.now })
    })
    return () => {
      const settled = cluster.sim.now - SETTLES
      const newest = (kind: string): number => changes.findLast((change) => change.kind === kind && change.at <= settled)?.revision ?? 0
      const [newestService, newestSlice] = [newest('Service'), newest('EndpointSlice')]
      for (const [node, name] of cluster.nodeNames.entries()) {
        if (!cluster.dataPlane.kernels.isUp(node)) continue
        const services = cluster.dataPlane.rules.serviceRevisions[node]!
        const slices = cluster.dataPlane.rules.sliceRevisions[node]!
        if (services < newestService) violated(`${name} stands at Services of ${services}; the newest are of ${newestService}`)
        if (slices < newestSlice) violated(`${name} stands at EndpointSlices of ${slices}; the newest are of ${newestSlice}`)
      }
    }
  },
}
