import { cronJobSpec, jobSpec, NEW_JOB_STATUS } from '../../../src/api/convert/batch.ts'
import type { CronJob, DaemonSet, Job, PodTemplate, ReplicationController, StatefulSet } from '../../../src/api/objects/index.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { containerOf, podSpecOf } from '../testbed.ts'

export function templateOf(name: string, version = 'v1', spec: Partial<PodTemplate['spec']> = {}): PodTemplate {
  const containers = [containerOf('server', { image: `example/server:${version}` })]
  return { labels: { app: name }, annotations: {}, spec: { ...podSpecOf(containers), ...spec } }
}

const selectorOf = (name: string) => ({ matchLabels: { app: name }, matchExpressions: [] })

export function statefulSetOf(name: string, replicas: number, change: Partial<StatefulSet['spec']> = {}): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: emptyMeta(name, 'default'),
    spec: {
      replicas,
      selector: selectorOf(name),
      template: templateOf(name),
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', partition: 0 },
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      ordinals: { start: 0 },
      ...change,
    },
    status: {
      observedGeneration: 0,
      replicas: 0,
      readyReplicas: 0,
      availableReplicas: 0,
      currentReplicas: 0,
      updatedReplicas: 0,
      currentRevision: '',
      updateRevision: '',
    },
  }
}

export function daemonSetOf(name: string, change: Partial<DaemonSet['spec']> = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: emptyMeta(name, 'default'),
    spec: {
      selector: selectorOf(name),
      template: templateOf(name),
      updateStrategy: { type: 'RollingUpdate', maxUnavailable: 1, maxSurge: 0 },
      minReadySeconds: 0,
      revisionHistoryLimit: 10,
      ...change,
    },
    status: {
      observedGeneration: 0,
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
      numberAvailable: 0,
      numberUnavailable: 0,
      updatedNumberScheduled: 0,
    },
  }
}

/** A Job of pods without a probe, with the defaults of the API server. */
export function jobOf(name: string, change: Partial<Job['spec']> = {}): Job {
  const spec = podSpecOf([containerOf('work', { readinessProbe: null })])
  const template = { labels: {}, annotations: {}, spec: { ...spec, restartPolicy: 'Never' as const } }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: emptyMeta(name, 'default'),
    spec: { ...jobSpec({}), template, ...change },
    status: NEW_JOB_STATUS,
  }
}

export function cronJobOf(name: string, schedule: string, change: Partial<CronJob['spec']> = {}): CronJob {
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: emptyMeta(name, 'default'),
    spec: { ...cronJobSpec({ schedule }), jobTemplate: { labels: {}, annotations: {}, spec: jobOf('').spec }, ...change },
    status: { active: [], lastScheduleTime: null, lastSuccessfulTime: null },
  }
}

export function replicationControllerOf(name: string, replicas: number): ReplicationController {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: emptyMeta(name, 'default'),
    spec: { replicas, selector: { app: name }, template: templateOf(name), minReadySeconds: 0 },
    status: { observedGeneration: 0, replicas: 0, readyReplicas: 0, availableReplicas: 0, terminatingReplicas: 0 },
  }
}
