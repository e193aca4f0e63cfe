import { compareQuantities, parseQuantity, type Quantity } from '../quantity.ts'
import type { Checked } from './rule-context.ts'

function amountAt(place: Checked | null): Quantity | null {
  if (place === null || (typeof place.value !== 'string' && typeof place.value !== 'number')) return null
  const parsed = parseQuantity(String(place.value))
  return parsed.ok ? parsed.quantity : null
}

/** Each pair of fields in which the first must not be above the second. */
const ORDERED = [
  ['min', 'max'],
  ['min', 'default'],
  ['min', 'defaultRequest'],
  ['default', 'max'],
  ['defaultRequest', 'max'],
  ['defaultRequest', 'default'],
] as const

/** Rules of LimitRanges. Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go (ValidateLimitRange, behaviour). */
export function checkLimitRange(object: Checked): void {
  const seen = new Set<unknown>()
  for (const limit of object.items('spec', 'limits')) {
    const type = limit.at('type')
    if (type !== null && seen.has(type.value)) type.complain(`The type "${String(type.value)}" is used twice`)
    seen.add(type?.value)
    if (type !== null && !['Container', 'Pod', 'PersistentVolumeClaim'].includes(String(type.value)))
      type.complain(`The type "${String(type.value)}" is not modelled`, 'one of Container, Pod, PersistentVolumeClaim')
    if (type?.value === 'Pod')
      for (const field of ['default', 'defaultRequest']) limit.at(field)?.complainAtKey(`"${field}" must not be given when the type is Pod`)
    for (const [lower, upper] of ORDERED) {
      for (const { key, value } of limit.entries(lower)) {
        const [a, b] = [amountAt(value), amountAt(limit.at(upper, key))]
        if (a !== null && b !== null && compareQuantities(a, b) > 0)
          value.complain(`The ${lower} of "${key}", ${a.canonical}, is above its ${upper}, ${b.canonical}`)
      }
    }
    for (const { key, value } of limit.entries('maxLimitRequestRatio')) {
      const ratio = amountAt(value)
      if (ratio !== null && ratio.nanos < 1_000_000_000n) value.complain(`The ratio of "${key}" is below 1`)
    }
  }
}

/** Source: kubernetes v1.36.2 pkg/apis/core/helper/helpers.go (IsStandardResourceQuotaScope). */
const SCOPES = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'PriorityClass', 'CrossNamespacePodAffinity']
const CONTRARY = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const
/** Scopes that the model can tell of a pod; `activeDeadlineSeconds` of pods is not modelled, so Terminating ones are not known. */
const MODELLED_SCOPES = ['BestEffort', 'NotBestEffort', 'PriorityClass', 'CrossNamespacePodAffinity']

/** What a quota of best-effort pods can limit: their number. */
const BEST_EFFORT_RESOURCES = ['pods', 'count/pods']

/** Rules of ResourceQuotas. Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go (ValidateResourceQuota, behaviour). */
export function checkResourceQuota(object: Checked): void {
  for (const { value } of object.entries('spec', 'hard')) {
    const amount = amountAt(value)
    if (amount !== null && amount.nanos < 0n) value.complain(`Cannot use "${String(value.value)}": a limit must not be negative`)
  }
  const scopes: Checked[] = [...object.items('spec', 'scopes')]
  for (const requirement of object.items('spec', 'scopeSelector', 'matchExpressions')) {
    const scope = requirement.at('scopeName')
    if (scope !== null) scopes.push(scope)
    const operator = requirement.text('operator')
    const needsValues = operator === 'In' || operator === 'NotIn'
    if (needsValues && requirement.items('values').length === 0) requirement.complainAtKey(`"values" is missing: "${operator}" needs them`)
    if (!needsValues && requirement.items('values').length > 0)
      requirement.at('values')?.complainAtKey(`"values" must not be given with "${operator}"`)
    if (scope !== null && scope.value !== 'PriorityClass' && operator !== null && operator !== 'Exists')
      requirement.at('operator')?.complain(`The scope "${String(scope.value)}" must be selected with "Exists"`, 'Exists')
  }
  const names = scopes.map((scope) => String(scope.value))
  for (const scope of scopes) {
    const name = String(scope.value)
    if (!SCOPES.includes(name)) scope.complain(`There is no scope "${name}"`, `one of ${SCOPES.join(', ')}`)
    else if (!MODELLED_SCOPES.includes(name)) scope.complain(`The scope "${name}" is not modelled`, `one of ${MODELLED_SCOPES.join(', ')}`)
    for (const [one, other] of CONTRARY)
      if (name === one && names.includes(other)) scope.complain(`The scopes "${one}" and "${other}" exclude each other`)
    if (name === 'BestEffort')
      for (const { key, value } of object.entries('spec', 'hard'))
        if (!BEST_EFFORT_RESOURCES.includes(key)) value.complainAtKey(`A quota of best-effort pods cannot limit "${key}"`)
  }
}
