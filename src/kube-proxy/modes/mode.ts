import type { Ending } from '../../proxy/ipvs/timeouts.ts'
import type { Nanos } from '../../units.ts'
import type { KubeProxySpec } from '../kube-proxy-spec.ts'
import type { RuleCounts } from '../rule-counts.ts'
import type { ServicePortId } from '../service-history.ts'

/** By which address a connection comes to a Service port. */
export const CLUSTER_IP = 0
export const NODE_PORT = 1
export type Entry = typeof CLUSTER_IP | typeof NODE_PORT

/** Instead of an endpoint: the rules reject the packet with an ICMP port unreachable, and the client knows at once. */
export const REJECTED = -1
/** Instead of an endpoint: no rule knows the address, and the packet is lost. */
export const NO_RULE = -2

/** Instead of an endpoint: the rules drop the packet, since under policy Local there is no endpoint on the node. The next SYN is looked at anew. */
export const DROPPED = -3

/** A connection of which the mode keeps nothing. */
export const NO_BINDING = -1

/** What a sync is about to write. */
export interface SyncWork {
  readonly full: boolean
  /** What the rules will hold afterwards. */
  readonly counts: RuleCounts
  /** Services of which anything changed since the last sync. */
  readonly changedServices: number
}

/**
 * How kube-proxy turns Services into rules on its node, and what those rules then do with a connection.
 *
 * {@link connect} is called for every connection; to spare an object for each, it answers with the endpoint and leaves the rest in
 * {@link cost} and {@link binding}, valid until the next call.
 */
export interface ProxyMode {
  readonly name: KubeProxySpec['mode']
  /** From the end of one sync to the start of the next, at least. */
  readonly minSyncPeriod: Nanos
  /** From the end of one sync to the start of the next, at most. */
  readonly maxSyncPeriod: Nanos
  /** How often all rules are written anew, or null when every sync compares everything anyway. */
  readonly fullSyncPeriod: Nanos | null

  /** Whether a connection that met {@link NO_RULE} goes on doing so, even when rules come: its repeated SYNs are not looked up again. */
  readonly remembersMisses: boolean

  /** How long a sync takes. */
  syncTime(work: SyncWork): Nanos
  /** How long before its end a sync has written what rejects and drops, but not yet what translates: 0 where it writes both at once. */
  tornTime(work: SyncWork): Nanos
  /** Rules, or entries, that the kernel then holds. */
  ruleCount(counts: RuleCounts): number
  /** A sync of this node took effect now. */
  synced(node: number, now: Nanos): void
  /** The kernel of this node is gone. */
  crashed(node: number): void
  /** Nothing older than the nodes' present rules will be kept. */
  beforePrune(now: Nanos): void

  /** Whether it matters that a client uses the port of an ended connection again, so that clients must choose theirs as kernels do. */
  readonly noticesReuse: boolean

  /** CPU time that the last {@link connect} spent on the node. */
  cost: Nanos
  /** What the mode keeps of that connection, for {@link retransmit} and {@link release}. */
  binding: number

  /**
   * Sends a new connection to an endpoint, or to {@link REJECTED}, {@link NO_RULE} or {@link DROPPED}.
   *
   * `client` is the client's own address, as an int32: these rules see a packet before its source is masqueraded. `clientPort` is its port.
   */
  connect(node: number, servicePort: ServicePortId, entry: Entry, now: Nanos, client?: number, clientPort?: number): number
  /**
   * Whether answers of that endpoint find the way back through the node. False only in ipvs mode, for a client outside and a Service with
   * `externalTrafficPolicy: Local` that has no endpoint on the node.
   */
  answersReturn(node: number, servicePort: ServicePortId, entry: Entry): boolean
  /** Whether a repeated SYN still goes where the first one went. False: it is dropped, what was kept is gone, and the next one connects afresh. */
  retransmit(binding: number, now: Nanos): boolean
  /** The connection is over. Called at most once a binding, and not after {@link retransmit} said false. */
  release(binding: number, ending: Ending, now: Nanos): void
  /** A UDP flow has been silent for as long as the mode remembers one: it is counted no more. Called at most once a binding. */
  forget(binding: number, now: Nanos): void
  /** CPU time that a node spends on a connection's first packet to an address that is no Service's, such as a pod's: it meets the rules and passes. */
  passCost(node: number): Nanos
  /** CPU time of a packet of a connection that is there already. */
  readonly establishedCost: Nanos
}
