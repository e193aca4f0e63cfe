import type { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'

/** Something that must hold in every run, whatever the scenario. */
export interface Invariant {
  /** As it is called in reports. */
  readonly name: string
  /**
   * Attaches to a cluster before it starts. Calls `violated` with what was seen, at most a few times. What it returns is called once,
   * when the run has ended and everything has come to rest.
   */
  readonly attach: (cluster: SimulatedCluster, violated: (detail: string) => void) => () => void
}

export interface Violation {
  readonly invariant: string
  readonly detail: string
}
