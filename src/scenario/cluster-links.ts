import type { AnyObject } from '../api/objects/index.ts'
import type { ApiPaths } from '../control-plane/api-paths.ts'
import type { Etcd } from '../control-plane/etcd.ts'
import { INSTALLS } from '../control-plane/installs/index.ts'
import type { Simulation } from '../engine/simulation.ts'
import { type FaultTarget, OUTSIDE } from '../faults/index.ts'
import { Links, type Place } from '../network/links.ts'
import type { Scenario } from './scenario.ts'

/** Where the control plane stands when nobody says: one place beside the nodes. */
const NOWHERE = 'control-plane'
/** Processes that are clients of the API and run on the node whose name follows. */
const ON_NODES = ['kubelet/', 'kube-proxy/', 'network-plugin/']
/** An ingress controller's pod. */
const INGRESS = 'ingress/'
/** Those of which a replica stands on each machine of the control plane, or one on the only one. */
const LED = ['kube-controller-manager', 'kube-scheduler']

export interface ClusterLinksOptions {
  readonly sim: Simulation
  readonly cluster: Scenario['cluster']
  readonly nodes: readonly string[]
  /** The node of an ingress controller's pod, by its name. */
  readonly nodeOfPod: (name: string) => string | undefined
}

/** Where everything stands that speaks over links which faults can disturb: nodes, API servers, members of etcd, and the clients of the API. */
export class ClusterLinks {
  readonly links: Links
  readonly #options: ClusterLinksOptions
  /** Of the API servers, by their number, and of the members of etcd. */
  readonly #servers: readonly string[]
  readonly #members: readonly string[]
  readonly #machines: readonly string[]
  #etcd: Etcd<AnyObject> | null = null

  constructor(options: ClusterLinksOptions) {
    const { sim, cluster, nodes } = options
    this.#options = options
    const install = cluster.install === null ? null : INSTALLS[cluster.install]
    this.#servers = install?.controlPlane ?? Array.from({ length: cluster.apiServers }, () => NOWHERE)
    this.#members = install?.etcd(cluster.etcdMembers) ?? Array.from({ length: cluster.etcdMembers }, () => NOWHERE)
    const others = [...new Set([...this.#servers, ...this.#members])].filter((name) => !nodes.includes(name))
    this.#machines = [...nodes, ...others]
    this.links = new Links(sim, nodes, others)
  }

  /** The links between the members of etcd are those of their machines from now on. */
  attach(etcd: Etcd<AnyObject>): void {
    this.#etcd = etcd
    etcd.attachLinks((a, b) => this.#isCut(this.#members[a]!, this.#members[b]!))
    this.links.onChange(() => etcd.linksChanged())
  }

  /** The ways of the API. */
  get paths(): ApiPaths {
    const { links } = this
    return {
      concerns: (client) => this.#placeOf(client) !== undefined,
      isOpenTo: (client, server) => !links.isCut(this.#placeOf(client)!, this.#server(server)),
      isOpenFrom: (client, server) => !links.isCut(this.#server(server), this.#placeOf(client)!),
      heldUp: (client, server) => links.holdsUp(this.#placeOf(client)!, this.#server(server)),
      reachesEtcd: (server) => this.#reachesEtcd(this.#servers[server]!),
      onChange: (listener) => links.onChange(listener),
    }
  }

  /** What faults can do. */
  get target(): FaultTarget['links'] {
    const { links } = this
    const places = (names: readonly string[]): Place[] => names.map((name) => (name === OUTSIDE ? links.outside : links.placeOf(name)!))
    return {
      machines: this.#machines,
      controlPlane: [...new Set(this.#servers)],
      disturb: ({ from, to, ...rest }) => links.disturb({ ...rest, from: places(from), to: places(to) }),
    }
  }

  /** What asks the nodes from beside the control plane does not reach that one, or has no answer. */
  isCutOff(node: string): boolean {
    return this.#isCut(this.#servers[0]!, node)
  }

  #server(id: number): Place {
    return this.links.placeOf(this.#servers[id]!)!
  }

  #placeOf(client: string): Place | undefined {
    const node = this.#nodeOf(client)
    return node === undefined ? undefined : this.links.placeOf(node)
  }

  #nodeOf(client: string): string | undefined {
    for (const prefix of ON_NODES) if (client.startsWith(prefix)) return client.slice(prefix.length)
    if (client.startsWith(INGRESS)) return this.#options.nodeOfPod(client.slice(INGRESS.length))
    const [component, host = this.#servers[0]] = client.split('/')
    return LED.includes(component!) ? host : undefined
  }

  /** A server asks the member of its own machine where there is one, or else any. */
  #reachesEtcd(server: string): boolean {
    const etcd = this.#etcd
    // What the cluster starts with is there before anything can come between.
    if (etcd === null) return true
    const own = this.#members.indexOf(server)
    if (own >= 0 && server !== NOWHERE) return etcd.isInTouch(own) || etcd.leader === null
    return etcd.leader === null || this.#members.some((name, member) => !this.#isCut(server, name) && etcd.isInTouch(member))
  }

  #isCut(a: string, b: string): boolean {
    const { links } = this
    const [one, other] = [links.placeOf(a)!, links.placeOf(b)!]
    return links.isCut(one, other) || links.isCut(other, one)
  }
}
