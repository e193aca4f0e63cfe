/** The minor version of Kubernetes 1.x that a cluster runs. */
export type KubernetesMinor = 28 | 29 | 30 | 31 | 32 | 33 | 34 | 35 | 36

export const KUBERNETES_MINORS: readonly KubernetesMinor[] = [28, 29, 30, 31, 32, 33, 34, 35, 36]

/** What the rest of the model describes; older versions differ where they are asked. */
export const NEWEST_MINOR: KubernetesMinor = 36
