import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { TrafficDistribution } from './objects/index.ts'

/**
 * Since which version each value of a Service's `trafficDistribution` is accepted and followed by default.
 *
 * Source: feature gates ServiceTrafficDistribution (beta and on in 1.31) and PreferSameTrafficDistribution (beta and on in 1.34).
 */
const ACCEPTED_SINCE: Readonly<Record<TrafficDistribution, KubernetesMinor>> = { PreferClose: 31, PreferSameZone: 34, PreferSameNode: 34 }

/** From here on the field exists: older API servers drop it, newer ones refuse a value that they do not know. */
const FIELD_SINCE: KubernetesMinor = ACCEPTED_SINCE.PreferClose

/** What the API server of a version does with a value. Source: kubernetes v1.36.2 pkg/registry/core/service (dropDisabledFields) and validation. */
export function treatmentOf(value: TrafficDistribution, version: KubernetesMinor): 'followed' | 'dropped' | 'refused' {
  if (version < FIELD_SINCE) return 'dropped'
  return version < ACCEPTED_SINCE[value] ? 'refused' : 'followed'
}

/** The values that a version accepts. */
export function acceptedDistributions(version: KubernetesMinor): readonly string[] {
  return Object.keys(ACCEPTED_SINCE).filter((value) => treatmentOf(value as TrafficDistribution, version) === 'followed')
}
