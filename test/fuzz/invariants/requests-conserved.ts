import { InvariantError } from '../../../src/invariant.ts'
import type { Invariant } from '../invariant.ts'

/** Every request was answered, failed for one named cause, or is in flight. */
export const requestsConserved: Invariant = {
  name: 'requests are conserved',
  attach: (cluster, violated) => () => {
    try {
      cluster.dataPlane.checkConservation()
    } catch (error) {
      if (!(error instanceof InvariantError)) throw error
      violated(error.message)
    }
  },
}
