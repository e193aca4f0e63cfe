import { type Checked, complainOutside } from './rule-context.ts'

/** Rules of disruption budgets. Source: kubernetes v1.36.2 pkg/apis/policy/validation/validation.go (behaviour). */
export function checkDisruptionBudget(object: Checked): void {
  const spec = object.at('spec')
  if (spec === null) return
  const min = spec.at('minAvailable')
  const max = spec.at('maxUnavailable')
  if (min !== null && max !== null) spec.complainAtKey('"minAvailable" and "maxUnavailable" must not both be given')
  for (const share of [min, max]) {
    if (share === null) continue
    if (typeof share.value === 'number') complainOutside(share, 0)
    else if (typeof share.value === 'string' && !(/^\d+%$/.test(share.value) && Number(share.value.slice(0, -1)) <= 100))
      share.complain(`Cannot use "${share.value}" for "${String(share.path.at(-1))}"`, 'a count such as 1, or 0% to 100%')
  }
  const policy = spec.at('unhealthyPodEvictionPolicy')
  if (policy !== null && policy.value !== 'IfHealthyBudget' && policy.value !== 'AlwaysAllow')
    policy.complain(`Cannot use "${String(policy.value)}" for "unhealthyPodEvictionPolicy"`, 'one of IfHealthyBudget, AlwaysAllow')
}
