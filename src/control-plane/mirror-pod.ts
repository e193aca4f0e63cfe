import type { Pod } from '../api/objects/index.ts'

/** Says of a pod object that it only shows a static pod; its value is the hash of the manifest. Source: pkg/kubelet/types (ConfigMirrorAnnotationKey). */
export const MIRROR = 'kubernetes.io/config.mirror'

/** Stands for the hash where the pod is a component of the control plane: the component's own model is its process, and no kubelet runs it. */
export const OF_COMPONENT = 'component'

export function isMirror({ metadata }: Pod): boolean {
  return MIRROR in metadata.annotations
}
