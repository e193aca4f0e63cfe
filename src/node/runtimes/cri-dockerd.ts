import type { DistributionSpec } from '../../engine/distributions.ts'
import { MILLISECOND } from '../../units.ts'
import { familiarImageName } from '../image-name.ts'
import type { RuntimeProfile } from './runtime.ts'

/**
 * Two more daemons stand between the kubelet and containerd: cri-dockerd, and dockerd, which keeps its own books of each container.
 * *Assumption*: 30 ms a call at the median. Published is only the direction: containerd 1.1 starts pods faster than Docker 18.03 behind
 * dockershim ("Kubernetes Containerd Integration Goes GA", 2018, 105 pods at once).
 */
export const TWO_DAEMONS: DistributionSpec = { kind: 'lognormal', p50: 30 * MILLISECOND, p99: 150 * MILLISECOND }

/**
 * Docker Engine behind cri-dockerd, which took over dockershim's part when Kubernetes 1.24 removed it. Images are listed under short
 * names: `nginx:1.25` without `docker.io/library/`. Source: kubernetes/kubernetes issue 64413.
 */
export const criDockerd: RuntimeProfile = {
  longer: { sandbox: TWO_DAEMONS, containerStart: TWO_DAEMONS, signal: TWO_DAEMONS, sandboxTeardown: TWO_DAEMONS },
  imageName: familiarImageName,
}
