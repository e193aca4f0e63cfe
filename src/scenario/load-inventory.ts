import { type LabelSelector, matchesSelector } from '../api/labels.ts'
import type {
  AnyObject,
  Deployment,
  Kind,
  KindMap,
  Pod,
  PodSpec,
  PodTemplate,
  ReplicaSet,
  Service,
  StringMap,
} from '../api/objects/index.ts'

/** What a pod will look like, from a bare Pod or from the template of what makes pods. */
export interface PodTemplateEntry {
  readonly namespace: string
  /** Kind and name of the object that it stands in, such as `Deployment frontend`. */
  readonly owner: string
  readonly labels: StringMap
  readonly spec: PodSpec
}

/** Whether an object is of a kind that the model acts on; what it only keeps has the field `content` instead. */
export function isKind<K extends Kind>(object: AnyObject, kind: K): object is KindMap[K] {
  return object.kind === kind && !('content' in object)
}

/** The pod template of what makes pods. */
function templateIn(object: AnyObject): PodTemplate | null {
  if (isKind(object, 'CronJob')) return object.spec.jobTemplate.spec.template
  const makers = ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'ReplicationController', 'StatefulSet'] as const
  for (const kind of makers) if (isKind(object, kind)) return object.spec.template
  return null
}

/** What there is to be referred to: everything that the manifests and the timeline's `apply` commands bring. */
export class Inventory {
  readonly services: readonly Service[]
  readonly deployments: readonly Deployment[]
  readonly replicaSets: readonly ReplicaSet[]
  readonly pods: readonly Pod[]
  readonly templates: readonly PodTemplateEntry[]

  readonly #objects: readonly AnyObject[]
  readonly #unread: readonly string[]
  readonly #uncertain: boolean

  /**
   * `unread` are the names of objects that are written in the manifests but could not be read; `uncertain` says that there may be more than
   * is known. What may be among them is not said to be absent.
   */
  constructor(objects: readonly AnyObject[], unread: readonly string[] = [], uncertain = false) {
    this.#objects = objects
    this.#unread = unread
    this.#uncertain = uncertain
    this.services = objects.filter((object) => isKind(object, 'Service'))
    this.deployments = objects.filter((object) => isKind(object, 'Deployment'))
    this.replicaSets = objects.filter((object) => isKind(object, 'ReplicaSet'))
    this.pods = objects.filter((object) => isKind(object, 'Pod'))
    this.templates = objects.flatMap((object): PodTemplateEntry[] => {
      const { name, namespace } = object.metadata
      const owner = `${object.kind} ${name}`
      const template = templateIn(object)
      if (template !== null) return [{ namespace, owner, labels: template.labels, spec: template.spec }]
      return isKind(object, 'Pod') ? [{ namespace, owner, labels: object.metadata.labels, spec: object.spec }] : []
    })
  }

  /** The objects of that kind. */
  of<K extends Kind>(kind: K): readonly KindMap[K][] {
    return this.#objects.filter((object) => isKind(object, kind))
  }

  /** Whether an object of that name may be among what could not be read. */
  mayHave(name: string): boolean {
    return this.#uncertain || this.#unread.includes(name)
  }

  /** Whether pods may be among what could not be read. */
  get mayHaveMorePods(): boolean {
    return this.#uncertain || this.#unread.length > 0
  }

  templatesMatching(selector: LabelSelector, namespace: string | null): readonly PodTemplateEntry[] {
    return this.templates.filter(
      (entry) => (namespace === null || entry.namespace === namespace) && matchesSelector(selector, entry.labels),
    )
  }
}

/** The objects of one kind that bear a name, in whatever namespace. */
export function named<T extends AnyObject>(objects: readonly T[], name: string): readonly T[] {
  return objects.filter((object) => object.metadata.name === name)
}

/** The object with a name in a namespace. */
export function find<T extends AnyObject>(objects: readonly T[], namespace: string, name: string): T | undefined {
  return objects.find((object) => object.metadata.name === name && object.metadata.namespace === namespace)
}

/** Names for a message: each once, at most ten. */
export function listNames(names: readonly string[], none: string): string {
  const unique = [...new Set(names)]
  if (unique.length === 0) return none
  return unique.length <= 10 ? unique.join(', ') : `${unique.slice(0, 10).join(', ')} and ${unique.length - 10} more`
}
