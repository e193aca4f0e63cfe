import type { Container, Kind, KindMap } from '../../api/objects/index.ts'
import { invariant } from '../../invariant.ts'
import { COMMAND_KINDS } from './kinds.ts'

/** What a field takes. */
export type FieldForm = 'count' | 'positive' | 'flag' | 'text' | 'label' | 'annotation'

/** A field that a patch can change. `*` stands for any key of a map, `[]` for a container. */
export interface PatchField {
  /** As the API has it, such as `spec.template.spec.containers[].image`. */
  readonly text: string
  readonly steps: readonly string[]
  readonly form: FieldForm
}

/** Where in one object: the field, the key of its map, and which container, by name or by 0-based place. */
export interface FieldPlace {
  readonly field: PatchField
  readonly key: string | null
  readonly container: string | number | null
  /** A removal of what is not there is refused, as RFC 6902 has it. */
  readonly mustExist: boolean
  /** For messages. */
  readonly text: string
}

function field(text: string, form: FieldForm): PatchField {
  return { text, steps: text.replace('[]', '.[]').split('.'), form }
}

const METADATA = [field('metadata.labels.*', 'label'), field('metadata.annotations.*', 'annotation')]
const TEMPLATE = [
  field('spec.template.metadata.labels.*', 'label'),
  field('spec.template.metadata.annotations.*', 'annotation'),
  field('spec.template.spec.terminationGracePeriodSeconds', 'count'),
  field('spec.template.spec.containers[].image', 'text'),
]
const OWN: Readonly<Partial<Record<Kind, readonly PatchField[]>>> = {
  Deployment: [
    field('spec.paused', 'flag'),
    field('spec.minReadySeconds', 'count'),
    field('spec.revisionHistoryLimit', 'count'),
    field('spec.progressDeadlineSeconds', 'positive'),
  ],
  ReplicaSet: [field('spec.minReadySeconds', 'count')],
  ReplicationController: [field('spec.minReadySeconds', 'count')],
  StatefulSet: [field('spec.minReadySeconds', 'count'), field('spec.revisionHistoryLimit', 'count')],
  DaemonSet: [field('spec.minReadySeconds', 'count'), field('spec.revisionHistoryLimit', 'count')],
  Job: [field('spec.parallelism', 'count'), field('spec.suspend', 'flag')],
  CronJob: [field('spec.suspend', 'flag')],
  Node: [field('spec.unschedulable', 'flag')],
  HorizontalPodAutoscaler: [field('spec.minReplicas', 'positive'), field('spec.maxReplicas', 'positive')],
}

/** The fields of a kind that a patch can change; another one is a line above. */
export function patchFields(kind: Kind): readonly PatchField[] {
  const known = COMMAND_KINDS.find((candidate) => candidate.kind === kind)
  return [
    ...METADATA,
    ...(known?.scales === true ? [field('spec.replicas', 'count')] : []),
    ...(OWN[kind] ?? []),
    ...(known?.templated === true ? TEMPLATE : []),
  ]
}

type Node = Readonly<Record<string, unknown>>

/** The model's own steps: the labels and annotations of a template stand in the template itself. */
function stepsOf({ field: { steps }, key }: FieldPlace): readonly string[] {
  const own = steps.map((step) => (step === '*' ? key! : step))
  return own[1] === 'template' && own[2] === 'metadata' ? [own[0]!, own[1], ...own.slice(3)] : own
}

/** The value at a place; undefined where there is none. */
export function read(object: KindMap[Kind], place: FieldPlace): { readonly value: unknown } | 'no container' {
  let value: unknown = object
  for (const step of stepsOf(place)) {
    if (step === '[]') {
      value = containerAt(value as readonly Container[], place)
      if (value === undefined) return 'no container'
    } else value = Object.hasOwn(value as Node, step) ? (value as Node)[step] : undefined
    if (value === undefined) return { value }
  }
  return { value }
}

/** Whether the place is an entry of a map that has none. */
export function hasNoMap(object: KindMap[Kind], place: FieldPlace): boolean {
  if (place.key === null) return false
  const map = stepsOf(place)
    .slice(0, -1)
    .reduce<unknown>((value, step) => (value as Node)[step], object)
  return Object.keys(map as Node).length === 0
}

/** The object with another value at a place; without the key of a map where it is null. */
export function written<T extends KindMap[Kind]>(object: T, place: FieldPlace, value: unknown): T {
  return change(object, stepsOf(place), place, value) as T
}

function change(at: unknown, steps: readonly string[], place: FieldPlace, value: unknown): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  if (step === '[]') {
    const containers = at as readonly Container[]
    const chosen = containerAt(containers, place)
    invariant(chosen !== undefined, 'A container that is patched has been found')
    return containers.map((container) => (container === chosen ? change(container, rest, place, value) : container))
  }
  const node = at as Node
  if (rest.length === 0 && value === null) {
    const { [step]: _removed, ...others } = node
    return others
  }
  return { ...node, [step]: change(node[step], rest, place, value) }
}

function containerAt(containers: readonly Container[], { container }: FieldPlace): Container | undefined {
  return typeof container === 'number' ? containers[container] : containers.find(({ name }) => name === container)
}
