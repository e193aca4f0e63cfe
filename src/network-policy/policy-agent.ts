import type { NetworkPolicy, Pod, StringMap } from '../api/objects/index.ts'
import type { ApiAccess } from '../control-plane/api-client.ts'
import { Informer } from '../control-plane/informer.ts'
import { keyOf } from '../control-plane/object-key.ts'
import type { WatchEvent } from '../control-plane/watch-cache.ts'
import { NO_TIMER, type Timer } from '../engine/simulation.ts'
import { parseIpv4 } from '../network/addresses.ts'
import type { SandboxSpec } from '../node/pod-host.ts'
import type { Nanos } from '../units.ts'
import type { Transport } from '../workload/packet-filter.ts'
import { type Direction, isAllowed, NAMESPACE_NAME_LABEL, type PolicyPod, PolicyRules } from './policy-rules.ts'

/** Answers that are remembered for one pod and direction, at most. */
const VERDICTS_MAX = 16_384

/** A pod by its address, as the node's rules know it. */
interface KnownPod extends PolicyPod {
  readonly uid: string
}

/** What the rules say of one pod of the node in one direction. */
interface Isolation {
  readonly policies: readonly PolicyRules[]
  readonly pod: PolicyPod
  /** By address, port and protocol in one number. */
  readonly verdicts: Map<number, boolean>
}

/**
 * The network plugin of one node, as far as NetworkPolicies go: it watches, works out what changed, and programs its node a little later.
 *
 * ```text
 *   NetworkPolicy, Pod, Namespace ─ watch ─▶ changes ─ `policyProgramming` ─▶ rules of this node
 *                                             more changes meanwhile wait for the next time
 * ```
 *
 * A pod of the node is isolated by what the rules hold from the moment it has its address, as Kubernetes asks of plugins; but who its peers are
 * is known only after their addresses have come by the watch and have been programmed. So a new client pod may for a moment be nobody to the nodes
 * of those that it calls, and what it sends is dropped: a known trouble of real clusters.
 *
 * Simplified: to look at a packet costs no CPU time.
 * Source: kubernetes.io, Network Policies, "Pod lifecycle"; Calico felix/calc and int_dataplane.go (changes in batches; behaviour).
 */
export class PolicyAgent {
  readonly #access: ApiAccess
  readonly #actor: string
  readonly #policies: Informer<'NetworkPolicy'>
  readonly #pods: Informer<'Pod'>
  readonly #namespaces: Informer<'Namespace'>
  #heard: WatchEvent[] = []
  #timer: Timer = NO_TIMER
  /** What is programmed: policies by key, pods by address, labels by namespace. */
  readonly #rules = new Map<string, PolicyRules>()
  readonly #known = new Map<number, KnownPod>()
  readonly #labels = new Map<string, StringMap>()
  /** What follows from that, by pod of the node. */
  readonly #isolations: { readonly [D in Direction]: Map<SandboxSpec, Isolation> } = { Ingress: new Map(), Egress: new Map() }
  readonly #labelsOf = (namespace: string): StringMap => this.#labels.get(namespace) ?? { [NAMESPACE_NAME_LABEL]: namespace }

  constructor(access: ApiAccess, node: string) {
    this.#access = access
    this.#actor = `network-plugin/${node}`
    const { whenRunning } = access
    const options = { name: this.#actor, network: 'nodeNetwork', whenRunning } as const
    this.#policies = new Informer(access.server, 'NetworkPolicy', options)
    this.#pods = new Informer(access.server, 'Pod', options)
    this.#namespaces = new Informer(access.server, 'Namespace', options)
    this.#policies.listen((event) => this.#hear(event))
    this.#namespaces.listen((event) => this.#hear(event))
    this.#pods.listen((event) => {
      if (event.type === 'DELETED' || event.previous === undefined || !isSame(event.previous, event.object)) this.#hear(event)
    })
  }

  /** The keys of the policies in the node's rules. */
  get programmed(): Iterable<string> {
    return this.#rules.keys()
  }

  /** The run begins with the node up: what exists is programmed. */
  start(): void {
    for (const informer of [this.#policies, this.#pods, this.#namespaces]) informer.startSynced()
    for (const policy of this.#policies.values()) this.#setPolicy(policy, false)
    for (const pod of this.#pods.values()) this.#setPod(pod, false)
    for (const { metadata } of this.#namespaces.values()) this.#setNamespace(metadata.name, metadata.labels)
  }

  /** The node has booted: what the plugin lists, from an API server that may take its time to answer, is programmed like any change. */
  boot(): void {
    for (const informer of [this.#policies, this.#pods, this.#namespaces]) informer.start()
  }

  /** The API server has given the node's connection up. */
  sever(): void {
    for (const informer of [this.#policies, this.#pods, this.#namespaces]) informer.sever()
  }

  /** The node is gone, with what was programmed. */
  stop(): void {
    for (const informer of [this.#policies, this.#pods, this.#namespaces]) informer.stop()
    this.#access.sim.cancel(this.#timer)
    this.#timer = NO_TIMER
    this.#heard = []
    for (const map of [this.#rules, this.#known, this.#labels, this.#isolations.Ingress, this.#isolations.Egress]) map.clear()
  }

  /** Whether a pod of the node may open a connection in that direction, with that address; `port` is the port that is called. */
  lets(direction: Direction, spec: SandboxSpec, address: number, port: number, protocol: Transport): boolean {
    const isolation = this.#isolations[direction].get(spec) ?? this.#isolate(direction, spec)
    if (isolation.policies.length === 0) return true
    const { policies, pod, verdicts } = isolation
    const key = ((address >>> 0) * 65_536 + port) * 2 + (protocol === 'UDP' ? 1 : 0)
    let verdict = verdicts.get(key)
    if (verdict === undefined) {
      const peer = { address, pod: this.#known.get(address) ?? null }
      verdict = isAllowed(policies, direction, pod, peer, { port, protocol }, this.#labelsOf)
      if (verdicts.size === VERDICTS_MAX) verdicts.clear()
      verdicts.set(key, verdict)
    }
    return verdict
  }

  #isolate(direction: Direction, spec: SandboxSpec): Isolation {
    const { namespace, podName, podUid } = spec
    const known = this.#known.get(parseIpv4(spec.address) ?? 0)
    const object = this.#pods.get(`Pod/${namespace}/${podName}`)
    const ports = object?.metadata.uid === podUid ? portsOf(object) : []
    const pod: PolicyPod = known?.uid === podUid ? known : { namespace, labels: spec.labels, ports }
    const policies = [...this.#rules.values()].filter((rules) => rules.selects(direction, pod))
    const isolation = { policies, pod, verdicts: new Map<number, boolean>() }
    this.#isolations[direction].set(spec, isolation)
    return isolation
  }

  #hear(event: WatchEvent): void {
    this.#heard.push(event)
    if (this.#timer === NO_TIMER) this.#begin()
  }

  #begin(): void {
    const { sim, latencies } = this.#access
    const taken = this.#heard
    const startedAt = sim.now
    this.#heard = []
    this.#timer = sim.after(latencies.draw('policyProgramming', this.#actor), () => {
      this.#timer = NO_TIMER
      this.#program(taken, startedAt)
      if (this.#heard.length > 0) this.#begin()
    })
  }

  #program(events: readonly WatchEvent[], started: Nanos): void {
    for (const { type, object, revision, cause } of events) {
      const gone = type === 'DELETED'
      if (object.kind === 'NetworkPolicy') {
        this.#setPolicy(object as NetworkPolicy, gone)
        this.#access.trace.record({ cause, actor: this.#actor, action: 'programmed', subject: keyOf(object), revision, started })
      } else if (object.kind === 'Pod') this.#setPod(object as Pod, gone)
      else if (gone) this.#labels.delete(object.metadata.name)
      else this.#setNamespace(object.metadata.name, object.metadata.labels)
    }
    this.#isolations.Ingress.clear()
    this.#isolations.Egress.clear()
  }

  #setPolicy(policy: NetworkPolicy, gone: boolean): void {
    if (gone) this.#rules.delete(keyOf(policy))
    else this.#rules.set(keyOf(policy), new PolicyRules(policy))
  }

  /** A pod that has ended has given its address back. Those with the host's network have none of their own. */
  #setPod(pod: Pod, gone: boolean): void {
    const { metadata, spec, status } = pod
    const address = status.podIP === '' || spec.hostNetwork ? null : parseIpv4(status.podIP)
    if (address === null) return
    const { uid, namespace, labels } = metadata
    if (!gone && !hasEnded(pod)) this.#known.set(address, { uid, namespace, labels, ports: portsOf(pod) })
    else if (this.#known.get(address)?.uid === uid) this.#known.delete(address)
  }

  #setNamespace(name: string, labels: StringMap): void {
    this.#labels.set(name, { ...labels, [NAMESPACE_NAME_LABEL]: name })
  }
}

function portsOf({ spec }: Pod): PolicyPod['ports'] {
  return spec.containers.flatMap(({ ports }) => ports)
}

function hasEnded({ status }: Pod): boolean {
  return status.phase === 'Succeeded' || status.phase === 'Failed'
}

/** Nothing changed that policies look at. */
function isSame(a: Pod, b: Pod): boolean {
  return a.status.podIP === b.status.podIP && a.metadata.labels === b.metadata.labels && hasEnded(a) === hasEnded(b)
}
