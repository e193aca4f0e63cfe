import { GET_RETRIES, GET_RETRY, RETRIES_AFTER_429, RETRY_FIRST, RETRY_MAX } from '../../control-plane/api-client.ts'
import { DIAL_WAITS, RETRANSMIT_FIRST, SILENCE_MAX } from '../../control-plane/api-connection.ts'
import { AGGREGATED_FROM, AGGREGATED_WITHIN, SPAM_BURST, SPAM_REFILL } from '../../control-plane/event-recorder.ts'
import { RETRY_PERIOD as DRAIN_RETRY_PERIOD, GONE_PERIOD } from '../../control-plane/kubectl/drain.ts'
import { STATUS_PERIOD } from '../../control-plane/kubectl/rollout.ts'
import {
  JITTER_FACTOR,
  RETRY_PERIOD as LEADER_ELECTOR_RETRY_PERIOD,
  LEASE_DURATION,
  RENEW_DEADLINE,
  REQUEST_TIMEOUT,
} from '../../control-plane/leader-election/leader-elector.ts'
import { BACK_OFF_FIRST, BACK_OFF_MAX, BACK_OFF_RESET, START_UP } from '../../control-plane/leader-election/replica.ts'
import {
  BACKOFF_MAX,
  BACKOFF_MIN,
  BACKOFF_RESET,
  BOOKMARK_BEFORE_END,
  BOOKMARK_PERIOD,
  PROGRESS_PERIOD,
  WATCH_TIMEOUT_MIN,
} from '../../control-plane/reflector.ts'
import { WORK_QUEUE_DEFAULTS } from '../../engine/work-queue.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of, time, times } from '../quantity.ts'

export const API_CLIENT = group('apiClient', 'Clients of the API server', [
  entry('retry.first', time(RETRY_FIRST), cited("kubelet's lease controller (200 ms, at most 7 s)"), {
    note: 'Back-off of a client that asks again: doubles up to the most.',
  }),
  entry('retry.max', time(RETRY_MAX), cited("kubelet's lease controller (200 ms, at most 7 s)"), {
    note: 'Back-off of a client that asks again: doubles up to the most.',
  }),
  entry('get.retryAfter', time(GET_RETRY), cited('client-go rest/with_retry.go, request.go (maxRetries 10)'), {
    note: 'A GET whose connection broke is asked again after a second.',
  }),
  entry('get.retries', of(GET_RETRIES), cited('client-go rest/with_retry.go, request.go (maxRetries 10)'), {
    note: 'A GET whose connection broke is asked again after a second.',
  }),
  entry('retriesAfter429', of(RETRIES_AFTER_429), cited('client-go rest/request.go (maxRetries)'), {
    note: 'How often a client comes back after a 429 with Retry-After.',
  }),
  entry('connection.silenceMax', time(SILENCE_MAX), cited('apimachinery pkg/util/net/http.go (readIdleTimeout, pingTimeout)'), {
    note: 'A ping after 30 s without anything, and 15 s for its answer. Counted from the cut: assumption, the client had just heard something.',
  }),
  entry('dial.waits', times(DIAL_WAITS), cited('client-go transport/cache.go (Dialer, Timeout 30 s)'), {
    note: 'SYNs go out 0, 1, 3, 7 and 15 s after the first, and after 30 s the client gives up.',
  }),
  entry('connection.retransmitFirst', time(RETRANSMIT_FIRST), cited('Linux TCP_RTO_MIN; the round trip left out'), {
    note: 'What is not acknowledged is sent again after so long, doubled each time.',
  }),
  entry(
    'watch.timeoutMin',
    time(WATCH_TIMEOUT_MIN),
    cited('client-go tools/cache/reflector.go: a watch ends after a random time in [5, 10) minutes (defaultMinWatchTimeout)'),
  ),
  entry(
    'watch.backOffMin',
    time(BACKOFF_MIN),
    cited('reflector.go: back-off from 800 ms to 30 s, factor 2, jitter 1 (so [d, 2d)), reset when 2 minutes went by without'),
  ),
  entry(
    'watch.backOffMax',
    time(BACKOFF_MAX),
    cited('reflector.go: back-off from 800 ms to 30 s, factor 2, jitter 1 (so [d, 2d)), reset when 2 minutes went by without'),
  ),
  entry(
    'watch.backOffReset',
    time(BACKOFF_RESET),
    cited('reflector.go: back-off from 800 ms to 30 s, factor 2, jitter 1 (so [d, 2d)), reset when 2 minutes went by without'),
  ),
  entry(
    'watch.bookmarkPeriod',
    time(BOOKMARK_PERIOD),
    cited('apiserver cacher.go: a bookmark a minute, and one 2 s before the watch ends'),
  ),
  entry(
    'watch.bookmarkBeforeEnd',
    time(BOOKMARK_BEFORE_END),
    cited('apiserver cacher.go: a bookmark a minute, and one 2 s before the watch ends'),
  ),
  entry('watch.progressNotifyInterval', time(PROGRESS_PERIOD), cited("kubeadm sets etcd's `--watch-progress-notify-interval=5s`"), {
    note: 'How far a cache may be behind without knowing.',
  }),
  entry('events.spamBurst', of(SPAM_BURST), cited('client-go tools/record/events_cache.go'), {
    note: 'Events about one object that are let through at once, and how soon the next.',
  }),
  entry('events.spamRefill', time(SPAM_REFILL), cited('client-go tools/record/events_cache.go'), {
    note: 'Events about one object that are let through at once, and how soon the next.',
  }),
  entry('events.aggregatedFrom', of(AGGREGATED_FROM), cited('client-go tools/record/events_cache.go'), {
    note: 'So many different messages of one reason about one object become one that is counted up, if they come within the interval.',
  }),
  entry('events.aggregatedWithin', time(AGGREGATED_WITHIN), cited('client-go tools/record/events_cache.go'), {
    note: 'So many different messages of one reason about one object become one that is counted up, if they come within the interval.',
  }),
  entry(
    'leaderElection.leaseDuration',
    time(LEASE_DURATION),
    cited('component-base/config/v1alpha1/defaults.go (parameters.csv, `client-go, leader election`)'),
  ),
  entry(
    'leaderElection.renewDeadline',
    time(RENEW_DEADLINE),
    cited('component-base/config/v1alpha1/defaults.go (parameters.csv, `client-go, leader election`)'),
  ),
  entry(
    'leaderElection.retryPeriod',
    time(LEADER_ELECTOR_RETRY_PERIOD),
    cited('component-base/config/v1alpha1/defaults.go (parameters.csv, `client-go, leader election`)'),
  ),
  entry('leaderElection.jitterFactor', of(JITTER_FACTOR), cited('client-go tools/leaderelection/leaderelection.go, JitterFactor'), {
    note: 'Attempts to become leader are 2 to 4.4 s apart.',
  }),
  entry(
    'leaderElection.requestTimeout',
    time(REQUEST_TIMEOUT),
    cited('client-go tools/leaderelection/resourcelock/interface.go (NewFromKubeconfig)'),
    { note: "One request's time-out: half the renew deadline." },
  ),
  entry('replica.startUp', time(START_UP), assumed('assumption: reading its configuration and setting up its clients'), {
    note: 'From the start of the process to its first attempt at the lease.',
  }),
  entry('replica.backOffFirst', time(BACK_OFF_FIRST), cited('kubelet CrashLoopBackOff'), {
    note: 'Back-off of a process that ended: at once, then 10 s, doubled up to 300 s; forgotten after 10 min.',
  }),
  entry('replica.backOffMax', time(BACK_OFF_MAX), cited('kubelet CrashLoopBackOff'), {
    note: 'Back-off of a process that ended: at once, then 10 s, doubled up to 300 s; forgotten after 10 min.',
  }),
  entry('replica.backOffReset', time(BACK_OFF_RESET), cited('kubelet CrashLoopBackOff'), {
    note: 'Back-off of a process that ended: at once, then 10 s, doubled up to 300 s; forgotten after 10 min.',
  }),
  entry(
    'workQueue.baseDelay',
    time(WORK_QUEUE_DEFAULTS.baseDelay),
    cited('kubernetes v1.36.2 staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go (DefaultControllerRateLimiter)'),
  ),
  entry(
    'workQueue.maxDelay',
    time(WORK_QUEUE_DEFAULTS.maxDelay),
    cited('kubernetes v1.36.2 staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go (DefaultControllerRateLimiter)'),
  ),
  entry(
    'workQueue.rate',
    of(WORK_QUEUE_DEFAULTS.ratePerSecond, '1/s'),
    cited('kubernetes v1.36.2 staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go (DefaultControllerRateLimiter)'),
  ),
  entry(
    'workQueue.burst',
    of(WORK_QUEUE_DEFAULTS.burst),
    cited('kubernetes v1.36.2 staging/src/k8s.io/client-go/util/workqueue/default_rate_limiters.go (DefaultControllerRateLimiter)'),
  ),
  entry('kubectl.drain.retryPeriod', time(DRAIN_RETRY_PERIOD), cited('kubectl pkg/drain/drain.go (evictPods waits 5 s after a 429)')),
  entry('kubectl.drain.gonePeriod', time(GONE_PERIOD), cited('kubectl pkg/drain/default.go, waitForDelete polls every second')),
  entry('kubectl.rolloutStatus.period', time(STATUS_PERIOD), assumed('simplification: kubectl watches and sees each change at once'), {
    note: 'How often the live object is looked at. kubectl watches it instead and sees each change at once: what differs is below 100 ms.',
  }),
])
