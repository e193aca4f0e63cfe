import { DEFAULT_PASS_POLICY } from '../../ingress/annotations.ts'
import { DECAY } from '../../ingress/balancers/ewma.ts'
import { POINTS_PER_SERVER } from '../../ingress/balancers/hash-ring.ts'
import { CHOICES_MAX } from '../../ingress/balancers/sticky.ts'
import { RETRY } from '../../ingress/gateway/status-writer.ts'
import { FIRST_START, SYNC_PERIOD } from '../../ingress/ingress-source.ts'
import { IDLE_CONNECTIONS_MAX, IDLE_TIMEOUT, LIFETIME_MAX, REQUESTS_MAX } from '../../ingress/keep-alive.ts'
import { UPSTREAM_SYNC_PERIOD } from '../../ingress/nginx-workers.ts'
import { withIngress } from '../conditions.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

export const INGRESS = group('ingress', 'Ingress controller', [
  entry(
    'proxyConnectTimeout',
    time(DEFAULT_PASS_POLICY.connectTimeout),
    cited(
      'ingress-nginx `proxy-connect-timeout` 5, `proxy-read-timeout` 60, `proxy-next-upstream` `error timeout`, `-tries` 3, `-timeout` 0',
    ),
    { when: withIngress },
  ),
  entry(
    'proxyReadTimeout',
    time(DEFAULT_PASS_POLICY.readTimeout),
    cited(
      'ingress-nginx `proxy-connect-timeout` 5, `proxy-read-timeout` 60, `proxy-next-upstream` `error timeout`, `-tries` 3, `-timeout` 0',
    ),
    { when: withIngress },
  ),
  entry(
    'proxyNextUpstreamTries',
    of(DEFAULT_PASS_POLICY.tries),
    cited(
      'ingress-nginx `proxy-connect-timeout` 5, `proxy-read-timeout` 60, `proxy-next-upstream` `error timeout`, `-tries` 3, `-timeout` 0',
    ),
    { when: withIngress },
  ),
  entry('ewma.decay', time(DECAY), cited('ingress-nginx rootfs/etc/nginx/lua/balancer/ewma.lua, `DECAY_TIME`'), {
    note: 'After this time without a request a latency weighs 1/e.',
    when: withIngress,
  }),
  entry('hashRing.pointsPerServer', of(POINTS_PER_SERVER), cited('lua-resty-balancer `CONSISTENT_POINTS`'), {
    note: 'Points that each server has on the ring, at weight 1.',
    when: withIngress,
  }),
  entry(
    'sticky.choicesMax',
    of(CHOICES_MAX),
    cited('ingress-nginx rootfs/etc/nginx/lua/balancer/sticky_balanced.lua, `MAX_UPSTREAM_CHECKS_COUNT`'),
    { when: withIngress },
  ),
  entry('gateway.statusRetry', time(RETRY), assumed('assumption: there a back-off that doubles'), { when: withIngress }),
  entry('syncPeriod', time(SYNC_PERIOD), cited('ingress-nginx `--sync-rate-limit`, default 0.3 a second, with a burst of 1'), {
    note: 'One sync in this time at most.',
    when: withIngress,
  }),
  entry('firstStart', time(FIRST_START), cited('ingress-nginx internal/ingress/controller/controller.go, syncIngress, `isFirstSync`'), {
    note: 'After the first start of NGINX.',
    when: withIngress,
  }),
  entry(
    'upstreamKeepAlive.connections',
    of(IDLE_CONNECTIONS_MAX),
    cited('ingress-nginx `upstream-keepalive-connections`, `-timeout`, `-requests` and `-time`, defaults'),
    { when: withIngress },
  ),
  entry(
    'upstreamKeepAlive.timeout',
    time(IDLE_TIMEOUT),
    cited('ingress-nginx `upstream-keepalive-connections`, `-timeout`, `-requests` and `-time`, defaults'),
    { when: withIngress },
  ),
  entry(
    'upstreamKeepAlive.requests',
    of(REQUESTS_MAX),
    cited('ingress-nginx `upstream-keepalive-connections`, `-timeout`, `-requests` and `-time`, defaults'),
    { when: withIngress },
  ),
  entry(
    'upstreamKeepAlive.time',
    time(LIFETIME_MAX),
    cited('ingress-nginx `upstream-keepalive-connections`, `-timeout`, `-requests` and `-time`, defaults'),
    { when: withIngress },
  ),
  entry('workers.upstreamSyncPeriod', time(UPSTREAM_SYNC_PERIOD), cited('ingress-nginx lua/balancer.lua, `BACKENDS_SYNC_INTERVAL`'), {
    note: 'How often each worker looks whether it has been handed other upstreams.',
    when: withIngress,
  }),
])
