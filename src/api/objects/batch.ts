import type { Nanos } from '../../units.ts'
import type { Condition, KubernetesObject, StringMap } from './meta.ts'
import type { PodTemplate } from './pod.ts'

export type JobPolicyAction = 'FailJob' | 'Ignore' | 'Count'

/** What a failed pod counts for: the first rule that matches it decides. Exactly one of the two is not null. */
export interface PodFailurePolicyRule {
  readonly action: JobPolicyAction
  readonly onExitCodes: {
    /** Empty: any container. */
    readonly containerName: string
    readonly operator: 'In' | 'NotIn'
    readonly values: readonly number[]
  } | null
  readonly onPodConditions: readonly { readonly type: string; readonly status: string }[] | null
}

export interface JobSpec {
  readonly parallelism: number
  /** null: any success ends the Job ("work queue"). */
  readonly completions: number | null
  readonly completionMode: 'NonIndexed' | 'Indexed'
  readonly backoffLimit: number
  readonly activeDeadlineSeconds: number | null
  readonly ttlSecondsAfterFinished: number | null
  readonly suspend: boolean
  readonly podReplacementPolicy: 'TerminatingOrFailed' | 'Failed'
  readonly podFailurePolicy: readonly PodFailurePolicyRule[]
  readonly template: PodTemplate
}

export interface JobStatus {
  readonly startTime: Nanos | null
  readonly completionTime: Nanos | null
  /** Pods that are neither finished nor being deleted. */
  readonly active: number
  readonly ready: number
  readonly terminating: number
  readonly succeeded: number
  readonly failed: number
  /** Such as `0-2,5`; empty without Indexed. */
  readonly completedIndexes: string
  /** Uids of finished pods that still have the tracking finalizer or have just lost it: not in the counts yet. */
  readonly uncountedTerminatedPods: { readonly succeeded: readonly string[]; readonly failed: readonly string[] }
  readonly conditions: readonly Condition[]
}

export interface Job extends KubernetesObject {
  readonly kind: 'Job'
  readonly spec: JobSpec
  readonly status: JobStatus
}

export interface CronJobSpec {
  readonly schedule: string
  /** Empty: the zone of kube-controller-manager, which is UTC here. */
  readonly timeZone: string
  readonly startingDeadlineSeconds: number | null
  readonly concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace'
  readonly suspend: boolean
  readonly successfulJobsHistoryLimit: number
  readonly failedJobsHistoryLimit: number
  readonly jobTemplate: { readonly labels: StringMap; readonly annotations: StringMap; readonly spec: JobSpec }
}

export interface JobReference {
  readonly name: string
  readonly uid: string
}

export interface CronJobStatus {
  readonly active: readonly JobReference[]
  readonly lastScheduleTime: Nanos | null
  readonly lastSuccessfulTime: Nanos | null
}

export interface CronJob extends KubernetesObject {
  readonly kind: 'CronJob'
  readonly spec: CronJobSpec
  readonly status: CronJobStatus
}
