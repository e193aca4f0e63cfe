import { WORKERS as CLUSTER_ROLE_AGGREGATION_WORKERS } from '../../control-plane/controllers/cluster-role-aggregation.ts'
import { CONTROLLER_LIMIT } from '../../control-plane/controllers/controller.ts'
import { WORKERS as CRON_JOB_WORKERS } from '../../control-plane/controllers/cron-job.ts'
import { MANY_MISSED, SCHEDULE_SLACK_MS } from '../../control-plane/controllers/cron-job-plan.ts'
import {
  BURST_REPLICAS as DAEMON_SET_BURST_REPLICAS,
  WORKERS as DAEMON_SET_WORKERS,
  FAILED_BACK_OFF,
  FAILED_BACK_OFF_MAX,
} from '../../control-plane/controllers/daemon-set.ts'
import { WORKERS as DEPLOYMENT_WORKERS, TERMINATING_REPLICAS_SINCE } from '../../control-plane/controllers/deployment.ts'
import { NO_DEADLINE } from '../../control-plane/controllers/deployment-progress.ts'
import { DELETION_TIMEOUT } from '../../control-plane/controllers/disruption.ts'
import { WORKERS as ENDPOINT_SLICE_WORKERS, MAX_ENDPOINTS_PER_SLICE } from '../../control-plane/controllers/endpoint-slice.ts'
import { EXPECTATIONS_TIMEOUT as EXPECTATIONS_EXPECTATIONS_TIMEOUT } from '../../control-plane/controllers/expectations.ts'
import { WORKERS as GARBAGE_COLLECTOR_WORKERS } from '../../control-plane/controllers/garbage-collector.ts'
import {
  API_BACK_OFF,
  BATCH_PERIOD,
  WORKERS as JOB_WORKERS,
  PODS_PER_SYNC_MAX,
  UNCOUNTED_MAX,
} from '../../control-plane/controllers/job.ts'
import { FAILURE_BACK_OFF, FAILURE_BACK_OFF_MAX } from '../../control-plane/controllers/job-back-off.ts'
import { DELETION_GRACE, LIMIT, WORKERS as NAMESPACE_WORKERS } from '../../control-plane/controllers/namespace.ts'
import {
  EVICTION_RATE,
  LARGE_ZONE_NODES,
  MONITOR_GRACE,
  MONITOR_GRACE_UNTIL_31,
  MONITOR_PERIOD,
  SECONDARY_EVICTION_RATE,
  TAINT_PASS_PERIOD,
  UNHEALTHY_SHARE,
} from '../../control-plane/controllers/node-lifecycle.ts'
import { PERIOD, QUARANTINE, TERMINATED_PODS_MAX } from '../../control-plane/controllers/pod-gc.ts'
import {
  BURST_REPLICAS as REPLICA_SET_BURST_REPLICAS,
  EXPECTATIONS_TIMEOUT as REPLICA_SET_EXPECTATIONS_TIMEOUT,
  WORKERS as REPLICA_SET_WORKERS,
} from '../../control-plane/controllers/replica-set.ts'
import { WORKERS as RESOURCE_QUOTA_WORKERS, RESYNC_PERIOD } from '../../control-plane/controllers/resource-quota.ts'
import { WORKERS as STATEFUL_SET_WORKERS } from '../../control-plane/controllers/stateful-set.ts'
import { WORKERS as TTL_AFTER_FINISHED_WORKERS } from '../../control-plane/controllers/ttl-after-finished.ts'
import { since, until } from '../conditions.ts'
import { cited, entry, group } from '../parameter.ts'
import { minor, of, time } from '../quantity.ts'

export const CONTROLLERS = group('controllers', 'Controllers', [
  entry('clientQps', of(CONTROLLER_LIMIT.qps, '1/s'), cited('`--kube-api-qps`, `--kube-api-burst`, v1.36.2 defaults'), {
    note: 'Client rate of every controller of kube-controller-manager.',
  }),
  entry('clientBurst', of(CONTROLLER_LIMIT.burst), cited('`--kube-api-qps`, `--kube-api-burst`, v1.36.2 defaults'), {
    note: 'Client rate of every controller of kube-controller-manager.',
  }),
  entry('deployment.workers', of(DEPLOYMENT_WORKERS), cited('`--concurrent-deployment-syncs`')),
  entry(
    'deployment.terminatingReplicasSince',
    minor(TERMINATING_REPLICAS_SINCE),
    cited('feature gate DeploymentReplicaSetTerminatingReplicas, beta and on since 1.35'),
  ),
  entry('deployment.noProgressDeadline', of(NO_DEADLINE, 's'), cited('deployment_util.go (HasProgressDeadline), math.MaxInt32'), {
    note: 'A deadline of this many seconds is none.',
  }),
  entry('replicaSet.workers', of(REPLICA_SET_WORKERS), cited('`--concurrent-replicaset-syncs`')),
  entry(
    'replicaSet.burstReplicas',
    of(REPLICA_SET_BURST_REPLICAS, 'pods'),
    cited('pkg/controller/replicaset/replica_set.go (BurstReplicas)'),
    { note: 'Pods created or deleted in one reconcile at most.' },
  ),
  entry(
    'replicaSet.expectationsTimeout',
    time(REPLICA_SET_EXPECTATIONS_TIMEOUT),
    cited('pkg/controller/controller_utils.go (ExpectationsTimeout)'),
  ),
  entry(
    'expectationsTimeout',
    time(EXPECTATIONS_EXPECTATIONS_TIMEOUT),
    cited('Kubernetes pkg/controller/controller_utils.go (ExpectationsTimeout)'),
  ),
  entry('statefulSet.workers', of(STATEFUL_SET_WORKERS), cited('`--concurrent-statefulset-syncs`')),
  entry('daemonSet.workers', of(DAEMON_SET_WORKERS), cited('`--concurrent-daemonset-syncs`')),
  entry(
    'daemonSet.burstReplicas',
    of(DAEMON_SET_BURST_REPLICAS, 'pods'),
    cited('pkg/controller/daemon/daemon_controller.go (BurstReplicas)'),
    { note: 'Pods made or deleted in one reconcile at most.' },
  ),
  entry('daemonSet.failedBackOff', time(FAILED_BACK_OFF), cited('cmd/kube-controller-manager/app/apps.go (1 s to 15 min)'), {
    note: 'Between deletions of failed pods on one node.',
  }),
  entry('daemonSet.failedBackOffMax', time(FAILED_BACK_OFF_MAX), cited('cmd/kube-controller-manager/app/apps.go (1 s to 15 min)'), {
    note: 'Between deletions of failed pods on one node.',
  }),
  entry('job.workers', of(JOB_WORKERS), cited('`--concurrent-job-syncs`')),
  entry('job.syncBatchPeriod', time(BATCH_PERIOD), cited('pkg/controller/job/job_controller.go (SyncJobBatchPeriod)'), {
    note: 'Events of pods wait this long for others.',
  }),
  entry(
    'job.apiBackOff',
    time(API_BACK_OFF.baseDelay),
    cited('pkg/controller/job/job_controller.go (SyncJobBatchPeriod) (DefaultJobApiBackOff, MaxJobApiBackOff)'),
    { note: 'Back-off after a refusal of the API server.' },
  ),
  entry(
    'job.apiBackOffMax',
    time(API_BACK_OFF.maxDelay),
    cited(
      'pkg/controller/job/job_controller.go (SyncJobBatchPeriod) (DefaultJobApiBackOff, MaxJobApiBackOff) (DefaultJobApiBackOff, MaxJobApiBackOff)',
    ),
    { note: 'Back-off after a refusal of the API server.' },
  ),
  entry(
    'job.podsPerSyncMax',
    of(PODS_PER_SYNC_MAX, 'pods'),
    cited(
      'pkg/controller/job/job_controller.go (SyncJobBatchPeriod) (DefaultJobApiBackOff, MaxJobApiBackOff) (DefaultJobApiBackOff, MaxJobApiBackOff) (MaxPodCreateDeletePerSync)',
    ),
  ),
  entry(
    'job.uncountedPodsMax',
    of(UNCOUNTED_MAX, 'pods'),
    cited(
      'pkg/controller/job/job_controller.go (SyncJobBatchPeriod) (DefaultJobApiBackOff, MaxJobApiBackOff) (DefaultJobApiBackOff, MaxJobApiBackOff) (MaxPodCreateDeletePerSync) (MaxUncountedPods)',
    ),
  ),
  entry(
    'job.failureBackOff',
    time(FAILURE_BACK_OFF),
    cited('pkg/controller/job/job_controller.go (DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff)'),
  ),
  entry(
    'job.failureBackOffMax',
    time(FAILURE_BACK_OFF_MAX),
    cited('pkg/controller/job/job_controller.go (DefaultJobPodFailureBackOff, MaxJobPodFailureBackOff)'),
  ),
  entry('cronJob.workers', of(CRON_JOB_WORKERS), cited('`--concurrent-cron-job-syncs`')),
  entry('cronJob.scheduleSlack', of(SCHEDULE_SLACK_MS, 'ms'), cited('pkg/controller/cronjob/utils.go (nextScheduleDelta)'), {
    note: 'How long after a schedule time the controller looks.',
  }),
  entry('cronJob.manyMissed', of(MANY_MISSED), cited('pkg/controller/cronjob/utils.go (nextScheduleDelta)'), {
    note: 'More missed starts than this are told in a warning event.',
  }),
  entry('ttlAfterFinished.workers', of(TTL_AFTER_FINISHED_WORKERS), cited('`--concurrent-ttl-after-finished-syncs`')),
  entry('endpointSlice.workers', of(ENDPOINT_SLICE_WORKERS), cited('`--concurrent-service-endpoint-syncs`')),
  entry('endpointSlice.maxEndpointsPerSlice', of(MAX_ENDPOINTS_PER_SLICE, 'endpoints'), cited('`--max-endpoints-per-slice`')),
  entry('garbageCollector.workers', of(GARBAGE_COLLECTOR_WORKERS), cited('`--concurrent-gc-syncs`')),
  entry(
    'clusterRoleAggregation.workers',
    of(CLUSTER_ROLE_AGGREGATION_WORKERS),
    cited('Kubernetes cmd/kube-controller-manager/app/rbac.go (Run with 5 workers)'),
  ),
  entry('namespace.workers', of(NAMESPACE_WORKERS), cited('`--concurrent-namespace-syncs`')),
  entry('namespace.deletionGracePeriod', time(DELETION_GRACE), cited('namespace_controller.go (namespaceDeletionGracePeriod)'), {
    note: 'Before a namespace that is being deleted is looked at.',
  }),
  entry('namespace.clientQps', of(LIMIT.qps, '1/s'), cited('kube-controller-manager app/core.go: 20 and 100 times the common rate'), {
    note: 'The controller asks for every kind of resource.',
  }),
  entry('namespace.clientBurst', of(LIMIT.burst), cited('kube-controller-manager app/core.go: 20 and 100 times the common rate'), {
    note: 'The controller asks for every kind of resource.',
  }),
  entry('resourceQuota.workers', of(RESOURCE_QUOTA_WORKERS), cited('`--concurrent-resource-quota-syncs`')),
  entry('resourceQuota.syncPeriod', time(RESYNC_PERIOD), cited('`--resource-quota-sync-period`')),
  entry('disruption.deletionTimeout', time(DELETION_TIMEOUT), cited('disruption.go (DeletionTimeout)'), {
    note: 'How long a granted eviction counts that nobody sees happen.',
  }),
  entry('podGc.period', time(PERIOD), cited('gc_controller.go (gcCheckPeriod)')),
  entry('podGc.quarantine', time(QUARANTINE), cited('gc_controller.go (quarantineTime)'), { note: 'How long a node must have been gone.' }),
  entry('podGc.terminatedPodsMax', of(TERMINATED_PODS_MAX, 'pods'), cited('`--terminated-pod-gc-threshold`')),
  entry('nodeLifecycle.monitorPeriod', time(MONITOR_PERIOD), cited('`--node-monitor-period`')),
  entry(
    'nodeLifecycle.monitorGracePeriod',
    time(MONITOR_GRACE),
    cited('`--node-monitor-grace-period`: 40 s up to 1.31; 50 s since, as a dead connection is noticed after 45 s'),
    { when: since(32) },
  ),
  entry(
    'nodeLifecycle.monitorGracePeriod',
    time(MONITOR_GRACE_UNTIL_31),
    cited('`--node-monitor-grace-period`: 40 s up to 1.31; 50 s since, as a dead connection is noticed after 45 s'),
    { when: until(31) },
  ),
  entry('nodeLifecycle.taintPassPeriod', time(TAINT_PASS_PERIOD), cited('pkg/controller/nodelifecycle (NodeEvictionPeriod)')),
  entry('nodeLifecycle.evictionRate', of(EVICTION_RATE, 'nodes/s'), cited('`--node-eviction-rate`'), {
    note: 'Nodes a second, burst 1, in a zone that is not disrupted.',
  }),
  entry('nodeLifecycle.secondaryEvictionRate', of(SECONDARY_EVICTION_RATE, 'nodes/s'), cited('`--secondary-node-eviction-rate`'), {
    note: 'The same in a large zone that is partly disrupted.',
  }),
  entry('nodeLifecycle.largeZone', of(LARGE_ZONE_NODES, 'nodes'), cited('`--large-cluster-size-threshold`')),
  entry('nodeLifecycle.unhealthyZoneThreshold', of(UNHEALTHY_SHARE), cited('`--unhealthy-zone-threshold`')),
])
