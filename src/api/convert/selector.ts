import type { LabelSelector, LabelSelectorRequirement } from '../labels.ts'
import type { PickedSelector } from '../modelled-fields.ts'

/** An absent selector counts as empty. */
export function labelSelector(selector: PickedSelector | undefined): LabelSelector {
  return {
    matchLabels: selector?.matchLabels ?? {},
    matchExpressions: (selector?.matchExpressions ?? []).map((requirement) => ({
      key: requirement.key ?? '',
      operator: requirement.operator as LabelSelectorRequirement['operator'],
      values: requirement.values ?? [],
    })),
  }
}

/** Where an absent selector and an empty one differ: the one matches nothing, the other everything. */
export function optionalSelector(selector: PickedSelector | undefined): LabelSelector | null {
  return selector === undefined ? null : labelSelector(selector)
}
