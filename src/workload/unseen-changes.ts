import { reachableBy } from '../kube-proxy/routing.ts'
import type { ServiceHistory, ServicePortId } from '../kube-proxy/service-history.ts'
import { UNWRITTEN, type UnseenChange } from '../metrics/unseen-change.ts'
import type { AddressId, EndpointId } from '../network/addresses.ts'
import type { Nanos } from '../units.ts'

/** What a node's rules said of a connection, and when. */
export interface RuleLookup {
  readonly node: number
  readonly servicePort: ServicePortId
  readonly at: Nanos
  /** Up to which the rules knew of Services and of EndpointSlices. */
  readonly serviceRevision: number
  readonly sliceRevision: number
}

/**
 * Finds the change of an object that the rules did not have yet when they sent a connection into the void.
 *
 * ```text
 *   pod is told to stop ──▶ Pod written ──▶ EndpointSlice written ──▶ node programmed
 *      │        unwritten       │         the Pod       │      the EndpointSlice    │   nothing unseen
 * ```
 *
 * Which change it is depends on how far the news had come when the rules were asked.
 */
export class UnseenChanges {
  readonly #history: ServiceHistory
  /** By address: the pod that has it, and since which change it should get no connection; null while it may. */
  readonly #pods = new Map<AddressId, { readonly pod: string; readonly change: UnseenChange | null }>()

  constructor(history: ServiceHistory) {
    this.#history = history
  }

  /** A pod with that address, dotted, was written. `usable`: it is Ready, and not being deleted. Writes of a pod that had the address before do not count. */
  podWritten(address: string, usable: boolean, change: UnseenChange): void {
    const id = this.#history.addresses.address(address)
    const pod = change.object
    const known = this.#pods.get(id)
    if (usable) this.#pods.set(id, { pod, change: null })
    else if (known === undefined || (known.pod === pod && known.change === null)) this.#pods.set(id, { pod, change })
  }

  /** The rules sent a connection to an endpoint that does not answer: what they had not seen. `alive`: something listens there now. */
  ofDeadEndpoint(lookup: RuleLookup, endpoint: EndpointId, alive: boolean): UnseenChange | null {
    const rules = this.#history.rules(lookup.servicePort, lookup.serviceRevision)
    if (rules === null) return null
    const unseen = this.#firstSlice(lookup, rules.endpointPort, (endpoints) => !reachableBy(endpoints, rules, lookup.node).has(endpoint))
    if (unseen !== null) return unseen
    const ofPod = this.#pods.get(this.#history.addresses.addressOf(endpoint))?.change ?? null
    if (ofPod !== null && ofPod.committedAt !== null && ofPod.committedAt <= lookup.at) return ofPod
    return alive ? null : UNWRITTEN
  }

  /** Whether the rules, as far as they knew, would send a new connection to that endpoint. */
  wouldSendTo(lookup: RuleLookup, endpoint: EndpointId): boolean {
    const rules = this.#history.rules(lookup.servicePort, lookup.serviceRevision)
    if (rules === null) return false
    const endpoints = this.#history.endpoints(rules.endpointPort, lookup.sliceRevision).seenFrom(lookup.node)
    return reachableBy(endpoints, rules, lookup.node).has(endpoint)
  }

  /** The rules rejected a connection, as they had no endpoint. */
  ofNoEndpoint(lookup: RuleLookup): UnseenChange | null {
    const rules = this.#history.rules(lookup.servicePort, lookup.serviceRevision)
    if (rules === null) return null
    return this.#firstSlice(lookup, rules.endpointPort, (endpoints) => reachableBy(endpoints, rules, lookup.node).count > 0)
  }

  /** The node had no rules for the Service port. */
  ofNoRule(lookup: RuleLookup): UnseenChange | null {
    const versions = this.#history.ruleVersions(lookup.servicePort)
    for (let index = versions.indexAt(lookup.serviceRevision) + 1; index < versions.length; index++) {
      if (versions.valueOf(index) !== null) return this.#written(versions.revisionOf(index), lookup.at)
    }
    return null
  }

  /** The first EndpointSlice beyond what the rules knew, written before they were asked, that would have changed their answer. */
  #firstSlice(
    lookup: RuleLookup,
    endpointPort: number,
    differs: (endpoints: ReturnType<ServiceHistory['endpoints']>) => boolean,
  ): UnseenChange | null {
    const versions = this.#history.endpointVersions(endpointPort)
    for (let index = versions.indexAt(lookup.sliceRevision); index < versions.length; index++) {
      const revision = versions.revisionOf(index)
      if (revision > lookup.sliceRevision && differs(versions.valueOf(index).seenFrom(lookup.node)))
        return this.#written(revision, lookup.at)
    }
    return null
  }

  /** The change of a revision, unless it was written later than `at`. What the history has forgotten was written long before. */
  #written(revision: number, at: Nanos): UnseenChange | null {
    const change = this.#history.change(revision)
    if (change === null) return { object: `revision ${revision}`, revision, committedAt: null }
    return change.committedAt <= at ? { object: change.subject, revision, committedAt: change.committedAt } : null
  }
}
