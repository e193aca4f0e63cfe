import { fullImageName } from '../image-name.ts'
import type { RuntimeProfile } from './runtime.ts'

/**
 * containerd through its CRI plugin: one shim a pod. The times of its calls are those of the latency table.
 *
 * It lists images under their whole names, so the scheduler's ImageLocality, which only adds a missing tag, does not find an image that a pod
 * calls by a short one. Source: kubernetes/kubernetes issues 64413 and 112699.
 */
export const containerd: RuntimeProfile = { longer: {}, imageName: fullImageName }
