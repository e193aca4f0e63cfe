import { SCALE_DOWN, SCALE_UP } from '../../api/convert/scaling-behavior.ts'
import type { ScalingRules } from '../../api/objects/index.ts'
import { TOLERANCE } from '../../control-plane/controllers/hpa/decision.ts'
import { CONFIGURABLE_TOLERANCE_SINCE, SYNC_PERIOD, WORKERS } from '../../control-plane/controllers/hpa/hpa-controller.ts'
import { DOWNSCALE_STABILIZATION, SCALE_UP_FACTOR, SCALE_UP_MINIMUM } from '../../control-plane/controllers/hpa/normalize.ts'
import { READINESS_RULES } from '../../control-plane/controllers/hpa/target-pod.ts'
import { FRESH_MIN, REQUEST_TIMEOUT, RESOLUTION, SPREAD_MAX, SPREAD_PER_NODE } from '../../control-plane/metrics-server.ts'
import { HOUSEKEEPING } from '../../node/container-stats.ts'
import { cited, entry, group } from '../parameter.ts'
import { minor, of, time } from '../quantity.ts'

const policies = (rules: ScalingRules): string =>
  rules.policies.map(({ type, value, periodSeconds }) => `${value} ${type} in ${periodSeconds} s`).join(', ')

export const AUTOSCALING = group('autoscaling', 'HorizontalPodAutoscaler and metrics-server', [
  entry('workers', of(WORKERS), cited('`--concurrent-horizontal-pod-autoscaler-syncs`, v1.36.2 default')),
  entry('syncPeriod', time(SYNC_PERIOD), cited('`--horizontal-pod-autoscaler-sync-period`, v1.36.2 default')),
  entry('configurableToleranceSince', minor(CONFIGURABLE_TOLERANCE_SINCE), cited('reference of feature gates, Kubernetes 1.35'), {
    note: 'Of the feature gate HPAConfigurableTolerance, beta and on.',
  }),
  entry('tolerance', of(TOLERANCE), cited('`--horizontal-pod-autoscaler-tolerance`, v1.36.2 default')),
  entry(
    'downscaleStabilization',
    time(DOWNSCALE_STABILIZATION),
    cited('`--horizontal-pod-autoscaler-downscale-stabilization`, v1.36.2 default'),
  ),
  entry('scaleUpFactor', of(SCALE_UP_FACTOR), cited('horizontal.go (scaleUpLimitFactor, scaleUpLimitMinimum)'), {
    note: 'Without a behaviour: at most twice the replicas, but four at any rate.',
  }),
  entry('scaleUpMinimum', of(SCALE_UP_MINIMUM, 'pods'), cited('horizontal.go (scaleUpLimitFactor, scaleUpLimitMinimum)'), {
    note: 'Without a behaviour: at most twice the replicas, but four at any rate.',
  }),
  entry(
    'cpuInitializationPeriod',
    time(READINESS_RULES.cpuInitializationPeriod),
    cited(
      '`--horizontal-pod-autoscaler-cpu-initialization-period`, `--horizontal-pod-autoscaler-initial-readiness-delay`, v1.36.2 defaults',
    ),
  ),
  entry(
    'initialReadinessDelay',
    time(READINESS_RULES.initialReadinessDelay),
    cited(
      '`--horizontal-pod-autoscaler-cpu-initialization-period`, `--horizontal-pod-autoscaler-initial-readiness-delay`, v1.36.2 defaults',
    ),
  ),
  entry('behavior.scaleUp.policies', of(policies(SCALE_UP)), cited('kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go')),
  entry('behavior.scaleDown.policies', of(policies(SCALE_DOWN)), cited('kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go')),
  entry(
    'metricsServer.resolution',
    time(RESOLUTION),
    cited("metrics-server's own manifest, `--metric-resolution=15s` (the program's default is 60 s)"),
  ),
  entry(
    'metricsServer.freshContainerMin',
    time(FRESH_MIN),
    cited('metrics-server pkg/storage/pod.go (freshContainerMinMetricsResolution)'),
    { note: 'A container younger than this gives no usable rate.' },
  ),
  entry('metricsServer.spreadPerNode', time(SPREAD_PER_NODE), cited('pkg/scraper/scraper.go'), {
    note: 'Requests of one round are spread over this much a node, and no more than the second in all.',
  }),
  entry('metricsServer.spreadMax', time(SPREAD_MAX), cited('pkg/scraper/scraper.go'), {
    note: 'Requests of one round are spread over this much a node, and no more than the second in all.',
  }),
  entry('metricsServer.kubeletRequestTimeout', time(REQUEST_TIMEOUT), cited('metrics-server, `--kubelet-request-timeout`'), {
    note: 'A kubelet that does not answer is given up after this.',
  }),
  entry(
    'cadvisor.housekeepingInterval',
    time(HOUSEKEEPING),
    cited('cAdvisor manager/container.go (HousekeepingInterval as kubelet sets it in pkg/kubelet/cadvisor, 10 s; jitter with factor 1)'),
    {
      note: 'Between two looks at a container pass one to two of these. That it looks less often at a container whose numbers stand still is not modelled.',
    },
  ),
])
