import { isContainer } from '../source-text.ts'

/**
 * The fields of a kind that is no part of Kubernetes itself: the type of a leaf, `any` for what is not looked into, a map of fields, or a list of
 * what stands in brackets. A name that ends in `!` must be there.
 */
export type Shape = 'string' | 'integer' | 'boolean' | 'texts' | 'any' | { readonly [field: string]: Shape } | readonly [Shape] | Allowed

/** A text of a closed list. */
export interface Allowed {
  readonly allowed: readonly string[]
}

interface Failure {
  readonly instancePath: string
  readonly keyword: string
  readonly params: { readonly type?: string; readonly missingProperty?: string; readonly allowedValues?: readonly string[] }
}

/** Source: apimachinery pkg/apis/meta/v1/types.go, ObjectMeta. */
const METADATA: Shape = {
  name: 'string',
  generateName: 'string',
  namespace: 'string',
  labels: 'texts',
  annotations: 'texts',
  finalizers: ['string'],
  ownerReferences: [
    {
      'apiVersion!': 'string',
      'kind!': 'string',
      'name!': 'string',
      'uid!': 'string',
      controller: 'boolean',
      blockOwnerDeletion: 'boolean',
    },
  ],
  uid: 'string',
  resourceVersion: 'string',
  generation: 'integer',
  creationTimestamp: 'any',
  deletionTimestamp: 'any',
  deletionGracePeriodSeconds: 'integer',
  managedFields: 'any',
  selfLink: 'string',
}

/** A module as kubernetes-models has one for each of Kubernetes' own kinds: a class whose validator looks at every field that it knows. */
export function modelOf(apiVersion: string, kind: string, spec: Shape): object {
  const shape: Shape = {
    'apiVersion!': { allowed: [apiVersion] },
    'kind!': { allowed: [kind] },
    metadata: METADATA,
    'spec!': spec,
    status: 'any',
  }
  function validate(this: object): void {
    const errors: Failure[] = []
    check(shape, this, '', errors)
    if (errors.length > 0) throw Object.assign(new Error('invalid'), { errors })
  }
  return { [kind]: { prototype: { validate } } }
}

function check(shape: Shape, value: unknown, instancePath: string, errors: Failure[]): void {
  const wrong = (type: string) => errors.push({ instancePath, keyword: 'type', params: { type } })
  if (shape === 'any') return
  if (shape === 'string' || shape === 'boolean') {
    if (typeof value !== shape) wrong(shape)
  } else if (shape === 'integer') {
    if (!Number.isInteger(value)) wrong('integer')
  } else if (shape === 'texts') {
    if (!isMap(value)) wrong('object')
    else for (const key of Object.keys(value)) check('string', value[key], `${instancePath}/${escaped(key)}`, errors)
  } else if (isList(shape)) {
    if (!Array.isArray(value)) wrong('array')
    else for (let index = 0; index < value.length; index++) check(shape[0], value[index], `${instancePath}/${index}`, errors)
  } else if (isAllowed(shape)) {
    if (!shape.allowed.includes(value as string)) errors.push({ instancePath, keyword: 'enum', params: { allowedValues: shape.allowed } })
  } else if (isMap(value)) checkFields(shape, value, instancePath, errors)
  else wrong('object')
}

function checkFields(
  fields: { readonly [field: string]: Shape },
  value: Readonly<Record<string, unknown>>,
  at: string,
  errors: Failure[],
): void {
  for (const [name, shape] of Object.entries(fields)) {
    const isNeeded = name.endsWith('!')
    const field = isNeeded ? name.slice(0, -1) : name
    const found = value[field]
    if (found !== undefined && found !== null) check(shape, found, `${at}/${field}`, errors)
    else if (isNeeded) errors.push({ instancePath: at, keyword: 'required', params: { missingProperty: field } })
  }
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape)
}

function isAllowed(shape: object): shape is Allowed {
  return 'allowed' in shape
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return isContainer(value) && !Array.isArray(value)
}

function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
