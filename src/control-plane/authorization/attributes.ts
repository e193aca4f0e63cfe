import { qualifiedResource, resourceOf } from '../resources.ts'

export type Verb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'bind'

/** What somebody wants to do to which object. */
export interface Attempt {
  readonly verb: Verb
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** `status`, `finalize`, `eviction`…; the object itself when not given. */
  readonly subresource?: string | undefined
}

/** An attempt as rules see it. */
export interface Attributes {
  readonly verb: string
  readonly group: string
  readonly resource: string
  /** Empty for none. */
  readonly subresource: string
  readonly namespace: string
  /** Empty where the path has none: for lists, and for creates of objects. */
  readonly name: string
}

/**
 * A binding and an eviction are created under a pod. Whoever asks for one namespace asks within it.
 *
 * Source: apiserver pkg/endpoints/request/requestinfo.go.
 */
export function attributesOf({ verb, kind, namespace, name, subresource }: Attempt): Attributes {
  const isCreated = verb === 'bind' || subresource === 'eviction'
  const isNamespace = kind === 'Namespace' && verb !== 'create' && verb !== 'list'
  return {
    verb: isCreated ? 'create' : verb,
    ...resourceOf(kind),
    subresource: verb === 'bind' ? 'binding' : (subresource ?? ''),
    namespace: isNamespace ? name : namespace,
    name: verb === 'create' || verb === 'list' ? '' : name,
  }
}

/**
 * The message of a 403, after the rules.
 *
 * Source: apiserver pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage), apimachinery pkg/api/errors (NewForbidden).
 */
export function forbiddenMessage(user: string, kind: string, attributes: Attributes, reason: string): string {
  const { verb, group, resource, subresource, namespace, name } = attributes
  const path = subresource === '' ? resource : `${resource}/${subresource}`
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const subject = name === '' ? qualifiedResource(kind) : `${qualifiedResource(kind)} "${name}"`
  const why = reason === '' ? '' : `: ${reason}`
  return `${subject} is forbidden: User "${user}" cannot ${verb} resource "${path}" in API group "${group}" ${where}${why}`
}
