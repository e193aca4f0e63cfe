import { RETRIES } from '../../control-plane/admission/resource-quota.ts'
import { CHECK_INTERVAL, FALL, REDISPATCHED_AFTER, RISE } from '../../control-plane/api-load-balancer.ts'
import { COMPACTION_INTERVAL, PATCH_ATTEMPTS } from '../../control-plane/api-server.ts'
import { EVENT_TTL, REUSED_FOR } from '../../control-plane/event-lease.ts'
import { DISRUPTED_PODS_MAX } from '../../control-plane/eviction.ts'
import { TARGET_MIN } from '../../control-plane/flow-control/concurrency-allocation.ts'
import { BORROWING_PERIOD, WAIT_LIMIT } from '../../control-plane/flow-control/flow-control.ts'
import { MAX_SEATS_SHARE } from '../../control-plane/flow-control/priority-levels.ts'
import { SERVICE_ESTIMATE } from '../../control-plane/flow-control/queue-set.ts'
import { DOUBLED_FROM, RETRY_AFTER_MAX } from '../../control-plane/flow-control/retry-after.ts'
import { SMOOTHING } from '../../control-plane/flow-control/seat-demand.ts'
import {
  BYTES_PER_SEAT,
  EVENT_ADDITIONAL_DURATION,
  LIST_BYTES_MAX,
  LIST_SEATS_MAX,
  MUTATING_SEATS_MAX,
  OBJECT_BYTES,
  WATCHES_PER_SEAT,
} from '../../control-plane/flow-control/work-estimate.ts'
import { BLOCK_TIMEOUT } from '../../control-plane/watch-cache.ts'
import { CAPACITY_MAX, CAPACITY_MIN, EVENT_FRESH } from '../../control-plane/watch-history.ts'
import { severalApiServers, since } from '../conditions.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

export const API_SERVER = group('apiServer', 'API server', [
  entry('etcdCompactionInterval', time(COMPACTION_INTERVAL), cited('kube-apiserver `--etcd-compaction-interval`')),
  entry('patchAttempts', of(PATCH_ATTEMPTS), cited('apiserver handlers/patch.go, maxRetryWhenPatchConflicts'), {
    note: 'How often a patch starts afresh when the object changed under it.',
  }),
  entry('eventTtl', time(EVENT_TTL), cited('kube-apiserver `--event-ttl`')),
  entry('eventLeaseReusedFor', time(REUSED_FOR), cited('etcd3/lease_manager.go'), {
    note: 'How long one lease is given to new keys: at most 5 % of the time, at most a minute.',
  }),
  entry('eviction.disruptedPodsMax', of(DISRUPTED_PODS_MAX, 'pods'), cited('eviction.go (MaxDisruptedPodSize)'), {
    note: 'More evictions than this that nobody has seen yet stop further ones.',
  }),
  entry('resourceQuota.statusRetries', of(RETRIES), cited('resourcequota/controller.go (checkQuotas, retries)'), {
    note: 'How often the status is written again when somebody else has changed it.',
  }),
  entry('watchCache.blockTimeout', time(BLOCK_TIMEOUT), cited('Kubernetes cacher/watch_cache.go, blockTimeout'), {
    note: 'How long a list waits for the cache to be as new as it asks for.',
  }),
  entry(
    'watchCache.capacityMin',
    of(CAPACITY_MIN, 'events'),
    cited('Kubernetes apiserver/pkg/storage/cacher/watch_cache.go (defaultLowerBoundCapacity, defaultUpperBoundCapacity)'),
  ),
  entry(
    'watchCache.capacityMax',
    of(CAPACITY_MAX, 'events'),
    cited('Kubernetes apiserver/pkg/storage/cacher/watch_cache.go (defaultLowerBoundCapacity, defaultUpperBoundCapacity)'),
  ),
  entry('watchCache.eventFreshDuration', time(EVENT_FRESH), cited('watch_cache.go: bookmark period 60 s and 15 s')),
  entry('flowControl.targetMin', of(TARGET_MIN), cited("apf's conc_alloc.go, MinTarget: a smaller target counts as this")),
  entry('flowControl.borrowingAdjustmentPeriod', time(BORROWING_PERIOD), cited('apf_controller.go, borrowingAdjustmentPeriod'), {
    note: 'How often seats are lent anew.',
  }),
  entry('flowControl.waitLimit', time(WAIT_LIMIT), cited('apiserver/pkg/server/filters/priority-and-fairness.go (getRequestWaitContext)'), {
    note: 'How long a request waits at most: a quarter of its deadline, which is `--request-timeout`, 60 s.',
  }),
  entry('flowControl.maxSeatsShare', of(MAX_SEATS_SHARE), cited('apf_controller.go, priorityLevelMaxSeatsPercent')),
  entry('flowControl.estimatedServiceDuration', time(SERVICE_ESTIMATE), cited('queueset.go, estimatedServiceDuration'), {
    note: 'What a request is expected to take before it has ended.',
  }),
  entry('flowControl.retryAfterMax', of(RETRY_AFTER_MAX, 's'), cited('apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go')),
  entry('flowControl.retryAfterDoubledFrom', of(DOUBLED_FROM), cited('apiserver/pkg/util/flowcontrol/dropped_requests_tracker.go'), {
    note: 'So many rejections for each second of Retry-After double it.',
  }),
  entry('flowControl.seatDemandSmoothing', of(SMOOTHING), cited('apf_controller.go, seatDemandSmoothingCoefficient'), {
    note: 'How fast old demand is forgotten: half of it in 5 minutes of 10 s.',
  }),
  entry(
    'flowControl.list.bytesPerSeat',
    of(BYTES_PER_SEAT, 'bytes'),
    cited('request/list_work_estimator.go: bytes that a seat stands for, and the most that a list out of the watch cache holds at once'),
  ),
  entry(
    'flowControl.list.bytesMax',
    of(LIST_BYTES_MAX, 'bytes'),
    cited('request/list_work_estimator.go: bytes that a seat stands for, and the most that a list out of the watch cache holds at once'),
  ),
  entry(
    'flowControl.list.seatsMax',
    of(LIST_SEATS_MAX, 'seats'),
    cited('request/config.go: the most seats of a list, with the gate SizeBasedListCostEstimate (on since 1.34)'),
    { when: since(34) },
  ),
  entry(
    'flowControl.write.watchesPerSeat',
    of(WATCHES_PER_SEAT),
    cited('request/config.go: watchers that a seat stands for, for how long, and the most seats of a write'),
  ),
  entry(
    'flowControl.write.additionalDuration',
    time(EVENT_ADDITIONAL_DURATION),
    cited('request/config.go: watchers that a seat stands for, for how long, and the most seats of a write'),
  ),
  entry(
    'flowControl.write.seatsMax',
    of(MUTATING_SEATS_MAX, 'seats'),
    cited('request/config.go: watchers that a seat stands for, for how long, and the most seats of a write'),
  ),
  entry(
    'flowControl.list.objectBytes',
    of(OBJECT_BYTES, 'bytes'),
    assumed(
      'assumption: 1 KB, as small objects such as Leases, PodDisruptionBudgets and small pods have in etcd; the real server measures what it stores',
    ),
    { note: 'Bytes of one stored object.' },
  ),
  entry(
    'loadBalancer.checkInterval',
    time(CHECK_INTERVAL),
    cited('HAProxy `inter`, `fall`, `rise` of a server that is checked, as they are when nothing is said'),
    { when: severalApiServers },
  ),
  entry(
    'loadBalancer.fall',
    of(FALL),
    cited('HAProxy `inter`, `fall`, `rise` of a server that is checked, as they are when nothing is said'),
    { when: severalApiServers },
  ),
  entry(
    'loadBalancer.rise',
    of(RISE),
    cited('HAProxy `inter`, `fall`, `rise` of a server that is checked, as they are when nothing is said'),
    { when: severalApiServers },
  ),
  entry('loadBalancer.redispatchedAfter', time(REDISPATCHED_AFTER), cited('HAProxy `retries` with `option redispatch`: a second'), {
    note: 'Before a connection that was refused is given to another server.',
    when: severalApiServers,
  }),
])
