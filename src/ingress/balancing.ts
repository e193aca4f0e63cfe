import type { LoadBalance } from '../workload/specs.ts'
import type { HashKey } from './hash-key.ts'

/** How an upstream's endpoints are chosen where annotations of its Ingresses say so; without them as the controller is set up. */
export type Balancing = PlainBalancing | HashBalancing | CookieBalancing

/** `load-balance`. */
export interface PlainBalancing {
  readonly kind: LoadBalance
}

/** `upstream-hash-by`. */
export interface HashBalancing {
  readonly kind: 'chash'
  readonly key: HashKey
}

/** `affinity: cookie`. */
export interface CookieBalancing {
  readonly kind: 'sticky_balanced' | 'sticky_persistent'
  /** Of the cookie. */
  readonly name: string
  /** Seconds that a client keeps it; Infinity: as long as there is a client. */
  readonly maxAge: number
  /** A try after a failed one goes elsewhere, and the cookie with it. */
  readonly changeOnFailure: boolean
  /** The Ingresses, `Ingress/namespace/name`, that ask for it: only at their paths is the cookie given. */
  readonly setBy: readonly string[]
}

export function isSticky(balancing: Balancing | undefined): balancing is CookieBalancing {
  return balancing?.kind === 'sticky_balanced' || balancing?.kind === 'sticky_persistent'
}
