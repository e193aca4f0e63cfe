import type { DistributionSpec } from '../../engine/distributions.ts'

/**
 * The calls of the Container Runtime Interface that take time, by the row of the latency table that they stand in: RunPodSandbox without CNI;
 * CreateContainer and StartContainer; StopContainer to its signal; StopPodSandbox.
 */
export type CriCall = 'sandbox' | 'containerStart' | 'signal' | 'sandboxTeardown'

/** What one container runtime does otherwise than containerd, whose times the latency table gives. */
export interface RuntimeProfile {
  /** What each call takes longer. */
  readonly longer: Readonly<Partial<Record<CriCall, DistributionSpec>>>
  /** What it calls an image in its list, given the name in the pod with its tag. */
  readonly imageName: (image: string) => string
}
