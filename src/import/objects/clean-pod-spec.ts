import { isUnknownCommand } from '../../api/convert/pre-stop.ts'
import type { Notes } from '../notes.ts'
import { at, type Fields, fieldsAt, isFields, listAt, textAt } from './values.ts'

/** What the cleaning of pods has to know of the cluster. */
export interface PodSurroundings {
  /** Nodes of the model by the names that they have in the cluster. */
  readonly nodeNames: ReadonlyMap<string, string>
  /** Those that are among the objects. */
  readonly priorityClasses: ReadonlySet<string>
  readonly notes: Notes
  /** Kind, namespace and name, for notes. */
  readonly owner: string
}

const HOSTNAME = 'kubernetes.io/hostname'

/** Built into every cluster. Source: kubernetes v1.36.2 pkg/apis/scheduling/types.go. */
const SYSTEM_PRIORITIES = ['system-node-critical', 'system-cluster-critical']

/** Amounts that nodes of the model have. */
const RESOURCES = ['cpu', 'memory']

/** Takes out of a pod's spec, already without what is not modelled, what would not hold in the model's cluster. Never changes what it is given. */
export function cleanPodSpec(spec: Fields, around: PodSurroundings): Fields {
  const { notes, owner } = around
  const clean: Record<string, unknown> = { ...spec }
  // Nodes have other names; ServiceAccounts are not imported; priority comes from the class again.
  for (const field of ['nodeName', 'serviceAccountName', 'serviceAccount', 'priority', 'preemptionPolicy']) delete clean[field]
  const priorityClass = textAt(spec, 'priorityClassName')
  if (priorityClass !== '' && !SYSTEM_PRIORITIES.includes(priorityClass) && !around.priorityClasses.has(priorityClass)) {
    delete clean.priorityClassName
    notes.leaveOut('priorityClassName', 'the PriorityClass is not among the dumps', owner)
  }
  if (listAt(spec, 'readinessGates').length > 0) {
    delete clean.readinessGates
    notes.leaveOut('readinessGates', 'nothing in the model would set their conditions, and the pods would never be ready', owner)
  }
  for (const field of ['containers', 'initContainers']) {
    if (listAt(spec, field).length > 0) clean[field] = listAt(spec, field).map((container) => cleanContainer(container, around))
    else delete clean[field]
  }
  const selector = fieldsAt(spec, 'nodeSelector')
  if (typeof selector[HOSTNAME] === 'string') clean.nodeSelector = { ...selector, [HOSTNAME]: modelName(selector[HOSTNAME], around) }
  const affinity = at(spec, 'affinity', 'nodeAffinity')
  if (isFields(affinity)) clean.affinity = { ...fieldsAt(spec, 'affinity'), nodeAffinity: withModelNames(affinity, around) }
  return clean
}

function cleanContainer(container: unknown, around: PodSurroundings): Fields {
  const { notes, owner } = around
  const clean: Record<string, unknown> = { ...(isFields(container) ? container : {}) }
  const resources: Record<string, unknown> = {}
  for (const part of ['requests', 'limits']) {
    const amounts = Object.entries(fieldsAt(container, 'resources', part))
    const kept = amounts.filter(([name]) => RESOURCES.includes(name))
    if (kept.length > 0) resources[part] = Object.fromEntries(kept)
    for (const [name] of amounts) {
      if (!RESOURCES.includes(name)) notes.leaveOut(`${part} of ${name}`, 'nodes of the model have cpu and memory', owner)
    }
  }
  if (Object.keys(resources).length > 0) clean.resources = resources
  else delete clean.resources
  const lifecycle: Record<string, unknown> = {}
  for (const event of ['preStop', 'postStart']) {
    const hook = at(container, 'lifecycle', event)
    if (!isFields(hook)) continue
    const command = listAt(hook, 'exec', 'command').map(String)
    // A command may hold a secret, and how long it takes is not known: only a sleep is kept.
    if (isFields(hook.sleep)) lifecycle[event] = { sleep: hook.sleep }
    else if (command.length > 0 && !isUnknownCommand({ exec: { command } })) lifecycle[event] = { exec: { command } }
    else notes.leaveOut(`${event} hook`, 'it is no sleep: how long it takes is not known', owner)
  }
  if (Object.keys(lifecycle).length > 0) clean.lifecycle = lifecycle
  else delete clean.lifecycle
  for (const probe of ['readinessProbe', 'livenessProbe', 'startupProbe']) {
    // What an exec probe runs is of no account here, and may hold a secret.
    if (isFields(at(container, probe, 'exec'))) clean[probe] = { ...fieldsAt(container, probe), exec: { command: ['true'] } }
  }
  return clean
}

/** A node that is not among the dumps keeps its name, which no node of the model has. */
function modelName(realName: string, { nodeNames, notes, owner }: PodSurroundings): string {
  const found = nodeNames.get(realName)
  if (found === undefined) notes.find(`${owner} asks for the node ${realName}, which is not among the dumps`)
  return found ?? realName
}

/** Requirements on the host name, and on metadata.name, with the names that the nodes have in the model. */
function withModelNames(value: unknown, around: PodSurroundings): unknown {
  if (Array.isArray(value)) return value.map((item) => withModelNames(item, around))
  if (!isFields(value)) return value
  const names = (value.key === HOSTNAME || value.key === 'metadata.name') && Array.isArray(value.values)
  return Object.fromEntries(
    Object.entries(value).map(([key, inside]) => {
      if (names && key === 'values') return [key, (inside as unknown[]).map((name) => modelName(String(name), around))]
      return [key, withModelNames(inside, around)]
    }),
  )
}

/** The keys of node labels that a pod's spec asks for, by nodeSelector or node affinity. */
export function nodeLabelKeys(spec: unknown): readonly string[] {
  const keys = Object.keys(fieldsAt(spec, 'nodeSelector'))
  const terms = [
    ...listAt(spec, 'affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms'),
    ...listAt(spec, 'affinity', 'nodeAffinity', 'preferredDuringSchedulingIgnoredDuringExecution').map((each) => at(each, 'preference')),
  ]
  for (const term of terms) for (const requirement of listAt(term, 'matchExpressions')) keys.push(textAt(requirement, 'key'))
  return keys.filter((key) => key !== '')
}
