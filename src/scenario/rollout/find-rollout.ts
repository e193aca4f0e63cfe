import type { LabelSelector } from '../../api/labels.ts'
import type { AnyObject, PodTemplate } from '../../api/objects/index.ts'
import type { Nanos } from '../../units.ts'
import { formatDuration } from '../parse-duration.ts'
import { parseKubectl } from '../parse-kubectl.ts'
import type { Scenario, TimelineEntry } from '../scenario.ts'

/** Kinds whose controllers replace running pods when their template changes. */
const ROLLED_OUT = ['Deployment', 'StatefulSet', 'DaemonSet'] as const
export type RolledOutKind = (typeof ROLLED_OUT)[number]

/** The object that is rolled out. */
export interface RolledOut {
  readonly kind: RolledOutKind
  readonly namespace: string
  readonly name: string
}

/** A rolling update in a scenario: which object, and the entries of the timeline that ask for it. */
export interface Rollout extends RolledOut {
  /** Of the first of them. */
  readonly at: Nanos
  /** As the user wrote them, in the order of time. */
  readonly commands: readonly string[]
}

/** An object of {@link ROLLED_OUT} as far as all of them are the same. */
export interface TemplatedObject {
  readonly kind: string
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: {
    readonly selector: LabelSelector
    readonly template: PodTemplate
    readonly minReadySeconds: number
    /** Of Deployments. */
    readonly progressDeadlineSeconds?: number
  }
}

/** `deployment/shop/frontend`, for messages. */
export function textOf({ kind, namespace, name }: RolledOut): string {
  return `${kind.toLowerCase()}/${namespace}/${name}`
}

function isRolledOut(kind: string): kind is RolledOutKind {
  return (ROLLED_OUT as readonly string[]).includes(kind)
}

/** Whether the object is the one that is meant. */
export function isThe(object: { readonly kind: string; readonly metadata: AnyObject['metadata'] }, wanted: RolledOut): boolean {
  return object.kind === wanted.kind && object.metadata.namespace === wanted.namespace && object.metadata.name === wanted.name
}

/** Every rolling update of the timeline, by the time of its first command. An object that several commands change is listed once. */
export function rolloutsOf(scenario: Scenario): readonly Rollout[] {
  const live = new Map<string, AnyObject>()
  for (const object of scenario.manifests) live.set(keyOf(object), object)
  const found = new Map<string, Rollout>()
  for (const entry of scenario.timeline) {
    for (const object of changedBy(entry, live)) {
      const key = textOf(object)
      const before = found.get(key)
      const commands = [...(before?.commands ?? []), entry.text]
      found.set(key, { ...object, at: before?.at ?? entry.at, commands })
    }
    if (entry.kind === 'kubectl' && 'objects' in entry.command) for (const object of entry.command.objects) live.set(keyOf(object), object)
  }
  return [...found.values()]
}

function keyOf({ kind, metadata }: AnyObject): string {
  return `${kind.toLowerCase()}/${metadata.namespace}/${metadata.name}`
}

/** The objects of which the entry changes the pod template. An `apply` changes it when it brings another one for an object that is there. */
function changedBy(entry: TimelineEntry, live: ReadonlyMap<string, AnyObject>): readonly RolledOut[] {
  if (entry.kind !== 'kubectl') return []
  const { command } = entry
  switch (command.verb) {
    case 'set image':
    case 'rollout restart':
    case 'rollout undo':
    case 'patch': {
      const kind = command.kind ?? 'Deployment'
      const changes = command.verb !== 'patch' || command.changes.some(({ place }) => /(^|[./])template\b/.test(place.text))
      return isRolledOut(kind) && changes ? [{ kind, namespace: command.namespace, name: command.name }] : []
    }
    case 'apply':
      return command.objects.flatMap((object): RolledOut[] => {
        const { kind, metadata } = object
        const before = live.get(keyOf(object))
        if (!isRolledOut(kind) || before === undefined || templateText(before) === templateText(object)) return []
        return [{ kind, namespace: metadata.namespace, name: metadata.name }]
      })
    default:
      return []
  }
}

function templateText(object: AnyObject): string {
  return JSON.stringify((object as unknown as TemplatedObject).spec.template)
}

export interface RolloutChoice {
  /** `KIND/NAME` or `KIND/NAMESPACE/NAME`; null when there is only one. */
  readonly object: string | null
  /** Adds `rollout restart` of this object, written as above; null leaves the timeline as it is. */
  readonly restart: string | null
  /** When it is restarted. */
  readonly at: Nanos
}

export type ChosenRollout =
  | { readonly ok: true; readonly scenario: Scenario; readonly rollout: Rollout }
  | { readonly ok: false; readonly reason: string }

/** The rolling update that is meant, and the scenario that has it. */
export function chooseRollout(given: Scenario, { object, restart, at }: RolloutChoice): ChosenRollout {
  const restarted = restart === null ? ({ ok: true, scenario: given, target: null } as const) : withRestart(given, restart, at)
  if (!restarted.ok) return restarted
  const { scenario, target } = restarted
  const all = rolloutsOf(scenario)
  const fitting = target !== null ? all.filter((one) => textOf(one) === target) : all.filter((one) => object === null || fits(one, object))
  const [first, second] = fitting
  const shown = all.map(textOf).join(', ')
  if (all.length === 0) return { ok: false, reason: NO_ROLLOUT }
  if (first === undefined) return { ok: false, reason: `The timeline rolls out no "${object}": expected one of ${shown}` }
  if (second !== undefined)
    return {
      ok: false,
      reason: `The timeline has several rolling updates: expected --object with one of ${fitting.map(textOf).join(', ')}`,
    }
  if (templateOf(scenario, first) === null)
    return { ok: false, reason: `${textOf(first)} is in no manifest of the scenario, so that its settings cannot be changed` }
  return { ok: true, scenario, rollout: first }
}

const NO_ROLLOUT =
  'The timeline has no rolling update: expected an entry such as { at: 60s, kubectl: "set image deployment/NAME CONTAINER=IMAGE -n NAMESPACE" }, or --restart deployment/NAME --at 60s'

/** `deploy/frontend` fits whatever its namespace. */
function fits(rollout: RolledOut, text: string): boolean {
  const read = readObject(text)
  if (read === null) return false
  return read.kind === rollout.kind && read.name === rollout.name && (read.namespace === null || read.namespace === rollout.namespace)
}

function readObject(text: string): { readonly kind: string; readonly namespace: string | null; readonly name: string } | null {
  const parts = text.split('/')
  if (parts.length < 2 || parts.length > 3 || parts.includes('')) return null
  const parsed = parseKubectl(`rollout restart ${parts[0]}/${parts.at(-1)}`)
  if (!parsed.ok || parsed.value.command.verb !== 'rollout restart') return null
  return { kind: parsed.value.command.kind, namespace: parts.length === 3 ? parts[1]! : null, name: parts.at(-1)! }
}

type Restarted =
  | { readonly ok: true; readonly scenario: Scenario; readonly target: string }
  | { readonly ok: false; readonly reason: string }

function withRestart(scenario: Scenario, text: string, at: Nanos): Restarted {
  const wanted = readObject(text)
  const known = scenario.manifests.filter((object) => isRolledOut(object.kind))
  const shown = known.map(keyOf).join(', ') || '(none)'
  if (wanted === null || !isRolledOut(wanted.kind))
    return { ok: false, reason: `Cannot restart "${text}": expected KIND/NAME or KIND/NAMESPACE/NAME, of ${shown}` }
  const fitting = known.filter(
    ({ kind, metadata }) =>
      kind === wanted.kind && metadata.name === wanted.name && (wanted.namespace === null || metadata.namespace === wanted.namespace),
  )
  const [one, another] = fitting
  if (one === undefined) return { ok: false, reason: `The manifests have no "${text}": expected one of ${shown}` }
  if (another !== undefined)
    return { ok: false, reason: `"${text}" is in several namespaces: expected one of ${fitting.map(keyOf).join(', ')}` }
  if (at >= scenario.duration)
    return { ok: false, reason: `Cannot restart at ${formatDuration(at)}: the run ends at ${formatDuration(scenario.duration)}` }
  const { namespace, name } = one.metadata
  const command = { verb: 'rollout restart', kind: wanted.kind, namespace, name } as const
  const entry: TimelineEntry = {
    at,
    kind: 'kubectl',
    command,
    as: null,
    text: `kubectl rollout restart ${wanted.kind.toLowerCase()}/${name} -n ${namespace}`,
  }
  const timeline = [...scenario.timeline, entry].sort((a, b) => a.at - b.at)
  return { ok: true, scenario: { ...scenario, timeline }, target: keyOf(one) }
}

/** The object as the manifests have it before the rollout; null when they do not. */
export function templateOf(scenario: Scenario, wanted: RolledOut): TemplatedObject | null {
  const found = scenario.manifests.findLast((object) => isThe(object, wanted))
  if (found !== undefined) return found as unknown as TemplatedObject
  for (const entry of scenario.timeline) {
    if (entry.kind !== 'kubectl' || !('objects' in entry.command)) continue
    const brought = entry.command.objects.find((object) => isThe(object, wanted))
    if (brought !== undefined) return brought as unknown as TemplatedObject
  }
  return null
}

/** The same scenario in which the object is not rolled out. What else its commands bring stays. */
export function withoutRollout(scenario: Scenario, rollout: Rollout): Scenario {
  const live = new Map<string, AnyObject>()
  for (const object of scenario.manifests) live.set(keyOf(object), object)
  const timeline = scenario.timeline.flatMap((entry): TimelineEntry[] => {
    const changed = changedBy(entry, live).some((one) => textOf(one) === textOf(rollout))
    if (entry.kind === 'kubectl' && 'objects' in entry.command) for (const object of entry.command.objects) live.set(keyOf(object), object)
    if (!changed) return [entry]
    if (entry.kind !== 'kubectl' || entry.command.verb !== 'apply') return []
    const objects = entry.command.objects.filter((object) => !isThe(object, rollout))
    return objects.length === 0 ? [] : [{ ...entry, command: { ...entry.command, objects } }]
  })
  return { ...scenario, timeline }
}
