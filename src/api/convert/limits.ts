import { invariant } from '../../invariant.ts'
import type { PickedObject } from '../modelled-fields.ts'
import type { LimitRangeItem, Quantities, ScopeRequirement } from '../objects/limits.ts'
import { parseQuantity } from '../quantity.ts'

type PickedQuantities = Readonly<Record<string, number | string | null>>
type PickedLimit = NonNullable<NonNullable<PickedObject<'LimitRange'>['spec']>['limits']>[number]

/** As the API server writes them back. The amounts have been validated. */
export function quantities(list: PickedQuantities | undefined): Quantities {
  return Object.fromEntries(
    Object.entries(list ?? {}).map(([name, amount]) => {
      const parsed = parseQuantity(String(amount ?? 0))
      invariant(parsed.ok, `quantity "${amount}" was not validated`)
      return [name, parsed.quantity.canonical]
    }),
  )
}

/**
 * For containers the default limit is the maximum where none is given; the default request is the default limit, or else the minimum.
 *
 * Source: kubernetes v1.36.2 pkg/apis/core/v1/defaults.go (SetDefaults_LimitRangeItem).
 */
export function limitRangeItem(picked: PickedLimit): LimitRangeItem {
  const [min, max] = [quantities(picked.min), quantities(picked.max)]
  const isContainer = picked.type === 'Container'
  const limits = isContainer ? { ...max, ...quantities(picked.default) } : quantities(picked.default)
  const requests = isContainer ? { ...min, ...limits, ...quantities(picked.defaultRequest) } : quantities(picked.defaultRequest)
  return {
    type: picked.type as LimitRangeItem['type'],
    min,
    max,
    default: limits,
    defaultRequest: requests,
    maxLimitRequestRatio: quantities(picked.maxLimitRequestRatio),
  }
}

/** A scope by its name alone is one that exists. Source: kubernetes v1.36.2 pkg/quota/v1/evaluator/core (getScopeSelectorsFromQuota). */
export function quotaScopes(spec: PickedObject<'ResourceQuota'>['spec']): ScopeRequirement[] {
  const named = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists', values: [] }))
  const selected = (spec?.scopeSelector?.matchExpressions ?? []).map(({ scopeName, operator, values }) => ({
    scopeName: scopeName ?? '',
    operator: operator ?? '',
    values: values ?? [],
  }))
  return [...named, ...selected] as ScopeRequirement[]
}
