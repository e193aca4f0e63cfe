/**
 * Closed lists of values that the published schemas lack, by the end of the field's path (which begins with the kind; indexes left out).
 *
 * Source: kubernetes v1.36.2 apimachinery pkg/apis/meta/v1/validation, pkg/apis/core/validation (values of alpha features are left out).
 */
const ENUMERATIONS: readonly (readonly [suffix: string, values: readonly string[]])[] = [
  ['elector.matchExpressions.operator', ['In', 'NotIn', 'Exists', 'DoesNotExist']],
  ['topologySpreadConstraints.whenUnsatisfiable', ['DoNotSchedule', 'ScheduleAnyway']],
  ['topologySpreadConstraints.nodeAffinityPolicy', ['Honor', 'Ignore']],
  ['topologySpreadConstraints.nodeTaintsPolicy', ['Honor', 'Ignore']],
  ['nodeSelectorTerms.matchExpressions.operator', ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']],
  ['preference.matchExpressions.operator', ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']],
  ['spec.preemptionPolicy', ['PreemptLowerPriority', 'Never']],
  ['containers.restartPolicy', ['Always', 'OnFailure', 'Never']],
  ['initContainers.restartPolicy', ['Always', 'OnFailure', 'Never']],
  ['Service.spec.sessionAffinity', ['ClientIP', 'None']],
  ['Service.spec.internalTrafficPolicy', ['Cluster', 'Local']],
  ['Service.spec.externalTrafficPolicy', ['Cluster', 'Local']],
  ['StatefulSet.spec.podManagementPolicy', ['OrderedReady', 'Parallel']],
  ['StatefulSet.spec.updateStrategy.type', ['RollingUpdate', 'OnDelete']],
  ['DaemonSet.spec.updateStrategy.type', ['RollingUpdate', 'OnDelete']],
  ['CronJob.spec.concurrencyPolicy', ['Allow', 'Forbid', 'Replace']],
  ['spec.completionMode', ['NonIndexed', 'Indexed']],
  ['spec.podReplacementPolicy', ['TerminatingOrFailed', 'Failed']],
  ['podFailurePolicy.rules.action', ['FailJob', 'FailIndex', 'Ignore', 'Count']],
  ['onExitCodes.operator', ['In', 'NotIn']],
  ['Service.spec.trafficDistribution', ['PreferClose', 'PreferSameZone', 'PreferSameNode']],
]

/** The values that the field accepts, or null when any will do. */
export function acceptedValues(kind: string, names: readonly string[]): readonly string[] | null {
  const path = [kind, ...names].join('.')
  return ENUMERATIONS.find(([suffix]) => path.endsWith(suffix))?.[1] ?? null
}
