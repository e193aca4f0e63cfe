import type { Checked } from './rule-context.ts'

/** Above it are Kubernetes' own classes. Source: kubernetes v1.36.2 pkg/apis/scheduling/types.go, HighestUserDefinablePriority. */
const USER_PRIORITY_MAX = 1_000_000_000
const SYSTEM_PREFIX = 'system-'

/** Rules of PriorityClasses. Source: kubernetes v1.36.2 pkg/apis/scheduling/validation/validation.go (behaviour). */
export function checkPriorityClass(object: Checked): void {
  const name = object.text('metadata', 'name') ?? ''
  if (name.startsWith(SYSTEM_PREFIX))
    object.at('metadata', 'name')?.complain(`Cannot use "${name}" as a name: priority class names with "${SYSTEM_PREFIX}" are reserved`)
  const value = object.number('value')
  if (value !== null && value > USER_PRIORITY_MAX)
    object.at('value')?.complain(`Cannot use ${value} for "value"`, `at most ${USER_PRIORITY_MAX}`)
  const policy = object.at('preemptionPolicy')
  if (policy !== null && policy.value !== 'Never' && policy.value !== 'PreemptLowerPriority')
    policy.complain(`Cannot use "${String(policy.value)}" for "preemptionPolicy"`, 'PreemptLowerPriority or Never')
}
