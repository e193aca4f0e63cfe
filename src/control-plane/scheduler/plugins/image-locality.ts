import type { Container } from '../../../api/objects/index.ts'
import { MAX_SCORE, type SchedulerPlugin } from '../plugin.ts'

const MEBI = 1024 * 1024
/** Source: Kubernetes plugins/imagelocality/image_locality.go (minThreshold, maxContainerThreshold). */
export const LEAST_BYTES = 23 * MEBI
export const MOST_BYTES_A_CONTAINER = 1000 * MEBI

/**
 * The bytes of the pod's images that are on the node, each weighed by the share of nodes that have it, so that pods do not all
 * go where one image happens to be.
 *
 * Source: Kubernetes plugins/imagelocality/image_locality.go.
 */
export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  score({ pod }, nodes, cluster) {
    const containers: readonly Container[] = [...pod.spec.initContainers, ...pod.spec.containers]
    const names = containers.map(({ image }) => taggedName(image))
    if (!names.some((name) => cluster.images.nodesWith(name) > 0)) return null
    const total = cluster.nodes.length
    const most = MOST_BYTES_A_CONTAINER * containers.length
    return nodes.map(({ node }) => {
      let sum = 0
      for (const name of names) {
        const image = node.status.images?.find((candidate) => candidate.names.includes(name))
        if (image !== undefined) sum += Math.trunc(image.sizeBytes * (cluster.images.nodesWith(name) / total))
      }
      const clamped = Math.min(Math.max(sum, LEAST_BYTES), most)
      return Math.trunc((MAX_SCORE * (clamped - LEAST_BYTES)) / (most - LEAST_BYTES))
    })
  },
}

/** An image without a tag is the one tagged `latest`. */
function taggedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}
