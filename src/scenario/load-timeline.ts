import { nearest } from '../api/did-you-mean.ts'
import type { AnyObject, Container } from '../api/objects/index.ts'
import type { Nanos } from '../units.ts'
import type { LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { find, listNames, named } from './load-inventory.ts'
import type { AppliedManifests } from './load-manifests.ts'
import { formatDuration } from './parse-duration.ts'
import { type DeletableKind, type KubectlText, parseKubectl, type Word } from './parse-kubectl.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { FaultSpec, KubectlCommand, TimelineEntry } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type TimelineDraft = Draft<NonNullable<ScenarioFile['spec']['timeline']>>

export interface TimelineOptions {
  /** null where it could not be read. */
  readonly duration: Nanos | null
  /** Names of the worker nodes; null where the cluster could not be read. */
  readonly nodes: readonly string[] | null
  /** What each `apply` brings, by the file as it is written. */
  readonly applied: AppliedManifests
}

/** What happens during the run, in the order of time; entries of one time keep the order of the file. */
export function loadTimeline(context: LoadContext, draft: TimelineDraft | undefined, options: TimelineOptions): readonly TimelineEntry[] {
  const entries = (draft ?? []).flatMap((entry, index): TimelineEntry[] => {
    if (entry === undefined) return []
    const path: Path = ['spec', 'timeline', index]
    const at = context.duration([...path, 'at'], entry.at)
    if (at !== undefined && options.duration !== null && at >= options.duration) {
      const end = formatDuration(options.duration)
      context.mistake([...path, 'at'], `Nothing can happen at ${formatDuration(at)}: the run ends at ${end}`, `a time below ${end}`)
    }
    if ('kubectl' in entry) {
      const command = loadCommand(context, [...path, 'kubectl'], entry.kubectl, options.applied)
      return command === undefined || at === undefined ? [] : [{ at, kind: 'kubectl', command, text: `kubectl ${entry.kubectl?.trim()}` }]
    }
    if (!('fault' in entry) || entry.fault === undefined) return []
    const fault = loadFault(context, [...path, 'fault'], entry.fault, options.nodes)
    return fault === undefined || at === undefined ? [] : [{ at, kind: 'fault', fault, text: describeFault(fault) }]
  })
  return entries.sort((a, b) => a.at - b.at)
}

type FaultDraft = Draft<NonNullable<Extract<NonNullable<ScenarioFile['spec']['timeline']>[number], { fault: unknown }>['fault']>>
type NodeFaultDraft = Extract<FaultDraft, { node?: unknown }>
type ContainerFaultDraft = Extract<FaultDraft, { pods?: unknown }>

function loadFault(context: LoadContext, path: Path, draft: FaultDraft, nodes: readonly string[] | null): FaultSpec | undefined {
  const { kind } = draft
  return kind === 'container-crash' || kind === 'oom-kill'
    ? loadContainerFault(context, path, draft as ContainerFaultDraft)
    : loadNodeFault(context, path, draft as NodeFaultDraft, nodes)
}

function loadNodeFault(context: LoadContext, path: Path, draft: NodeFaultDraft, nodes: readonly string[] | null): FaultSpec | undefined {
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A crash of no length is none', 'a length of time above 0, or no "for" when the node stays away')
  if (draft.node !== undefined && nodes !== null && !nodes.includes(draft.node)) {
    const last = nodes.at(-1) ?? 'worker-1'
    const accepted = nodes.length === 1 ? 'worker-1' : `worker-1 to ${last}`
    context.mistake([...path, 'node'], `There is no node "${draft.node}"`, accepted, nearest(draft.node, nodes.slice(0, NODES_COMPARED)))
  }
  if (draft.kind === undefined || draft.node === undefined || duration === undefined) return undefined
  return { kind: draft.kind, node: draft.node, duration }
}

/** Node names that a misspelt one is compared with: enough to find the form of the name. */
const NODES_COMPARED = 1000

function loadContainerFault(context: LoadContext, path: Path, draft: ContainerFaultDraft): FaultSpec | undefined {
  const { kind, namespace = DEFAULTS.namespace, container = null } = draft
  const selector = context.selector([...path, 'pods'], draft.pods)
  if (selector === undefined || kind === undefined) return undefined
  if (!context.inventory.mayHaveMorePods && context.inventory.templatesMatching(selector, namespace).length === 0)
    context.mistake([...path, 'pods'], `The selector "${draft.pods}" matches no pod of the manifests in the namespace "${namespace}"`, null)
  return { kind, namespace, selector, container }
}

function describeFault(fault: FaultSpec): string {
  if (!('node' in fault)) return `${fault.kind}${fault.container === null ? '' : ` of ${fault.container}`} in ${fault.namespace}`
  return `${fault.kind} ${fault.node}${fault.duration === null ? '' : ` for ${formatDuration(fault.duration)}`}`
}

function loadCommand(context: LoadContext, path: Path, text: string | undefined, applied: AppliedManifests): KubectlCommand | undefined {
  const command = context.read(path, text, parseKubectl)
  if (command === undefined) return undefined
  switch (command.verb) {
    case 'apply': {
      const result = applied(command.file.text)
      if (!result.ok) context.report(path, { ...result.complaint, part: command.file })
      return result.ok ? { verb: 'apply', objects: result.value } : undefined
    }
    case 'scale':
      return loadScale(context, path, command)
    case 'set image':
      return loadSetImage(context, path, command)
    case 'delete':
      return loadDelete(context, path, command)
  }
}

type TextOf<Verb extends KubectlText['verb']> = Extract<KubectlText, { verb: Verb }>

function loadScale(context: LoadContext, path: Path, { kind, name, namespace, replicas }: TextOf<'scale'>): KubectlCommand | undefined {
  const at = namespace?.text ?? DEFAULTS.namespace
  return exists(context, path, kind, name, at) ? { verb: 'scale', kind, namespace: at, name: name.text, replicas } : undefined
}

function loadSetImage(context: LoadContext, path: Path, { name, namespace, images }: TextOf<'set image'>): KubectlCommand | undefined {
  const at = namespace?.text ?? DEFAULTS.namespace
  if (!exists(context, path, 'Deployment', name, at)) return undefined
  // A Deployment that an apply brings later may have other containers than the first one of that name: any of them will do.
  const sameName = named(context.inventory.deployments, name.text).filter((deployment) => deployment.metadata.namespace === at)
  const names = sameName
    .flatMap(({ spec }) => [...spec.template.spec.containers, ...spec.template.spec.initContainers])
    .map((container: Container) => container.name)
  for (const { container, word } of sameName.length === 0 ? [] : images) {
    if (container === '*' || names.includes(container)) continue
    const part = { index: word.index, length: container.length }
    context.report(path, {
      message: `Deployment "${name.text}" has no container "${container}"`,
      accepted: `one of ${listNames(names, '(none)')}, or * for all`,
      didYouMean: nearest(container, names),
      part,
    })
  }
  return { verb: 'set image', namespace: at, name: name.text, images: images.map(({ container, image }) => ({ container, image })) }
}

function loadDelete(
  context: LoadContext,
  path: Path,
  { kind, name, namespace, gracePeriodSeconds }: TextOf<'delete'>,
): KubectlCommand | undefined {
  if (kind === 'Namespace') {
    const accepted = 'deployment, replicaset, pod or service'
    context.report(path, { message: 'Deleting a Namespace is not modelled', accepted, didYouMean: null, part: name })
    return undefined
  }
  const at = namespace?.text ?? DEFAULTS.namespace
  return exists(context, path, kind, name, at) ? { verb: 'delete', kind, namespace: at, name: name.text, gracePeriodSeconds } : undefined
}

/** Whether the object that a command names will exist, as far as that can be known before the run; reports it when not. */
function exists(context: LoadContext, path: Path, kind: Exclude<DeletableKind, 'Namespace'>, name: Word, namespace: string): boolean {
  const known = objectsOf(context, kind)
  if (context.inventory.mayHave(name.text)) return true
  if (find(known, namespace, name.text) !== undefined || mayBeMade(context, kind, name.text, namespace)) return true
  const here = known.filter((object) => object.metadata.namespace === namespace).map((object) => object.metadata.name)
  const elsewhere = named(known, name.text).map((object) => object.metadata.namespace)
  const accepted = elsewhere.length > 0 ? `-n ${listNames(elsewhere, '')}: it is in that namespace` : `one of ${listNames(here, '(none)')}`
  const didYouMean = elsewhere[0] === undefined ? nearest(name.text, here) : `-n ${elsewhere[0]}`
  context.report(path, { message: `There is no ${kind} "${name.text}" in the namespace "${namespace}"`, accepted, didYouMean, part: name })
  return false
}

function objectsOf({ inventory }: LoadContext, kind: Exclude<DeletableKind, 'Namespace'>): readonly AnyObject[] {
  switch (kind) {
    case 'Deployment':
      return inventory.deployments
    case 'Pod':
      return inventory.pods
    case 'ReplicaSet':
      return inventory.replicaSets
    case 'Service':
      return inventory.services
  }
}

/** Controllers make ReplicaSets and Pods whose names begin with their owner's; the rest of such a name depends on the run. */
function mayBeMade({ inventory }: LoadContext, kind: DeletableKind, name: string, namespace: string): boolean {
  const owners = kind === 'Pod' ? [...inventory.deployments, ...inventory.replicaSets] : kind === 'ReplicaSet' ? inventory.deployments : []
  return owners.some((owner) => owner.metadata.namespace === namespace && name.startsWith(`${owner.metadata.name}-`))
}
