/**
 * What the API server fills in where a manifest leaves a number open.
 *
 * Source: kubernetes v1.36.2 pkg/apis/core/v1/defaults.go (pods, probes), pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go.
 */
export const POD_DEFAULTS = { terminationGracePeriodSeconds: 30 } as const

export const PROBE_DEFAULTS = {
  initialDelaySeconds: 0,
  periodSeconds: 10,
  timeoutSeconds: 1,
  successThreshold: 1,
  failureThreshold: 3,
} as const

export const DEPLOYMENT_DEFAULTS = {
  replicas: 1,
  maxSurge: '25%',
  maxUnavailable: '25%',
  minReadySeconds: 0,
  revisionHistoryLimit: 10,
  progressDeadlineSeconds: 600,
} as const

export const DAEMON_SET_DEFAULTS = { maxUnavailable: 1, maxSurge: 0, revisionHistoryLimit: 10 } as const

export const STATEFUL_SET_DEFAULTS = { replicas: 1, partition: 0, revisionHistoryLimit: 10 } as const

export const JOB_DEFAULTS = { parallelism: 1, backoffLimit: 6 } as const

export const CRON_JOB_DEFAULTS = { successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 } as const
