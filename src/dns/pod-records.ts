import type { EndpointSlice } from '../api/objects/index.ts'
import { SERVICE_NAME_LABEL } from '../api/objects/index.ts'
import type { ApiServer } from '../control-plane/api-server.ts'
import { Informer } from '../control-plane/informer.ts'

/** The name of a headless Service, or of one of its pods. */
export interface PodRecordName {
  readonly namespace: string
  readonly service: string
  /** null: all of them. */
  readonly pod: string | null
}

/** The addresses of one Service. */
interface Records {
  readonly all: readonly string[]
  readonly byPod: ReadonlyMap<string, readonly string[]>
}

const NOBODY: readonly string[] = []

/**
 * Which addresses the cluster's DNS servers give for headless Services: those of the endpoints that are ready, which all are with
 * `publishNotReadyAddresses`; and for `<pod>.<service>.<namespace>.svc` that of the pod.
 *
 * One informer stands for those of all servers, as in {@link ./dns-names.ts DnsNames}; an answer is as old as what it has heard. Pods have the
 * hostname of their own name, and the Service as their subdomain (*assumption*; a StatefulSet says it with `serviceName`).
 *
 * Source: kubernetes dns specification 1.1, section 2.4; coredns plugin/kubernetes (findServices).
 */
export class PodRecords {
  readonly #slices: Informer<'EndpointSlice'>
  /** By Service, of each pod; made anew after a change. */
  readonly #known = new Map<string, Records>()

  constructor(server: ApiServer) {
    this.#slices = new Informer(server, 'EndpointSlice', { name: 'coredns', network: 'nodeNetwork' })
    this.#slices.listen(({ object }) => this.#known.delete(serviceOf(object)))
  }

  /** Lists and watches from now on. */
  start(): void {
    this.#slices.startSynced()
  }

  /** Dotted; the same list as long as nothing changes. */
  addressesOf({ namespace, service, pod }: PodRecordName): readonly string[] {
    const key = `${namespace}/${service}`
    let records = this.#known.get(key)
    if (records === undefined) {
      records = this.#recordsOf(key)
      this.#known.set(key, records)
    }
    return pod === null ? records.all : (records.byPod.get(pod) ?? NOBODY)
  }

  #recordsOf(key: string): Records {
    const byPod = new Map<string, readonly string[]>()
    for (const slice of this.#slices.values()) {
      if (serviceOf(slice) !== key) continue
      for (const { address, podName, conditions } of slice.endpoints) if (conditions.ready) byPod.set(podName, [address])
    }
    return { all: [...byPod.values()].flat(), byPod }
  }
}

function serviceOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels[SERVICE_NAME_LABEL] ?? ''}`
}
