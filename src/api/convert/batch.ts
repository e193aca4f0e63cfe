import type { PickedJobSpec } from '../modelled-fields.ts'
import type { CronJobSpec, JobPolicyAction, JobSpec, JobStatus, PodFailurePolicyRule } from '../objects/batch.ts'
import { CRON_JOB_DEFAULTS, JOB_DEFAULTS } from './defaults.ts'
import { podTemplate } from './pod.ts'

/**
 * Jobs as the API server stores them.
 *
 * Source of all defaults: kubernetes v1.36.2 pkg/apis/batch/v1/defaults.go.
 */
export function jobSpec(spec: PickedJobSpec | undefined): JobSpec {
  const rules = (spec?.podFailurePolicy?.rules ?? []).map(
    (rule): PodFailurePolicyRule => ({
      action: (rule.action ?? 'Count') as JobPolicyAction,
      onExitCodes:
        rule.onExitCodes === undefined
          ? null
          : {
              containerName: rule.onExitCodes.containerName ?? '',
              operator: rule.onExitCodes.operator === 'NotIn' ? 'NotIn' : 'In',
              values: rule.onExitCodes.values ?? [],
            },
      onPodConditions:
        rule.onPodConditions === undefined
          ? null
          : rule.onPodConditions.map((condition) => ({ type: condition.type ?? '', status: condition.status || 'True' })),
    }),
  )
  // Both absent: one pod, once. Parallelism alone is a work queue.
  const completions = spec?.completions ?? (spec?.parallelism === undefined ? 1 : null)
  return {
    parallelism: spec?.parallelism ?? JOB_DEFAULTS.parallelism,
    completions,
    completionMode: (spec?.completionMode || 'NonIndexed') as JobSpec['completionMode'],
    backoffLimit: spec?.backoffLimit ?? JOB_DEFAULTS.backoffLimit,
    activeDeadlineSeconds: spec?.activeDeadlineSeconds ?? null,
    ttlSecondsAfterFinished: spec?.ttlSecondsAfterFinished ?? null,
    suspend: spec?.suspend ?? false,
    podReplacementPolicy: (spec?.podReplacementPolicy ||
      (rules.length > 0 ? 'Failed' : 'TerminatingOrFailed')) as JobSpec['podReplacementPolicy'],
    podFailurePolicy: rules,
    template: podTemplate(spec?.template),
  }
}

export const NEW_JOB_STATUS: JobStatus = {
  startTime: null,
  completionTime: null,
  active: 0,
  ready: 0,
  terminating: 0,
  succeeded: 0,
  failed: 0,
  completedIndexes: '',
  uncountedTerminatedPods: { succeeded: [], failed: [] },
  conditions: [],
}

/** What of a CronJob's spec is not about its Jobs. */
export function cronJobSpec(
  spec:
    | {
        readonly schedule?: string
        readonly timeZone?: string
        readonly startingDeadlineSeconds?: number
        readonly concurrencyPolicy?: string
        readonly suspend?: boolean
        readonly successfulJobsHistoryLimit?: number
        readonly failedJobsHistoryLimit?: number
      }
    | undefined,
): Omit<CronJobSpec, 'jobTemplate'> {
  return {
    schedule: spec?.schedule ?? '',
    timeZone: spec?.timeZone ?? '',
    startingDeadlineSeconds: spec?.startingDeadlineSeconds ?? null,
    concurrencyPolicy: (spec?.concurrencyPolicy || 'Allow') as CronJobSpec['concurrencyPolicy'],
    suspend: spec?.suspend ?? false,
    successfulJobsHistoryLimit: spec?.successfulJobsHistoryLimit ?? CRON_JOB_DEFAULTS.successfulJobsHistoryLimit,
    failedJobsHistoryLimit: spec?.failedJobsHistoryLimit ?? CRON_JOB_DEFAULTS.failedJobsHistoryLimit,
  }
}
