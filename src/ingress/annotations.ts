import { type Nanos, SECOND } from '../units.ts'
import type { CookieBalancing, HashBalancing, PlainBalancing } from './balancing.ts'
import { type CanaryPolicy, patternOf } from './canary.ts'
import { parseHashKey } from './hash-key.ts'

/** How requests of a location are passed on, and when they are tried again elsewhere. */
export interface PassPolicy {
  /** Until a pod has accepted the connection, and until it has answered. */
  readonly connectTimeout: Nanos
  readonly readTimeout: Nanos
  /** Tries in all; Infinity: as many as there is time for. */
  readonly tries: number
  /** No further try begins so long after the first; Infinity: at any time. */
  readonly triesWithin: Nanos
  /** Tried again after a refusal or a reset, and after a time-out. */
  readonly afterError: boolean
  readonly afterTimeout: boolean
}

/** Source: ingress-nginx `proxy-connect-timeout` 5, `proxy-read-timeout` 60, `proxy-next-upstream` `error timeout`, `-tries` 3, `-timeout` 0. */
export const DEFAULT_PASS_POLICY: PassPolicy = {
  connectTimeout: 5 * SECOND,
  readTimeout: 60 * SECOND,
  tries: 3,
  triesWithin: Number.POSITIVE_INFINITY,
  afterError: true,
  afterTimeout: true,
}

export const ANNOTATION_PREFIX = 'nginx.ingress.kubernetes.io/'

type Annotations = Readonly<Record<string, string>>

/** What a value must look like; others are as good as absent. */
const WHOLE_NUMBER = /^\d{1,9}$/
/** As Go's strconv.ParseBool. */
const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  t: true,
  T: true,
  '1': true,
  false: false,
  False: false,
  FALSE: false,
  f: false,
  F: false,
  '0': false,
}
const NEXT_UPSTREAM = /^(error|timeout|invalid_header|http_(500|502|503|504|403|404|429)|non_idempotent|off)$/

const isWholeNumber = (text: string): boolean => WHOLE_NUMBER.test(text)
const isFlag = (text: string): boolean => Object.hasOwn(FLAGS, text)
const isText = (text: string): boolean => text !== ''

/** The annotations that have an effect here, and which values of theirs ingress-nginx takes. */
const MODELLED: Readonly<Record<string, (text: string) => boolean>> = {
  affinity: (text) => text === 'cookie',
  'affinity-mode': (text) => text === 'balanced' || text === 'persistent',
  'affinity-canary-behavior': (text) => text === 'sticky' || text === 'legacy',
  canary: isFlag,
  'canary-by-header': isText,
  'canary-by-header-value': isText,
  'canary-by-header-pattern': (text) => patternOf(text) !== null,
  'canary-by-cookie': isText,
  'canary-weight': isWholeNumber,
  'canary-weight-total': isWholeNumber,
  'load-balance': (text) => text === 'round_robin' || text === 'ewma',
  'proxy-connect-timeout': (text) => isWholeNumber(text) && Number(text) > 0,
  'proxy-read-timeout': (text) => isWholeNumber(text) && Number(text) > 0,
  'proxy-next-upstream': (text) => text.split(/\s+/).every((word) => NEXT_UPSTREAM.test(word)),
  'proxy-next-upstream-tries': isWholeNumber,
  'proxy-next-upstream-timeout': isWholeNumber,
  'session-cookie-name': (text) => /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text),
  'session-cookie-expires': isWholeNumber,
  'session-cookie-max-age': isWholeNumber,
  'session-cookie-change-on-failure': isFlag,
  'ssl-redirect': isFlag,
  'force-ssl-redirect': isFlag,
  'upstream-hash-by': isText,
}

/** Values that ingress-nginx takes, and that have no effect here. */
const UNMODELLED_VALUES: Readonly<Record<string, (text: string) => boolean>> = {
  'affinity-canary-behavior': (text) => text === 'legacy',
  'upstream-hash-by': (text) => parseHashKey(text) === null,
}

/**
 * Why an annotation does nothing here; null when it does something, or is none of ingress-nginx. `unreadable`: ingress-nginx does not take the
 * value either.
 */
export function annotationWithoutEffect(name: string, value: string): 'unmodelled' | 'unmodelled-value' | 'unreadable' | null {
  if (!name.startsWith(ANNOTATION_PREFIX)) return null
  const key = name.slice(ANNOTATION_PREFIX.length)
  if (!Object.hasOwn(MODELLED, key)) return 'unmodelled'
  if (!MODELLED[key]!(value)) return 'unreadable'
  return UNMODELLED_VALUES[key]?.(value) === true ? 'unmodelled-value' : null
}

/**
 * How requests of an Ingress are passed on. Of the conditions of `proxy-next-upstream` only `error` and `timeout` and their absence can be met
 * here, as every request counts as idempotent and a pod's HTTP errors come back as they are.
 *
 * Source: ingress-nginx docs/user-guide/nginx-configuration/annotations.md; NGINX ngx_http_upstream_next (a limit of 0 is none).
 */
export function passPolicyOf(annotations: Annotations): PassPolicy {
  const conditions = textOf(annotations, 'proxy-next-upstream')?.split(/\s+/)
  const off = conditions?.includes('off') ?? false
  const when = (condition: string): boolean => !off && (conditions === undefined || conditions.includes(condition))
  return {
    connectTimeout: secondsOf(annotations, 'proxy-connect-timeout') ?? DEFAULT_PASS_POLICY.connectTimeout,
    readTimeout: secondsOf(annotations, 'proxy-read-timeout') ?? DEFAULT_PASS_POLICY.readTimeout,
    tries: numberOf(annotations, 'proxy-next-upstream-tries') ?? DEFAULT_PASS_POLICY.tries,
    triesWithin: secondsOf(annotations, 'proxy-next-upstream-timeout') ?? DEFAULT_PASS_POLICY.triesWithin,
    afterError: when('error'),
    afterTimeout: when('timeout'),
  }
}

/**
 * Whether plain http is sent to https: where the host has a certificate unless `ssl-redirect` is off, and everywhere with `force-ssl-redirect`.
 *
 * Source: ingress-nginx ConfigMap, `ssl-redirect` true, `force-ssl-redirect` false, code 308; rootfs/etc/nginx/lua/lua_ingress.lua (behaviour).
 */
export function redirectsToTls(annotations: Annotations, hasCertificate: boolean): boolean {
  if (FLAGS[textOf(annotations, 'force-ssl-redirect') ?? 'false'] === true) return true
  return hasCertificate && FLAGS[textOf(annotations, 'ssl-redirect') ?? 'true'] === true
}

/** The policy of a canary; null: the Ingress is an ordinary one. */
export function canaryPolicyOf(annotations: Annotations): CanaryPolicy | null {
  if (FLAGS[textOf(annotations, 'canary') ?? 'false'] !== true) return null
  return {
    header: textOf(annotations, 'canary-by-header') ?? '',
    headerValue: textOf(annotations, 'canary-by-header-value') ?? '',
    headerPattern: textOf(annotations, 'canary-by-header-pattern') ?? '',
    cookie: textOf(annotations, 'canary-by-cookie') ?? '',
    weight: wholeNumberOf(annotations, 'canary-weight') ?? 0,
    weightTotal: Math.max(100, wholeNumberOf(annotations, 'canary-weight-total') ?? 100),
  }
}

/**
 * How an Ingress wants the endpoints of its upstreams chosen, but for {@link affinityOf}; null: it does not say.
 *
 * Source: ingress-nginx internal/ingress/annotations/{loadbalancing,upstreamhashby}; rootfs/etc/nginx/lua/balancer.lua, get_implementation: a
 * hash comes before `load-balance`.
 */
export function balancingOf(annotations: Annotations): PlainBalancing | HashBalancing | null {
  const hashBy = textOf(annotations, 'upstream-hash-by')
  const key = hashBy === undefined ? null : parseHashKey(hashBy)
  if (key !== null) return { kind: 'chash', key }
  const name = textOf(annotations, 'load-balance')
  return name === undefined ? null : { kind: name as PlainBalancing['kind'] }
}

/**
 * Cookie affinity as an Ingress asks for it; null: it does not. Both `session-cookie-max-age` and `-expires` say when the client throws the
 * cookie away; the former counts.
 *
 * Source: ingress-nginx internal/ingress/annotations/sessionaffinity: the name INGRESSCOOKIE, the mode balanced; RFC 6265, section 5.3.
 */
export function affinityOf(annotations: Annotations): Omit<CookieBalancing, 'setBy'> | null {
  if (textOf(annotations, 'affinity') === undefined) return null
  return {
    kind: textOf(annotations, 'affinity-mode') === 'persistent' ? 'sticky_persistent' : 'sticky_balanced',
    name: textOf(annotations, 'session-cookie-name') ?? 'INGRESSCOOKIE',
    maxAge:
      wholeNumberOf(annotations, 'session-cookie-max-age') ??
      wholeNumberOf(annotations, 'session-cookie-expires') ??
      Number.POSITIVE_INFINITY,
    changeOnFailure: FLAGS[textOf(annotations, 'session-cookie-change-on-failure') ?? 'false'] === true,
  }
}

function textOf(annotations: Annotations, key: string): string | undefined {
  const text = annotations[ANNOTATION_PREFIX + key]
  return text !== undefined && MODELLED[key]!(text) ? text : undefined
}

function wholeNumberOf(annotations: Annotations, key: string): number | undefined {
  const text = textOf(annotations, key)
  return text === undefined ? undefined : Number(text)
}

/** 0 stands for no limit. */
function numberOf(annotations: Annotations, key: string): number | undefined {
  const number = wholeNumberOf(annotations, key)
  return number === 0 ? Number.POSITIVE_INFINITY : number
}

function secondsOf(annotations: Annotations, key: string): Nanos | undefined {
  const seconds = numberOf(annotations, key)
  return seconds === undefined ? undefined : seconds * SECOND
}
