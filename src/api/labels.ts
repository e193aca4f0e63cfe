import { complaintsAboutLabelKey, complaintsAboutLabelValue } from './names.ts'
import type { StringMap } from './objects/meta.ts'
import { parseRequirements, sortByKey, wholeNumber } from './selector-grammar.ts'

/**
 * One set-based requirement on a label.
 *
 * `Gt` and `Lt` compare whole numbers and have one value. They come only from selector texts (`tier>3`): a `matchExpressions` list of an
 * object may not use them.
 */
export interface LabelSelectorRequirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** `matchLabels` and `matchExpressions`, all of which must hold. An empty selector matches everything. */
export interface LabelSelector {
  readonly matchLabels: StringMap
  readonly matchExpressions: readonly LabelSelectorRequirement[]
}

/** What {@link parseSelector} gives. `canonical` is the API's own spelling: sorted by key, values sorted, no spaces. */
export type ParsedSelector =
  | { readonly ok: true; readonly selector: LabelSelector; readonly canonical: string }
  | { readonly ok: false; readonly message: string }

/**
 * Reads a selector as `kubectl -l` takes it: `app=web,tier!=cache,env in (prod,dev),zone notin (a),ready,!legacy,size>3`.
 *
 * Every requirement ends in `matchExpressions`, so that `a=1,a=2` stays two requirements (and matches nothing).
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/apimachinery/pkg/labels/selector.go (behaviour; checked case by case).
 */
export function parseSelector(text: string): ParsedSelector {
  const parsed = parseRequirements(text)
  if (!parsed.ok) return parsed
  const matchExpressions = parsed.requirements.map(({ key, operator, values }): LabelSelectorRequirement => {
    if (operator === '=' || operator === '==' || operator === 'in') return { key, operator: 'In', values }
    if (operator === '!=' || operator === 'notin') return { key, operator: 'NotIn', values }
    if (operator === '>') return { key, operator: 'Gt', values }
    if (operator === '<') return { key, operator: 'Lt', values }
    return { key, operator: operator === 'exists' ? 'Exists' : 'DoesNotExist', values }
  })
  return { ok: true, selector: { matchLabels: {}, matchExpressions }, canonical: parsed.canonical }
}

/** The selector that asks for exactly these labels, as a Service's `selector` does. */
export function selectorOf(labels: StringMap): LabelSelector {
  return { matchLabels: labels, matchExpressions: [] }
}

/**
 * Whether the labels satisfy every requirement.
 *
 * `NotIn` also holds where the key is absent. `Gt` and `Lt` hold only for labels that are whole numbers within 64 bits.
 */
export function matchesSelector(selector: LabelSelector, labels: StringMap): boolean {
  for (const key of Object.keys(selector.matchLabels)) {
    if (labelValue(labels, key) !== selector.matchLabels[key]) return false
  }
  return selector.matchExpressions.every((requirement) => matchesRequirement(requirement, labels))
}

/** The API's own spelling of a selector object: requirements sorted by key, in the order written where keys are equal. */
export function canonicalSelector(selector: LabelSelector): string {
  const parts = Object.keys(selector.matchLabels).map((key) => ({ key, text: `${key}=${selector.matchLabels[key]}` }))
  for (const requirement of selector.matchExpressions) parts.push({ key: requirement.key, text: requirementText(requirement) })
  return sortByKey(parts)
    .map((part) => part.text)
    .join(',')
}

/** As {@link canonicalSelector}, but `app=web` where that spelling has `app in (web)`, as people write it. */
export function shortSelector({ matchLabels, matchExpressions }: LabelSelector): string {
  const single = matchExpressions.filter(({ operator, values }) => operator === 'In' && values.length === 1)
  const labels = { ...matchLabels, ...Object.fromEntries(single.map(({ key, values }) => [key, values[0]!])) }
  return canonicalSelector({
    matchLabels: labels,
    matchExpressions: matchExpressions.filter((requirement) => !single.includes(requirement)),
  })
}

/** What the API server would say against one `matchExpressions` entry: empty when it is valid. */
export function complaintsAboutRequirement(requirement: { key: string; operator: string; values: readonly string[] }): string[] {
  const complaints = complaintsAboutLabelKey(requirement.key)
  const { operator, values } = requirement
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) complaints.push(`operator ${operator} needs at least one value`)
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) complaints.push(`operator ${operator} takes no values`)
  } else {
    complaints.push(`"${operator}" is not a label selector operator`)
  }
  return complaints.concat(values.flatMap(complaintsAboutLabelValue))
}

/** What the API server would say against a whole selector object: empty when it is valid. */
export function complaintsAboutSelector(selector: LabelSelector): string[] {
  const labels = Object.keys(selector.matchLabels).flatMap((key) => [
    ...complaintsAboutLabelKey(key),
    ...complaintsAboutLabelValue(selector.matchLabels[key]!),
  ])
  return labels.concat(selector.matchExpressions.flatMap(complaintsAboutRequirement))
}

function matchesRequirement(requirement: LabelSelectorRequirement, labels: StringMap): boolean {
  return satisfies(requirement, labelValue(labels, requirement.key))
}

/** Whether a value, or its absence, is what a requirement asks for: of a label selector, or of a node selector. */
export function satisfies({ operator, values }: Pick<LabelSelectorRequirement, 'operator' | 'values'>, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt': {
      const left = wholeNumber(value)
      const right = wholeNumber(values[0])
      if (left === null || right === null) return false
      return operator === 'Gt' ? left > right : left < right
    }
  }
}

function requirementText({ key, operator, values }: LabelSelectorRequirement): string {
  const list = [...values].sort().join(',')
  switch (operator) {
    case 'In':
      return `${key} in (${list})`
    case 'NotIn':
      return `${key} notin (${list})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'Gt':
      return `${key}>${list}`
    case 'Lt':
      return `${key}<${list}`
  }
}

/** Own property only: `constructor` is a valid label key. */
function labelValue(labels: StringMap, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined
}
