import { type Checked, complainOutside } from './rule-context.ts'

/**
 * Rules of autoscalers. Metrics other than the resource cpu are valid in Kubernetes, but an autoscaler without one of its metrics would
 * decide something else: they are refused.
 *
 * Source: kubernetes v1.36.2 pkg/apis/autoscaling/validation/validation.go (behaviour).
 */
export function checkAutoscaler(object: Checked): void {
  const spec = object.at('spec')
  if (spec === null) {
    object.complainAtKey('"spec" is missing')
    return
  }
  const min = spec.number('minReplicas') ?? 1
  complainOutside(spec.at('minReplicas'), 1)
  complainOutside(spec.at('maxReplicas'), Math.max(1, min))
  for (const metric of spec.items('metrics')) checkMetric(metric)
  for (const direction of ['scaleUp', 'scaleDown']) {
    const rules = spec.at('behavior', direction)
    if (rules === null) continue
    complainOutside(rules.at('stabilizationWindowSeconds'), 0, 3600)
    const select = rules.at('selectPolicy')
    if (select !== null && !['Max', 'Min', 'Disabled'].includes(String(select.value)))
      select.complain(`Cannot use "${String(select.value)}" for "selectPolicy"`, 'one of Max, Min, Disabled')
    const policies = rules.at('policies')
    if (policies !== null && rules.items('policies').length === 0) policies.complainAtKey('"policies" must not be empty')
    for (const policy of rules.items('policies')) {
      const type = policy.at('type')
      if (type !== null && !['Pods', 'Percent'].includes(String(type.value)))
        type.complain(`Cannot use "${String(type.value)}" for "type"`, 'one of Pods, Percent')
      complainOutside(policy.at('value'), 1)
      complainOutside(policy.at('periodSeconds'), 1, 1800)
    }
  }
}

function checkMetric(metric: Checked): void {
  const type = metric.at('type')
  if (type !== null && type.value !== 'Resource') {
    type.complain(`Scaling by a metric of the type "${String(type.value)}" is not modelled`, 'Resource')
    return
  }
  const name = metric.at('resource', 'name')
  if (name !== null && name.value !== 'cpu') name.complain(`Scaling by the resource "${String(name.value)}" is not modelled`, 'cpu')
  const target = metric.at('resource', 'target')
  if (target === null) return
  const utilization = target.at('averageUtilization')
  complainOutside(utilization, 1)
  if (utilization !== null && target.at('averageValue') !== null)
    target.complainAtKey('"averageUtilization" and "averageValue" must not both be given')
  if (utilization === null && target.at('averageValue') === null)
    target.complainAtKey('The target has neither "averageUtilization" nor "averageValue"')
}

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
