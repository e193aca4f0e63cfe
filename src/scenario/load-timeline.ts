import { nearest } from '../api/did-you-mean.ts'
import type { Kind } from '../api/objects/index.ts'
import type { Identity } from '../control-plane/identity.ts'
import type { Nanos } from '../units.ts'
import type { LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { describeFault, loadFault, NODES_COMPARED } from './load-fault.ts'
import { listNames, named } from './load-inventory.ts'
import type { AppliedManifests } from './load-manifests.ts'
import { formatDistribution } from './parse-distribution.ts'
import { formatDuration } from './parse-duration.ts'
import { type KubectlText, type Mention, parseKubectl } from './parse-kubectl.ts'
import { parseRecurrence } from './parse-recurrence.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { KubectlCommand, TimelineEntry } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type TimelineDraft = Draft<NonNullable<ScenarioFile['spec']['timeline']>>
type RecurringDraft = Extract<NonNullable<TimelineDraft[number]>, { every?: unknown }>

export interface TimelineOptions {
  /** null where it could not be read. */
  readonly duration: Nanos | null
  readonly warmUp: Nanos | null
  /** Names of the nodes; null where the cluster could not be read. */
  readonly nodes: readonly string[] | null
  readonly etcdMembers: number
  /** Of kube-controller-manager, and of kube-scheduler. */
  readonly replicas: number
  /** Machines of the install that are no nodes. */
  readonly machines: readonly string[]
  /** Nodes with components of the control plane or of etcd. */
  readonly controlPlaneNodes: readonly string[]
  readonly apiServers: number
  /** What each `apply` brings, by the file as it is written. */
  readonly applied: AppliedManifests
}

/** What happens during the run, in the order of time; entries of one time keep the order of the file. */
export function loadTimeline(context: LoadContext, draft: TimelineDraft | undefined, options: TimelineOptions): readonly TimelineEntry[] {
  const entries = (draft ?? []).flatMap((entry, index): TimelineEntry[] => {
    if (entry === undefined) return []
    const path: Path = ['spec', 'timeline', index]
    if ('every' in entry) return loadRecurring(context, path, entry, options, index)
    const { at: atText } = entry as Exclude<TimelineDraft[number], { every?: unknown } | undefined>
    const at = context.duration([...path, 'at'], atText)
    if (at !== undefined && options.duration !== null && at >= options.duration) {
      const end = formatDuration(options.duration)
      context.mistake([...path, 'at'], `Nothing can happen at ${formatDuration(at)}: the run ends at ${end}`, `a time below ${end}`)
    }
    if ('kubectl' in entry) {
      const loaded = loadCommand(context, [...path, 'kubectl'], entry.kubectl, options)
      return loaded === undefined || at === undefined ? [] : [{ at, kind: 'kubectl', ...loaded, text: `kubectl ${entry.kubectl?.trim()}` }]
    }
    if (!('fault' in entry) || entry.fault === undefined) return []
    const fault = loadFault(context, [...path, 'fault'], entry.fault, options)
    if (fault === undefined || at === undefined) return []
    const { optional = DEFAULTS.optionalFault } = entry
    return [{ at, kind: 'fault', fault, every: null, stream: streamOf(index), text: describeFault(fault), optional }]
  })
  return entries.sort((a, b) => a.at - b.at)
}

/** An entry's own, whatever stands before or after it at other times. */
function streamOf(index: number): string {
  return `fault/timeline[${index}]`
}

function loadRecurring(context: LoadContext, path: Path, entry: RecurringDraft, options: TimelineOptions, index: number): TimelineEntry[] {
  const gap = context.read([...path, 'every'], entry.every, parseRecurrence)
  const at = entry.from === undefined ? options.warmUp : context.duration([...path, 'from'], entry.from)
  const until = entry.until === undefined ? options.duration : context.duration([...path, 'until'], entry.until)
  const end = options.duration
  for (const key of ['from', 'until'] as const) {
    const time = entry[key] === undefined ? undefined : key === 'from' ? at : until
    if (end !== null && typeof time === 'number' && (time > end || (key === 'from' && time === end)))
      context.mistake(
        [...path, key],
        `Faults cannot strike ${key} ${formatDuration(time)}: the run ends at ${formatDuration(end)}`,
        `a time ${key === 'from' ? 'below' : 'up to'} ${formatDuration(end)}`,
      )
  }
  if (typeof at === 'number' && typeof until === 'number' && until <= at && at !== end) {
    const message = `The time until ${formatDuration(until)} does not come after its beginning at ${formatDuration(at)}`
    if (entry.until !== undefined) context.mistake([...path, 'until'], message, `an "until" after ${formatDuration(at)}`)
  }
  const fault = entry.fault === undefined ? undefined : loadFault(context, [...path, 'fault'], entry.fault, options)
  if (fault === undefined || gap === undefined || typeof at !== 'number' || typeof until !== 'number') return []
  const { optional = DEFAULTS.optionalFault } = entry
  const text = `${describeFault(fault)} every ${formatDistribution(gap)}`
  return [{ at, kind: 'fault', fault, every: { gap, until }, stream: streamOf(index), text, optional }]
}

function loadCommand(
  context: LoadContext,
  path: Path,
  text: string | undefined,
  options: TimelineOptions,
): { command: KubectlCommand; as: Identity | null } | undefined {
  const read = context.read(path, text, parseKubectl)
  if (read === undefined) return undefined
  const { command, as, file } = read
  if (file !== null && 'objects' in command) {
    const result = options.applied(file.text)
    if (!result.ok) context.report(path, { ...result.complaint, part: file })
    return result.ok ? { command: { ...command, objects: result.value }, as } : undefined
  }
  const known = read.mentions.every((mention) => exists(context, path, mention, options.nodes))
  if (known) checkImages(context, path, read)
  return known ? { command, as } : undefined
}

/** An object that an apply brings later may have other containers than the first one of that name: any of them will do. */
function checkImages(context: LoadContext, path: Path, { images, mentions }: KubectlText): void {
  const [mention] = mentions
  if (mention === undefined || images.length === 0) return
  const owner = `${mention.kind} ${mention.name.text}`
  const templates = context.inventory.templates.filter((entry) => entry.owner === owner && entry.namespace === mention.namespace)
  const names = templates.flatMap(({ spec }) => [...spec.containers, ...spec.initContainers]).map((container) => container.name)
  for (const { container, word } of templates.length === 0 ? [] : images) {
    if (container === '*' || names.includes(container)) continue
    const part = { index: word.index, length: container.length }
    context.report(path, {
      message: `${mention.kind} "${mention.name.text}" has no container "${container}"`,
      accepted: `one of ${listNames(names, '(none)')}, or * for all`,
      didYouMean: nearest(container, names),
      part,
    })
  }
}

/** Namespaces that every cluster has. Source: the API server's bootstrap namespaces. */
const BOOTSTRAP_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

/** Whether the object that a command names will exist, as far as that can be known before the run; reports it when not. */
function exists(context: LoadContext, path: Path, { kind, namespace, name }: Mention, nodes: readonly string[] | null): boolean {
  const { inventory } = context
  if (inventory.mayHave(name.text) || (kind === 'Node' && nodes === null)) return true
  const known = inventory.of(kind)
  const here = known.filter((object) => object.metadata.namespace === namespace).map((object) => object.metadata.name)
  if (kind === 'Node') here.push(...nodes!.slice(0, NODES_COMPARED))
  if (kind === 'Namespace') here.push(...BOOTSTRAP_NAMESPACES)
  if (here.includes(name.text) || (kind === 'Node' && nodes!.includes(name.text))) return true
  if (mayBeMade(context, kind, name.text, namespace)) return true
  const elsewhere = named(known, name.text).map((object) => object.metadata.namespace)
  const accepted = elsewhere.length > 0 ? `-n ${listNames(elsewhere, '')}: it is in that namespace` : `one of ${listNames(here, '(none)')}`
  const didYouMean = elsewhere[0] === undefined ? nearest(name.text, here) : `-n ${elsewhere[0]}`
  const where = namespace === '' ? '' : ` in the namespace "${namespace}"`
  context.report(path, { message: `There is no ${kind} "${name.text}"${where}`, accepted, didYouMean, part: name })
  return false
}

/** Controllers make objects whose names begin with their owner's; the rest of such a name depends on the run. */
function mayBeMade({ inventory }: LoadContext, kind: Kind, name: string, namespace: string): boolean {
  if (kind === 'ReplicaSet')
    return inventory.of('Deployment').some((owner) => owner.metadata.namespace === namespace && name.startsWith(`${owner.metadata.name}-`))
  return (
    kind === 'Pod' &&
    inventory.templates.some(
      (entry) => entry.namespace === namespace && name.startsWith(`${entry.owner.slice(entry.owner.indexOf(' ') + 1)}-`),
    )
  )
}
