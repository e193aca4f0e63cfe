import type { AnyObject } from '../../api/objects/index.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import type { AddressPool, PortPool } from '../address-pools.ts'
import { qualifiedResource } from '../resources.ts'
import type { AdmissionCaches } from './caches.ts'

/** What admission may look at and take from. */
export interface AdmissionContext {
  /** What is stored now. */
  readonly get: (key: string) => AnyObject | undefined
  /** All objects of a kind, as the API server's own informer has them. */
  readonly list: (kind: string) => Iterable<AnyObject>
  readonly clusterIPs: AddressPool
  readonly nodePorts: PortPool
  readonly rng: RandomStream
  readonly caches: AdmissionCaches
}

export interface Refused {
  /** The message of the answer. */
  readonly refuse: string
  /** 403 when not given. */
  readonly code?: number
}

/** One admission plugin: gives back the same object when it has nothing to say, a changed one, or a refusal. */
export interface Plugin {
  readonly name: string
  readonly admit: (object: AnyObject, context: AdmissionContext, asked: string) => AnyObject | Refused
}

/**
 * The message of a plugin that refuses an object. While objects are still changed, one with a generated name has none yet.
 *
 * Source: apiserver pkg/admission/errors.go (NewForbidden).
 */
export function forbidden({ kind, metadata }: AnyObject, why: string, name = metadata.name): string {
  return `${qualifiedResource(kind)} "${name}" is forbidden: ${why}`
}
