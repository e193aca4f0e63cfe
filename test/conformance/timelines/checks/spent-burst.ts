import { type Comparison, creations } from './comparison.ts'

/** Of kube-controller-manager's clients: `--kube-api-burst`, and ms between requests after it (`--kube-api-qps`). */
const BURST = 30
const INTERVAL_MS = 50

export const SPENT = "the creating controller's burst was spent before the command: its pods came 50 ms apart from the second on"

/**
 * Whether the client that creates the pods had no tokens left when the command came. Two recordings show it: one that began while the
 * controllers recovered from a stopped API server, one whose set-up took 238 requests. The model's client is rested, so that its pods come as a burst
 * onto two cores, and what follows from that is not compared.
 */
export function hasSpentBurst({ recording, recorded }: Pick<Comparison, 'recording' | 'recorded'>): boolean {
  const { maxSurge, maxUnavailable } = recording.meta
  // Pods that are replaced one by one wait for one another.
  if ([maxSurge, maxUnavailable].sort().join() === '0,1') return false
  const at = creations(recorded)
  return at.length >= BURST && at[9]! - at[1]! >= 8 * INTERVAL_MS
}
