import { FAILURE_CAUSES, type FailureCause } from '../metrics/failure-cause.ts'

/**
 * After which failures of a try a client may try again, in the words that clients have for what they see.
 *
 * A node that rejects a connection for want of endpoints is to its client a refusal too, and a full pod's reset a reset.
 */
const RETRY_CONDITIONS = {
  'connect-failure': ['refused', 'no-endpoints', 'connect-timeout', 'conntrack-full', 'policy-denied', 'snat-exhausted'],
  refused: ['refused', 'no-endpoints'],
  reset: ['reset', 'queue-full'],
  timeout: ['timeout'],
  '5xx': FAILURE_CAUSES.filter((cause) => cause.startsWith('http-5')),
} as const satisfies Readonly<Record<string, readonly FailureCause[]>>

export type RetryCondition = keyof typeof RETRY_CONDITIONS

export const RETRY_CONDITION_NAMES = Object.keys(RETRY_CONDITIONS) as RetryCondition[]

/** By index of the cause: whether one of the conditions covers it. */
export function causesToRetry(conditions: readonly RetryCondition[]): Uint8Array {
  const causes = new Uint8Array(FAILURE_CAUSES.length)
  for (const condition of conditions) for (const cause of RETRY_CONDITIONS[condition]) causes[FAILURE_CAUSES.indexOf(cause)] = 1
  return causes
}
