import type { DistributionSpec } from '../../engine/distributions.ts'
import { MILLISECOND } from '../../units.ts'
import { fullImageName } from '../image-name.ts'
import type { RuntimeProfile } from './runtime.ts'

/** `conmon`, a process that is started with each container. *Assumption*: 5 ms at the median. */
export const CONMON: DistributionSpec = { kind: 'lognormal', p50: 5 * MILLISECOND, p99: 25 * MILLISECOND }

/**
 * CRI-O: a `conmon` process watches over each container, where containerd has one shim for the whole pod; so each start of a container begins
 * one more process. All else is taken to be as with containerd; Espe et al., "Performance Evaluation of
 * Container Runtimes" (CLOSER 2020), find both of the same order with runc, containerd scaling better.
 */
export const criO: RuntimeProfile = {
  longer: { containerStart: CONMON },
  imageName: fullImageName,
}
