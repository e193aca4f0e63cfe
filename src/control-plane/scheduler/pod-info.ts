import type { Pod, PodAffinity } from '../../api/objects/index.ts'
import { keyOf } from '../object-key.ts'
import { type AffinityTerm, affinityTerm } from './affinity-term.ts'
import { type HostPort, hostPortsOf } from './host-ports.ts'
import { podRequests, type Requests, scoredRequests } from './pod-resources.ts'

/** What a term asks for, and how strongly. */
export type TermKind = 'required affinity' | 'required anti-affinity' | 'preferred affinity' | 'preferred anti-affinity'

/** A term that a pod has; `weight` is 0 for a required one. `id` is the same for terms that say the same. */
export interface OwnTerm {
  readonly kind: TermKind
  readonly weight: number
  readonly term: AffinityTerm
  readonly id: string
}

const NONE: readonly OwnTerm[] = []

/** A pod with what the scheduler computes of it once. */
export class PodInfo {
  readonly key: string
  /** The newest that is known of it. */
  pod: Pod
  readonly requests: Requests
  readonly scored: Requests
  readonly ports: readonly HostPort[]
  readonly terms: readonly OwnTerm[]

  constructor(pod: Pod) {
    this.key = keyOf(pod)
    this.pod = pod
    this.requests = podRequests(pod)
    this.scored = scoredRequests(pod)
    this.ports = hostPortsOf(pod)
    const { podAffinity, podAntiAffinity } = pod.spec
    this.terms =
      podAffinity === undefined && podAntiAffinity === undefined
        ? NONE
        : [
            ...ownTerms(pod, podAffinity, 'required affinity', 'preferred affinity'),
            ...ownTerms(pod, podAntiAffinity, 'required anti-affinity', 'preferred anti-affinity'),
          ]
  }

  termsOf(kind: TermKind): readonly OwnTerm[] {
    return this.terms === NONE ? NONE : this.terms.filter((term) => term.kind === kind)
  }
}

function ownTerms(pod: Pod, affinity: PodAffinity | undefined, required: TermKind, preferred: TermKind): OwnTerm[] {
  if (affinity === undefined) return []
  const own = (kind: TermKind, weight: number, term: AffinityTerm): OwnTerm => ({
    kind,
    weight,
    term,
    id: JSON.stringify([kind, weight, term]),
  })
  return [
    ...affinity.required.map((term) => own(required, 0, affinityTerm(pod, term))),
    ...affinity.preferred.map(({ weight, term }) => own(preferred, weight, affinityTerm(pod, term))),
  ]
}
