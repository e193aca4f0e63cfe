import { DEFAULT_UTILIZATION } from '../../api/convert/autoscaling.ts'
import { DEFAULT_AFFINITY_SECONDS } from '../../api/convert/convert.ts'
import {
  CRON_JOB_DEFAULTS,
  DAEMON_SET_DEFAULTS,
  DEPLOYMENT_DEFAULTS,
  JOB_DEFAULTS,
  POD_DEFAULTS,
  PROBE_DEFAULTS,
  STATEFUL_SET_DEFAULTS,
} from '../../api/convert/defaults.ts'
import { NODE_PORT_MAX, NODE_PORT_MIN } from '../../api/rules/network.ts'
import { DEFAULT_TOLERATION_SECONDS } from '../../control-plane/admission/default-toleration-seconds.ts'
import { NO_CLASS } from '../../control-plane/admission/priority.ts'
import { SYSTEM_CLASSES } from '../../control-plane/admission/priority-classes.ts'
import { DEFAULT_PERCENT } from '../../scenario/kubectl/autoscale.ts'
import { cited, entry, group } from '../parameter.ts'
import { of } from '../quantity.ts'

export const API_OBJECTS = group('apiObjects', 'Objects that a manifest leaves open', [
  entry(
    'pod.terminationGracePeriodSeconds',
    of(POD_DEFAULTS.terminationGracePeriodSeconds, 's'),
    cited('kubernetes v1.36.2 pkg/apis/core/v1/defaults.go'),
    { note: 'What the API server fills in where a manifest leaves a number open.' },
  ),
  entry('probe.initialDelaySeconds', of(PROBE_DEFAULTS.initialDelaySeconds, 's'), cited('kubernetes v1.36.2 pkg/apis/core/v1/defaults.go')),
  entry('probe.periodSeconds', of(PROBE_DEFAULTS.periodSeconds, 's'), cited('kubernetes v1.36.2 pkg/apis/core/v1/defaults.go')),
  entry('probe.timeoutSeconds', of(PROBE_DEFAULTS.timeoutSeconds, 's'), cited('kubernetes v1.36.2 pkg/apis/core/v1/defaults.go')),
  entry('probe.successThreshold', of(PROBE_DEFAULTS.successThreshold), cited('kubernetes v1.36.2 pkg/apis/core/v1/defaults.go')),
  entry('probe.failureThreshold', of(PROBE_DEFAULTS.failureThreshold), cited('kubernetes v1.36.2 pkg/apis/core/v1/defaults.go')),
  entry('deployment.replicas', of(DEPLOYMENT_DEFAULTS.replicas), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry('deployment.maxSurge', of(DEPLOYMENT_DEFAULTS.maxSurge), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry('deployment.maxUnavailable', of(DEPLOYMENT_DEFAULTS.maxUnavailable), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry(
    'deployment.minReadySeconds',
    of(DEPLOYMENT_DEFAULTS.minReadySeconds, 's'),
    cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go'),
  ),
  entry(
    'deployment.revisionHistoryLimit',
    of(DEPLOYMENT_DEFAULTS.revisionHistoryLimit),
    cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go'),
  ),
  entry(
    'deployment.progressDeadlineSeconds',
    of(DEPLOYMENT_DEFAULTS.progressDeadlineSeconds, 's'),
    cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go'),
  ),
  entry('statefulSet.replicas', of(STATEFUL_SET_DEFAULTS.replicas), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry('statefulSet.partition', of(STATEFUL_SET_DEFAULTS.partition), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry(
    'statefulSet.revisionHistoryLimit',
    of(STATEFUL_SET_DEFAULTS.revisionHistoryLimit),
    cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go'),
  ),
  entry('daemonSet.maxUnavailable', of(DAEMON_SET_DEFAULTS.maxUnavailable), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry('daemonSet.maxSurge', of(DAEMON_SET_DEFAULTS.maxSurge), cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go')),
  entry(
    'daemonSet.revisionHistoryLimit',
    of(DAEMON_SET_DEFAULTS.revisionHistoryLimit),
    cited('kubernetes v1.36.2 pkg/apis/apps/v1/defaults.go'),
  ),
  entry('job.parallelism', of(JOB_DEFAULTS.parallelism), cited('kubernetes v1.36.2 pkg/apis/batch/v1/defaults.go')),
  entry('job.backoffLimit', of(JOB_DEFAULTS.backoffLimit), cited('kubernetes v1.36.2 pkg/apis/batch/v1/defaults.go')),
  entry(
    'cronJob.successfulJobsHistoryLimit',
    of(CRON_JOB_DEFAULTS.successfulJobsHistoryLimit),
    cited('kubernetes v1.36.2 pkg/apis/batch/v1/defaults.go'),
  ),
  entry(
    'cronJob.failedJobsHistoryLimit',
    of(CRON_JOB_DEFAULTS.failedJobsHistoryLimit),
    cited('kubernetes v1.36.2 pkg/apis/batch/v1/defaults.go'),
  ),
  entry(
    'service.sessionAffinity.timeoutSeconds',
    of(DEFAULT_AFFINITY_SECONDS, 's'),
    cited('kubernetes v1.36.2 pkg/apis/core/types.go, DefaultClientIPServiceAffinitySeconds'),
  ),
  entry(
    'horizontalPodAutoscaler.averageUtilization',
    of(DEFAULT_UTILIZATION, '%'),
    cited('kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go: one metric, CPU at 80 %, where none is given'),
  ),
  entry('service.nodePort.min', of(NODE_PORT_MIN), cited('kubernetes v1.36.2 `--service-node-port-range`, default')),
  entry('service.nodePort.max', of(NODE_PORT_MAX), cited('kubernetes v1.36.2 `--service-node-port-range`, default')),
  entry(
    'pod.tolerationSeconds',
    of(DEFAULT_TOLERATION_SECONDS, 's'),
    cited('Kubernetes plugin/pkg/admission/defaulttolerationseconds/admission.go'),
    { note: 'Kubernetes gives every pod 300 s on a node that is not ready or unreachable, unless the pod says otherwise.' },
  ),
  entry('pod.priority', of(NO_CLASS.value), cited('Kubernetes pkg/apis/scheduling/types.go (DefaultPriorityWhenNoDefaultClassExists)'), {
    note: 'Of pods, where no class is the default.',
  }),
  ...SYSTEM_CLASSES.map(([name, value]) =>
    entry(`priorityClass.${name}`, of(value), cited('Kubernetes pkg/apis/scheduling/{types.go,v1/helpers.go} (SystemPriorityClasses)')),
  ),
  entry('kubectl.autoscale.cpu', of(DEFAULT_PERCENT, '%'), cited('kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go')),
])
