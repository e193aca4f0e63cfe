import { invariant } from '../invariant.ts'
import { FreePlaces, grown } from './free-places.ts'

/** Bits of {@link ConnectionTable.flags}. A place is given back when neither of the first two is set and no request has it. */
/** The client has not closed it, nor learnt that it is closed. */
export const OPEN = 1
/** A SYN is on its way or is to be repeated. */
export const HELD = 2
/** A SYN was accepted. */
export const CONNECTED = 4
/** The node that translates has a connection tracking entry. */
export const ENTRY = 8
/** The pod's own node, another one, has an entry too. */
export const POD_ENTRY = 16
/** The last SYN was dropped by a full connection tracking table. */
export const TABLE_FULL = 32
/** Somebody has the place. */
const TAKEN = 64
/** The pod's answers do not find the way back to the client. */
export const NO_RETURN = 128
/** The pod has answered the last request on it, and waits for the next. */
export const IDLE_AT_POD = 256
/** The pod's side has closed it, which the client may not know yet. */
export const CLOSED_BY_POD = 512
/** The answer that is on its way says that the pod closes it. */
export const LAST_ANSWER = 1024
/** No connection: the way of a datagram and its answer. */
export const DATAGRAM = 2048
/** Nothing has been sent on it: the name is being looked up. */
export const RESOLVING = 4096
/** HTTP/2: its requests are streams. */
export const STREAMS = 8192
/** HTTP/2: its client has learnt that it is open. */
export const READY = 16_384
/** HTTP/2: its client puts no further stream on it, and its pool does not count it any more. */
export const RETIRED = 32_768

/** Its client, who is outside, calls at the node port of a node of its own choice. */
export const STRAIGHT = 65_536

/** The last SYN, or the datagram, was dropped by a NetworkPolicy. */
export const POLICY_DROP = 131_072

/** No pod: a client outside the cluster. */
export const OUTSIDE = -1
/** No request has the connection. */
export const NO_REQUEST = -1
/** A connection for one request. */
export const NO_POOL = -1

/** TCP connections in columns; a connection is its place. Places are used again, the one freed last first. */
export class ConnectionTable {
  /** What happens with the place, see above. */
  flags = new Int32Array(CAPACITY)
  /** The request that it is opened for or that is on it, or {@link NO_REQUEST}. Of HTTP/2, once it is open: one that was put on it while any refers to it. */
  requests = new Int32Array(CAPACITY)
  /** Counts the connections that had this place, so that a note about an earlier one is seen to be stale. */
  serials = new Int32Array(CAPACITY)
  /** The pool of its client that it belongs to, or {@link NO_POOL}. */
  pools = new Int32Array(CAPACITY)
  /** HTTP/2: its requests whose client waits, and all that still refer to it. */
  streams = new Int32Array(CAPACITY)
  riders = new Int32Array(CAPACITY)
  /** HTTP/2: which connection of that place TCP gives up at an event that is there. */
  givenUp = new Int32Array(CAPACITY)
  /** When the client began to open it, ns. */
  openedAt = new Float64Array(CAPACITY)
  /** When its client learns that it is open, ns; infinite until its SYN is accepted. */
  connectedAt = new Float64Array(CAPACITY)
  /** When the client had its last answer on it, ns. */
  idleSince = new Float64Array(CAPACITY)
  /** The event at which the client closes it for being idle. */
  idleTimers = new Float64Array(CAPACITY)
  /** The Service port that it goes to. */
  servicePorts = new Int32Array(CAPACITY)
  /** The client's port, of its own kernel's choice. */
  clientPorts = new Int32Array(CAPACITY)
  /** When the client sent its last SYN, ns. */
  synAt = new Float64Array(CAPACITY)
  /** SYNs repeated so far. */
  attempts = new Uint8Array(CAPACITY)
  /** When the client gives up opening it, ns. */
  givesUpAt = new Float64Array(CAPACITY)
  /** The client pod or {@link OUTSIDE}, and which process of that pod. */
  clients = new Int32Array(CAPACITY)
  clientIncarnations = new Int32Array(CAPACITY)
  /** Its address as an int32. */
  clientAddresses = new Int32Array(CAPACITY)
  /** The node whose rules translate it, -1 while there is none, and that node's epoch. */
  nodes = new Int32Array(CAPACITY)
  nodeEpochs = new Int32Array(CAPACITY)
  /** What the rules said: an endpoint, or why there is none. */
  endpoints = new Int32Array(CAPACITY)
  /** When they were asked, ns; NaN while they were not. */
  askedAt = new Float64Array(CAPACITY)
  /** Up to which revisions they then knew of Services and of EndpointSlices. */
  serviceRevisions = new Float64Array(CAPACITY)
  sliceRevisions = new Float64Array(CAPACITY)
  /** What the proxy mode keeps. */
  bindings = new Float64Array(CAPACITY)
  /** From outside, where a director stands before the cluster: what it knows the connection by, or NO_PASSAGE. */
  passages = new Float64Array(CAPACITY)
  /** The pod that accepted it, and which process. */
  backends = new Int32Array(CAPACITY)
  backendIncarnations = new Int32Array(CAPACITY)
  /** Where the entry on the pod's own node is, and that node's epoch. */
  podNodes = new Int32Array(CAPACITY)
  podNodeEpochs = new Int32Array(CAPACITY)
  /** The core of the translating node that handles its packets. */
  cores = new Int32Array(CAPACITY)
  /** Network time from client to pod, one way, ns. */
  oneWay = new Float64Array(CAPACITY)
  readonly #places = new FreePlaces(CAPACITY)

  /** Places in use. */
  get size(): number {
    return this.#places.used
  }

  get capacity(): number {
    return this.#places.capacity
  }

  /** Takes a place, OPEN and nothing else. Columns may have moved afterwards. */
  take(): number {
    if (this.#places.free === 0) this.#grow()
    const place = this.#places.take()
    if (this.flags[place] !== 0) invariant(false, `Connection ${place} was not free`)
    this.flags[place] = OPEN | TAKEN
    this.serials[place] = (this.serials[place]! + 1) | 0
    return place
  }

  /** Gives the place back unless the client, an event or a request still has it. */
  freeIfOver(place: number): void {
    const flags = this.flags[place]!
    if ((flags & (OPEN | HELD)) !== 0 || this.requests[place] !== NO_REQUEST) return
    if ((flags & TAKEN) === 0) invariant(false, `Connection ${place} is freed twice`)
    this.flags[place] = 0
    this.#places.give(place)
  }

  #grow(): void {
    const capacity = this.#places.grow()
    this.flags = grown(this.flags, new Int32Array(capacity))
    this.requests = grown(this.requests, new Int32Array(capacity))
    this.serials = grown(this.serials, new Int32Array(capacity))
    this.pools = grown(this.pools, new Int32Array(capacity))
    this.streams = grown(this.streams, new Int32Array(capacity))
    this.riders = grown(this.riders, new Int32Array(capacity))
    this.givenUp = grown(this.givenUp, new Int32Array(capacity))
    this.openedAt = grown(this.openedAt, new Float64Array(capacity))
    this.connectedAt = grown(this.connectedAt, new Float64Array(capacity))
    this.idleSince = grown(this.idleSince, new Float64Array(capacity))
    this.idleTimers = grown(this.idleTimers, new Float64Array(capacity))
    this.servicePorts = grown(this.servicePorts, new Int32Array(capacity))
    this.clientPorts = grown(this.clientPorts, new Int32Array(capacity))
    this.synAt = grown(this.synAt, new Float64Array(capacity))
    this.attempts = grown(this.attempts, new Uint8Array(capacity))
    this.givesUpAt = grown(this.givesUpAt, new Float64Array(capacity))
    this.clients = grown(this.clients, new Int32Array(capacity))
    this.clientIncarnations = grown(this.clientIncarnations, new Int32Array(capacity))
    this.clientAddresses = grown(this.clientAddresses, new Int32Array(capacity))
    this.nodes = grown(this.nodes, new Int32Array(capacity))
    this.nodeEpochs = grown(this.nodeEpochs, new Int32Array(capacity))
    this.endpoints = grown(this.endpoints, new Int32Array(capacity))
    this.askedAt = grown(this.askedAt, new Float64Array(capacity))
    this.serviceRevisions = grown(this.serviceRevisions, new Float64Array(capacity))
    this.sliceRevisions = grown(this.sliceRevisions, new Float64Array(capacity))
    this.bindings = grown(this.bindings, new Float64Array(capacity))
    this.passages = grown(this.passages, new Float64Array(capacity))
    this.backends = grown(this.backends, new Int32Array(capacity))
    this.backendIncarnations = grown(this.backendIncarnations, new Int32Array(capacity))
    this.podNodes = grown(this.podNodes, new Int32Array(capacity))
    this.podNodeEpochs = grown(this.podNodeEpochs, new Int32Array(capacity))
    this.cores = grown(this.cores, new Int32Array(capacity))
    this.oneWay = grown(this.oneWay, new Float64Array(capacity))
  }
}

/** A power of two. */
const CAPACITY = 1024
