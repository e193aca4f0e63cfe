/**
 * Why a request failed. Each failed request has exactly one cause; the order is that of columns and summaries.
 *
 * - `refused`: the pod's address answered the SYN with RST, because nothing listens there.
 * - `reset`: the connection was accepted and the process ended before the answer.
 * - `connect-timeout`: no answer to any SYN within the request's time.
 * - `timeout`: connected, but no answer within the request's time; or all of its client's kept connections were in use until it was over.
 * - `queue-full`: the pod's queue had no place.
 * - `no-endpoints`: the node's rules rejected it, as the Service had no endpoint there.
 * - `no-client`: no client pod was running to send it, or the one that sent it was gone when it ended.
 * - `conntrack-full`: the last SYN was dropped by a full connection tracking table, until the request's time was over.
 * - `http-404`: an ingress controller answered that it has no route for the host and path.
 * - `http-500`: a pod answered with an error of its own.
 * - `http-502`: an ingress controller's last try ended by an error: nothing listened, or the connection was reset. Or a pod says so.
 * - `http-503`: an ingress controller has the route, and its Service no endpoint. Or a pod says so.
 * - `http-504`: an ingress controller's last try had no answer in time. Or a pod says so.
 * - `http-308`: an ingress controller sent the client, who does not follow, to the host's https address.
 * - `call-failed`: a pod answered with an error, as a Service that it called had failed it.
 * - `dns-failed`: the Service's name could not be looked up, or not within the request's time.
 * - `policy-denied`: the last SYN, or the datagram, was dropped by a NetworkPolicy, until the request's time was over.
 * - `snat-exhausted`: the last SYN was dropped as the node had no source port left for it, until the request's time was over.
 */
export const FAILURE_CAUSES = [
  'refused',
  'reset',
  'connect-timeout',
  'timeout',
  'queue-full',
  'no-endpoints',
  'no-client',
  'conntrack-full',
  'http-404',
  'http-500',
  'http-502',
  'http-503',
  'http-504',
  'http-308',
  'call-failed',
  'dns-failed',
  'policy-denied',
  'snat-exhausted',
] as const

export type FailureCause = (typeof FAILURE_CAUSES)[number]

/** In place of a cause: answered. */
export const OK = -1

/** Index of each cause in {@link FAILURE_CAUSES}, for columns of small integers. */
export const REFUSED = 0
export const RESET = 1
export const CONNECT_TIMEOUT = 2
export const TIMEOUT = 3
export const QUEUE_FULL = 4
export const NO_ENDPOINTS = 5
export const NO_CLIENT = 6
export const CONNTRACK_FULL = 7
export const HTTP_404 = 8
export const HTTP_500 = 9
export const HTTP_502 = 10
export const HTTP_503 = 11
export const HTTP_504 = 12
export const HTTP_308 = 13
export const CALL_FAILED = 14
export const DNS_FAILED = 15
export const POLICY_DENIED = 16
export const SNAT_EXHAUSTED = 17
