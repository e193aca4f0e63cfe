import type { ApiServer } from '../control-plane/api-server.ts'
import { Informer } from '../control-plane/informer.ts'
import type { PodRecords } from './pod-records.ts'

const SUFFIX = '.svc.cluster.local'

/**
 * Which names the cluster's DNS servers know: those of the Services that they have heard of, each as `<name>.<namespace>.svc.cluster.local`, and
 * of the pods of headless ones.
 *
 * One informer stands for those of all servers, and a server that starts has its knowledge at once: CoreDNS answers nobody before its first
 * lists are here, or 5 s have passed. Source: coredns plugin/kubernetes (InitKubeCache).
 */
export class DnsNames {
  readonly #services: Informer<'Service'>
  readonly #pods: PodRecords | null

  /** `pods`: of headless Services, where somebody asks for them. */
  constructor(server: ApiServer, pods: PodRecords | null = null) {
    this.#pods = pods
    this.#services = new Informer(server, 'Service', { name: 'coredns', network: 'nodeNetwork' })
  }

  /** Lists and watches from now on. */
  start(): void {
    this.#services.startSynced()
  }

  knows(fullName: string): boolean {
    if (!fullName.endsWith(SUFFIX)) return false
    const labels = fullName.slice(0, -SUFFIX.length).split('.')
    if (labels.length === 3 && this.#pods !== null) {
      const [pod, service, namespace] = labels as [string, string, string]
      return this.#pods.addressesOf({ namespace, service, pod }).length > 0
    }
    const [name, namespace, ...rest] = labels
    return rest.length === 0 && namespace !== undefined && this.#services.get(`Service/${namespace}/${name}`) !== undefined
  }
}
