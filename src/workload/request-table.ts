import { invariant } from '../invariant.ts'

/** Bits of {@link RequestTable.flags}. A place is given back when neither of the first two is set. */
/** The client has no outcome yet. */
export const WAITING = 1
/** An event or a server still refers to the place. */
export const HELD = 2
/** A SYN was accepted. */
export const CONNECTED = 4
/** The node that translates has a connection tracking entry. */
export const ENTRY = 8
/** The pod's own node, another one, has an entry too. */
export const POD_ENTRY = 16
/** The last SYN was dropped by a full connection tracking table. */
export const TABLE_FULL = 32
/** The pod's answers do not find the way back to the client. */
export const NO_RETURN = 128
/** Somebody has the place. */
const TAKEN = 64

/** No pod: a client outside the cluster. */
export const OUTSIDE = -1

/**
 * The requests on their way, in columns; a request is its place. Places are used again, the one freed last first.
 */
export class RequestTable {
  /** What happens with the place, see above. */
  flags = new Uint8Array(CAPACITY)
  /** Index of the traffic. */
  traffics = new Int32Array(CAPACITY)
  /** Counts the requests that had this place, so that a note about an earlier one is seen to be stale. */
  serials = new Int32Array(CAPACITY)
  /** When it was to be sent, ns. */
  sentAt = new Float64Array(CAPACITY)
  /** When the client sent its last SYN, ns. */
  synAt = new Float64Array(CAPACITY)
  /** SYNs repeated so far. */
  attempts = new Uint8Array(CAPACITY)
  /** Its demand is drawn from this. */
  seeds = new Int32Array(CAPACITY)
  /** Who of a closed loop sent it. */
  users = new Int32Array(CAPACITY)
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
  /** What the proxy mode keeps. */
  bindings = new Float64Array(CAPACITY)
  /** The pod that accepted it, and which process. */
  backends = new Int32Array(CAPACITY)
  backendIncarnations = new Int32Array(CAPACITY)
  /** Where the entry on the pod's own node is, and that node's epoch. */
  podNodes = new Int32Array(CAPACITY)
  podNodeEpochs = new Int32Array(CAPACITY)
  /** Network time from client to pod, one way, ns. */
  oneWay = new Float64Array(CAPACITY)
  /** Free places; the last is taken first. */
  #free = new Int32Array(CAPACITY)
  #freeCount = 0
  #capacity = 0

  constructor() {
    this.#addPlaces(CAPACITY)
  }

  /** Places in use. */
  get size(): number {
    return this.#capacity - this.#freeCount
  }

  get capacity(): number {
    return this.#capacity
  }

  /** Takes a place, WAITING and nothing else. Columns may have moved afterwards. */
  take(): number {
    if (this.#freeCount === 0) this.#grow()
    const place = this.#free[--this.#freeCount]!
    if (this.flags[place] !== 0) invariant(false, `Place ${place} was not free`)
    this.flags[place] = WAITING | TAKEN
    this.serials[place] = (this.serials[place]! + 1) | 0
    return place
  }

  /** Gives a place back that nobody waits for or holds. */
  free(place: number): void {
    if ((this.flags[place]! & (WAITING | HELD | TAKEN)) !== TAKEN) invariant(false, `Place ${place} cannot be freed`)
    this.flags[place] = 0
    this.#free[this.#freeCount++] = place
  }

  #addPlaces(until: number): void {
    for (let place = until - 1; place >= this.#capacity; place--) this.#free[this.#freeCount++] = place
    this.#capacity = until
  }

  #grow(): void {
    const capacity = 2 * this.#capacity
    this.flags = grown(this.flags, new Uint8Array(capacity))
    this.traffics = grown(this.traffics, new Int32Array(capacity))
    this.serials = grown(this.serials, new Int32Array(capacity))
    this.sentAt = grown(this.sentAt, new Float64Array(capacity))
    this.synAt = grown(this.synAt, new Float64Array(capacity))
    this.attempts = grown(this.attempts, new Uint8Array(capacity))
    this.seeds = grown(this.seeds, new Int32Array(capacity))
    this.users = grown(this.users, new Int32Array(capacity))
    this.clients = grown(this.clients, new Int32Array(capacity))
    this.clientIncarnations = grown(this.clientIncarnations, new Int32Array(capacity))
    this.clientAddresses = grown(this.clientAddresses, new Int32Array(capacity))
    this.nodes = grown(this.nodes, new Int32Array(capacity))
    this.nodeEpochs = grown(this.nodeEpochs, new Int32Array(capacity))
    this.endpoints = grown(this.endpoints, new Int32Array(capacity))
    this.bindings = grown(this.bindings, new Float64Array(capacity))
    this.backends = grown(this.backends, new Int32Array(capacity))
    this.backendIncarnations = grown(this.backendIncarnations, new Int32Array(capacity))
    this.podNodes = grown(this.podNodes, new Int32Array(capacity))
    this.podNodeEpochs = grown(this.podNodeEpochs, new Int32Array(capacity))
    this.oneWay = grown(this.oneWay, new Float64Array(capacity))
    this.#free = grown(this.#free, new Int32Array(capacity))
    this.#addPlaces(capacity)
  }
}

/** A power of two. */
const CAPACITY = 1024

function grown<Column extends Uint8Array | Int32Array | Float64Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
