import { complaintsAboutRequirement } from '../labels.ts'
import { complaintsAboutDns1123Label, complaintsAboutLabelKey } from '../names.ts'
import { checkLabels } from './metadata.ts'
import { type Checked, complainAbout, complainOutside } from './rule-context.ts'

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

/**
 * The API server's rules of affinity and topology spread.
 *
 * Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go (validateAffinity, validateTopologySpreadConstraints; behaviour).
 */
export function checkPlacement(spec: Checked): void {
  checkNodeAffinity(spec)
  for (const affinity of ['podAffinity', 'podAntiAffinity'] as const) {
    for (const term of spec.items('affinity', affinity, REQUIRED)) checkPodAffinityTerm(term)
    for (const preferred of spec.items('affinity', affinity, PREFERRED)) {
      complainOutside(preferred.at('weight'), 1, 100)
      const term = preferred.at('podAffinityTerm')
      if (term !== null) checkPodAffinityTerm(term)
    }
  }
  checkTopologySpread(spec)
}

function checkNodeAffinity(spec: Checked): void {
  const required = spec.at('affinity', 'nodeAffinity', REQUIRED)
  const terms = required?.items('nodeSelectorTerms') ?? []
  if (required !== null && terms.length === 0) required.complainAtKey(`"${REQUIRED}" needs at least one of "nodeSelectorTerms"`)
  for (const term of terms) checkNodeTerm(term)
  for (const preferred of spec.items('affinity', 'nodeAffinity', PREFERRED)) {
    complainOutside(preferred.at('weight'), 1, 100)
    const term = preferred.at('preference')
    if (term !== null) checkNodeTerm(term)
  }
}

function checkNodeTerm(term: Checked): void {
  for (const requirement of term.items('matchExpressions')) checkNodeRequirement(requirement)
  for (const requirement of term.items('matchFields')) {
    const key = requirement.at('key')
    if (key !== null && key.value !== 'metadata.name')
      key.complain(`Cannot use "${String(key.value)}" as a field of a node`, 'metadata.name')
    const operator = requirement.at('operator')
    if (operator !== null && operator.value !== 'In' && operator.value !== 'NotIn') {
      operator.complain(`Cannot use "${String(operator.value)}" with "matchFields"`, 'one of In, NotIn')
    }
    if (requirement.items('values').length !== 1) requirement.complainAtKey('A requirement on a field needs exactly one value')
  }
}

function checkNodeRequirement(requirement: Checked): void {
  complainAbout(requirement.at('key'), 'a label key', complaintsAboutLabelKey)
  const operator = requirement.text('operator')
  const values = requirement.items('values')
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    requirement.complainAtKey(`Operator "${operator}" needs at least one value`)
  } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    requirement.at('values')?.complainAtKey(`Operator "${operator}" takes no values`)
  } else if ((operator === 'Gt' || operator === 'Lt') && (values.length !== 1 || !/^-?\d+$/.test(String(values[0]?.value)))) {
    requirement.complainAtKey(`Operator "${operator}" needs one value, a whole number`)
  }
}

function checkPodAffinityTerm(term: Checked): void {
  checkSelector(term.at('labelSelector'))
  checkSelector(term.at('namespaceSelector'))
  for (const name of term.items('namespaces')) complainAbout(name, 'the name of a namespace', complaintsAboutDns1123Label)
  checkTopologyKey(term)
  const same = checkLabelKeys(term, 'matchLabelKeys')
  const other = checkLabelKeys(term, 'mismatchLabelKeys')
  for (const key of same) {
    if (other.includes(key)) term.at('matchLabelKeys')?.complainAtKey(`The key "${key}" is in "mismatchLabelKeys" as well`)
  }
}

function checkTopologyKey(owner: Checked): void {
  const key = owner.at('topologyKey')
  if (key?.value === '') key.complain('"topologyKey" is empty', 'the key of a node label, such as topology.kubernetes.io/zone')
  else complainAbout(key, 'a label key', complaintsAboutLabelKey)
}

/** Keys of labels, which add to a selector and so need one. */
function checkLabelKeys(owner: Checked, field: 'matchLabelKeys' | 'mismatchLabelKeys'): readonly string[] {
  const keys = owner.items(field)
  for (const key of keys) complainAbout(key, 'a label key', complaintsAboutLabelKey)
  const selector = owner.at('labelSelector')
  if (keys.length > 0 && selector === null) owner.at(field)?.complainAtKey(`"${field}" needs a "labelSelector"`)
  return keys.map(({ value }) => String(value))
}

function checkTopologySpread(spec: Checked): void {
  const seen = new Set<string>()
  for (const constraint of spec.items('topologySpreadConstraints')) {
    complainOutside(constraint.at('maxSkew'), 1)
    checkTopologyKey(constraint)
    checkSelector(constraint.at('labelSelector'))
    const when = constraint.text('whenUnsatisfiable')
    const minDomains = constraint.at('minDomains')
    complainOutside(minDomains, 1)
    if (minDomains !== null && when !== 'DoNotSchedule') {
      minDomains.complainAtKey('"minDomains" needs "whenUnsatisfiable" to be "DoNotSchedule"')
    }
    for (const key of checkLabelKeys(constraint, 'matchLabelKeys')) {
      const asked = [
        ...constraint.entries('labelSelector', 'matchLabels').map((entry) => entry.key),
        ...constraint.items('labelSelector', 'matchExpressions').map((requirement) => requirement.text('key')),
      ]
      if (asked.includes(key)) constraint.at('matchLabelKeys')?.complainAtKey(`The key "${key}" is in "labelSelector" as well`)
    }
    const pair = `${constraint.text('topologyKey')}, ${when}`
    if (seen.has(pair)) constraint.complainAtKey(`The pair of "topologyKey" and "whenUnsatisfiable" (${pair}) is given twice`)
    seen.add(pair)
  }
}

/** Rules of a selector that may be empty or absent. */
export function checkSelector(selector: Checked | null): void {
  if (selector === null) return
  checkLabels(selector.entries('matchLabels'))
  for (const requirement of selector.items('matchExpressions')) {
    const key = requirement.text('key')
    const operator = requirement.text('operator')
    if (key === null || operator === null || !SELECTOR_OPERATORS.includes(operator)) continue
    const values = requirement.items('values').map(({ value }) => String(value))
    for (const complaint of complaintsAboutRequirement({ key, operator, values })) {
      requirement.complainAtKey(`Cannot use the requirement on "${key}": ${complaint}`)
    }
  }
}

/** Others have been complained about as values of the field. */
const SELECTOR_OPERATORS: readonly string[] = ['In', 'NotIn', 'Exists', 'DoesNotExist']
