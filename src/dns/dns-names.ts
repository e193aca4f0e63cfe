import type { ApiServer } from '../control-plane/api-server.ts'
import { Informer } from '../control-plane/informer.ts'

const SUFFIX = '.svc.cluster.local'

/**
 * Which names the cluster's DNS servers know: those of the Services that they have heard of, each as `<name>.<namespace>.svc.cluster.local`.
 *
 * One informer stands for those of all servers, and a server that starts has its knowledge at once: CoreDNS answers nobody before its first
 * lists are here, or 5 s have passed. Source: coredns plugin/kubernetes (InitKubeCache).
 */
export class DnsNames {
  readonly #services: Informer<'Service'>

  constructor(server: ApiServer) {
    this.#services = new Informer(server, 'Service', { name: 'coredns', network: 'nodeNetwork' })
  }

  /** Lists and watches from now on. */
  start(): void {
    this.#services.startSynced()
  }

  knows(fullName: string): boolean {
    if (!fullName.endsWith(SUFFIX)) return false
    const [name, namespace, ...rest] = fullName.slice(0, -SUFFIX.length).split('.')
    return rest.length === 0 && namespace !== undefined && this.#services.get(`Service/${namespace}/${name}`) !== undefined
  }
}
