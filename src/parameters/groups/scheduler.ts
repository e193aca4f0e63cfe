import { MIN_FEASIBLE_NODES } from '../../control-plane/scheduler/feasible-nodes.ts'
import { MAX_SCORE } from '../../control-plane/scheduler/plugin.ts'
import { IMPROVEMENT_SINCE } from '../../control-plane/scheduler/plugins/balanced-allocation.ts'
import { LEAST_BYTES, MOST_BYTES_A_CONTAINER } from '../../control-plane/scheduler/plugins/image-locality.ts'
import { HARD_POD_AFFINITY_WEIGHT } from '../../control-plane/scheduler/plugins/inter-pod-affinity.ts'
import { SYSTEM_DEFAULTS } from '../../control-plane/scheduler/plugins/pod-topology-spread.ts'
import { DEFAULT_RESOURCES } from '../../control-plane/scheduler/plugins/scoring-strategy.ts'
import { SHORT_REASON_SINCE } from '../../control-plane/scheduler/plugins/taint-toleration.ts'
import { DEFAULT_CPU_MILLI, DEFAULT_MEMORY_BYTES } from '../../control-plane/scheduler/pod-resources.ts'
import { CANDIDATES_MIN, CANDIDATES_PERCENT } from '../../control-plane/scheduler/preemption.ts'
import { ASYNC_PREEMPTION_SINCE, DYNAMIC_RESOURCES_SINCE, LIMIT } from '../../control-plane/scheduler/scheduler.ts'
import {
  BACKOFF_PERIOD,
  HINTS_SINCE,
  INITIAL_BACKOFF,
  MAX_BACKOFF,
  PARKED_MAX,
  PARKED_PERIOD,
  POP_FROM_BACKOFF_SINCE,
  SEPARATE_COUNTS_SINCE,
} from '../../control-plane/scheduler/scheduling-queue.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { minor, of, time } from '../quantity.ts'

export const SCHEDULER = group('scheduler', 'kube-scheduler', [
  entry('clientQps', of(LIMIT.qps, '1/s'), cited('clientConnection.qps and burst of kube-scheduler')),
  entry('clientBurst', of(LIMIT.burst), cited('clientConnection.qps and burst of kube-scheduler')),
  entry('asyncPreemptionSince', minor(ASYNC_PREEMPTION_SINCE), cited('feature gates of Kubernetes (1.33 on)'), {
    note: 'SchedulerAsyncPreemption: victims are deleted beside the next pods.',
  }),
  entry('dynamicResourcesSince', minor(DYNAMIC_RESOURCES_SINCE), cited('Kubernetes feature gate DynamicResourceAllocation (1.34 on)'), {
    note: 'DynamicResources has a word in the message since it is on.',
  }),
  entry('podInitialBackoff', time(INITIAL_BACKOFF), cited('podInitialBackoffSeconds')),
  entry('podMaxBackoff', time(MAX_BACKOFF), cited('podMaxBackoffSeconds')),
  entry('backoffFlushPeriod', time(BACKOFF_PERIOD), cited('scheduling_queue.go (Run: flushBackoffQCompleted)'), {
    note: 'Pods whose back-off is over are looked for this often.',
  }),
  entry('unschedulableMax', time(PARKED_MAX), cited('DefaultPodMaxInUnschedulablePodsDuration, and how often it is looked at')),
  entry('unschedulableFlushPeriod', time(PARKED_PERIOD), cited('DefaultPodMaxInUnschedulablePodsDuration, and how often it is looked at')),
  entry('queueingHintsSince', minor(HINTS_SINCE), cited('feature gates of Kubernetes (1.28 off, 1.32 on)'), {
    note: 'SchedulerQueueingHints: on by default since then.',
  }),
  entry('popFromBackoffSince', minor(POP_FROM_BACKOFF_SINCE), cited('feature gates of Kubernetes'), { note: 'SchedulerPopFromBackoffQ.' }),
  entry('separateBackoffCountsSince', minor(SEPARATE_COUNTS_SINCE), cited('backoff_queue.go of 1.34'), {
    note: 'Failures to place and errors back off apart.',
  }),
  entry('minFeasibleNodes', of(MIN_FEASIBLE_NODES, 'nodes'), cited('schedule_one.go (minFeasibleNodesToFind)'), {
    note: 'Below this many nodes all are looked at.',
  }),
  entry('nonZeroRequest.cpu', of(DEFAULT_CPU_MILLI, 'm'), cited('Kubernetes pkg/scheduler/util/pod_resources.go'), {
    note: 'What a container without requests counts for when nodes are scored.',
  }),
  entry('nonZeroRequest.memory', of(DEFAULT_MEMORY_BYTES, 'bytes'), cited('Kubernetes pkg/scheduler/util/pod_resources.go'), {
    note: 'What a container without requests counts for when nodes are scored.',
  }),
  entry(
    'preemption.minCandidateNodesPercentage',
    of(CANDIDATES_PERCENT, '%'),
    cited('minCandidateNodesPercentage and minCandidateNodesAbsolute of DefaultPreemption'),
  ),
  entry(
    'preemption.minCandidateNodesAbsolute',
    of(CANDIDATES_MIN, 'nodes'),
    cited('minCandidateNodesPercentage and minCandidateNodesAbsolute of DefaultPreemption'),
  ),
  entry('maxScore', of(MAX_SCORE), cited('Kubernetes scheduler framework (MaxNodeScore)')),
  entry('balancedAllocation.improvementSince', minor(IMPROVEMENT_SINCE), cited('Kubernetes plugins/noderesources/balanced_allocation.go'), {
    note: 'Up to 1.35 the state with the pod was the score; since then it is what the pod improves.',
  }),
  entry(
    'imageLocality.minThreshold',
    of(LEAST_BYTES, 'bytes'),
    cited('Kubernetes plugins/imagelocality/image_locality.go (minThreshold, maxContainerThreshold)'),
  ),
  entry(
    'imageLocality.maxContainerThreshold',
    of(MOST_BYTES_A_CONTAINER, 'bytes'),
    cited('Kubernetes plugins/imagelocality/image_locality.go (minThreshold, maxContainerThreshold)'),
  ),
  entry('interPodAffinity.hardPodAffinityWeight', of(HARD_POD_AFFINITY_WEIGHT), cited('hardPodAffinityWeight'), {
    note: 'What a required affinity of a placed pod adds to the score of being near it.',
  }),
  entry(
    'podTopologySpread.systemDefaultConstraints',
    of(SYSTEM_DEFAULTS.map(({ topologyKey, maxSkew }) => `${topologyKey}: ${maxSkew}`).join(', ')),
    cited('podtopologyspread/plugin.go (systemDefaultConstraints)'),
    { note: 'Constraints of pods that have none of their own.' },
  ),
  entry(
    'nodeResourcesFit.resources',
    of(DEFAULT_RESOURCES.map(({ name, weight }) => `${name}: ${weight}`).join(', ')),
    cited('Kubernetes pkg/scheduler/apis/config/v1/defaults.go'),
  ),
  entry('taintToleration.shortReasonSince', minor(SHORT_REASON_SINCE), assumed('assumption: changed in 1.35'), {
    note: 'Kubernetes v1.36.2 for the newer text.',
  }),
])
