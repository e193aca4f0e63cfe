import { complaintsAboutRequirement, type LabelSelectorRequirement, matchesSelector } from '../labels.ts'
import { checkLabels } from './metadata.ts'
import { checkPodSpec } from './pod-spec.ts'
import { type Checked, complainOutside } from './rule-context.ts'

/** Rules of Deployments. Source: kubernetes v1.36.2 pkg/apis/apps/validation/validation.go (behaviour). */
export function checkDeployment(object: Checked): void {
  const spec = specOf(object)
  if (spec === null) return
  checkReplicated(spec)
  complainOutside(spec.at('revisionHistoryLimit'), 0)
  complainOutside(spec.at('progressDeadlineSeconds'), 0)
  const deadline = spec.number('progressDeadlineSeconds')
  const minReady = spec.number('minReadySeconds') ?? 0
  if (deadline !== null && deadline >= 0 && deadline <= minReady) {
    spec.at('progressDeadlineSeconds')?.complain(`"progressDeadlineSeconds" must be more than "minReadySeconds", which is ${minReady}`)
  }
  checkStrategy(spec)
}

/** Rules of ReplicaSets. Source: as above. */
export function checkReplicaSet(object: Checked): void {
  const spec = specOf(object)
  if (spec !== null) checkReplicated(spec)
}

/** Rules of Pods. */
export function checkPod(object: Checked): void {
  const spec = specOf(object)
  if (spec !== null) checkPodSpec(spec)
}

/** The object's spec; null when it has none, which is said. */
export function specOf(object: Checked): Checked | null {
  const spec = object.at('spec')
  if (spec === null) object.complainAtKey('"spec" is missing')
  return spec
}

/** What Deployments, ReplicaSets, StatefulSets and DaemonSets have in common. */
export function checkReplicated(spec: Checked): void {
  complainOutside(spec.at('replicas'), 0)
  complainOutside(spec.at('minReadySeconds'), 0)
  const template = spec.at('template')
  if (template !== null) checkPodTemplate(template, ['Always'])
  checkSelector(spec, template)
}

/** A template whose pods have one of these restart policies. */
export function checkPodTemplate(template: Checked, policies: readonly ('Always' | 'OnFailure' | 'Never')[]): void {
  checkLabels(template.entries('metadata', 'labels'))
  const podSpec = template.at('spec')
  if (podSpec === null) {
    template.complainAtKey('The template has no "spec"')
    return
  }
  checkPodSpec(podSpec)
  const keptRunning = policies.includes('Always')
  const policy = podSpec.at('restartPolicy')
  const isSpelt = policy?.value === 'Always' || policy?.value === 'OnFailure' || policy?.value === 'Never'
  if (policy !== null && isSpelt && !policies.some((allowed) => allowed === policy.value)) {
    const pods = keptRunning ? 'pods are kept running' : 'pods are to end'
    policy.complain(`Cannot use "${String(policy.value)}" for "restartPolicy" of a template whose ${pods}`, policies.join(' or '))
  }
  if (!keptRunning) return
  podSpec.at('activeDeadlineSeconds')?.complainAtKey('"activeDeadlineSeconds" is not allowed in a template whose pods are kept running')
}

function checkSelector(spec: Checked, template: Checked | null): void {
  const selector = spec.at('selector')
  if (selector === null) return
  const labels = selector.entries('matchLabels')
  const requirements = selector.items('matchExpressions')
  if (labels.length === 0 && requirements.length === 0) {
    selector.complainAtKey('The selector is empty: it would match every pod')
    return
  }
  checkLabels(labels)
  const matchExpressions = requirements.map((requirement) => {
    const values = requirement.items('values').map((value) => value.value)
    return { key: requirement.text('key') ?? '', operator: requirement.text('operator') ?? '', values: values.map(String) }
  })
  let valid = true
  for (const [index, requirement] of matchExpressions.entries()) {
    const isSpelt = ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(requirement.operator)
    const complaints = isSpelt ? complaintsAboutRequirement(requirement) : []
    if (complaints.length > 0) requirements[index]!.complainAtKey(`Cannot use this requirement: ${complaints.join(', and ')}`)
    valid &&= isSpelt && complaints.length === 0
  }
  if (!valid || template === null) return
  const matchLabels = textMap(labels)
  const templateLabels = textMap(template.entries('metadata', 'labels'))
  if (matchLabels === null || templateLabels === null) return
  if (matchesSelector({ matchLabels, matchExpressions: matchExpressions as LabelSelectorRequirement[] }, templateLabels)) return
  selector.complainAtKey('The selector does not match the labels of the template', labelsText(matchLabels))
}

/** The labels, or null if one of them is not a text. */
function textMap(entries: readonly { key: string; value: Checked }[]): Record<string, string> | null {
  if (!entries.every(({ value }) => typeof value.value === 'string')) return null
  return Object.fromEntries(entries.map(({ key, value }) => [key, value.value as string]))
}

function labelsText(labels: Readonly<Record<string, string>>): string | null {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}: ${value}`)
  return pairs.length === 0 ? null : `a template with the labels ${pairs.join(', ')}`
}

function checkStrategy(spec: Checked): void {
  const rolling = spec.at('strategy', 'rollingUpdate')
  if (rolling === null) return
  if (spec.text('strategy', 'type') === 'Recreate') {
    rolling.complainAtKey('"rollingUpdate" is not allowed with strategy "Recreate"')
    return
  }
  const surge = checkShare(rolling.at('maxSurge'))
  const unavailable = checkShare(rolling.at('maxUnavailable'))
  const place = rolling.at('maxUnavailable')
  if (typeof place?.value === 'string' && unavailable !== null && unavailable > 100) {
    place.complain(`Cannot use "${place.value}" for "maxUnavailable"`, '0% to 100%')
  }
  if (surge === 0 && unavailable === 0) {
    place?.complain('"maxSurge" and "maxUnavailable" must not both be 0: the rollout could not move')
  }
}

/** The number in a count or a percentage; null when absent or wrong, which is said. */
export function checkShare(place: Checked | null): number | null {
  if (place === null) return null
  if (typeof place.value === 'number') {
    complainOutside(place, 0)
    return place.value
  }
  if (typeof place.value !== 'string') return null
  if (/^\d+%$/.test(place.value)) return Number(place.value.slice(0, -1))
  place.complain(`Cannot use "${place.value}" for "${String(place.path.at(-1))}"`, 'a count such as 1, or a percentage such as 25%')
  return null
}
