import type { HandlerId, Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'
import type { Latencies } from './latencies.ts'

/** What a transaction asks of etcd: write (or delete) one key if its revision is still the expected one. */
export interface Proposal<T> {
  readonly key: string
  /** The key's modification revision that must hold: 0 for "does not exist", ANY_REVISION for no condition. */
  readonly expected: number
  /** What to store at `revision`, or null to delete the key. Called once, when the entry is applied. */
  readonly build: (revision: number) => Written<T>
  /** The answer, once a quorum has the entry on disk and it has been applied. */
  readonly done: (result: TransactionResult<T>) => void
}

/** A value (null: the key goes away) and a number of the writer's own that observers are handed with it. */
export interface Written<T> {
  readonly value: T | null
  readonly tag: number
}

export interface TransactionResult<T> {
  readonly ok: boolean
  /** The store's revision after the transaction. */
  readonly revision: number
  /** What is stored now (after a conflict: what stood in the way). */
  readonly value: T | undefined
}

/** What a committed write changed, in revision order. */
export interface StoreEvent<T> {
  readonly key: string
  readonly revision: number
  readonly value: T | null
  readonly previous: T | undefined
  readonly tag: number
}

export const ANY_REVISION = -1

interface Stored<T> {
  readonly value: T
  readonly modRevision: number
}

/**
 * A replicated log with a leader, and the key-value store that it feeds.
 *
 * An entry is appended by the leader and sent to the followers; each member makes it durable with one fsync, in which all
 * entries that have come in meanwhile share (group commit). It is committed when a quorum has it on disk, entries are
 * applied in log order, and only then answered. Member 0 leads; elections are not modelled yet.
 *
 * ```text
 *   propose ─► leader's log ──fsync──────────────► ack ┐
 *                  └─ peer ─► follower's log ──fsync─► ack ─ peer ─► quorum? ─► apply ─► done
 * ```
 *
 * Source: etcd server/etcdserver/raft.go (leader writes its log while it sends), server/storage/wal.
 */
export class Etcd<T> {
  readonly #sim: Simulation
  readonly #latencies: Latencies
  readonly #memberCount: number
  readonly #quorum: number
  readonly #store = new Map<string, Stored<T>>()
  /** Entries that are not committed yet, oldest first. */
  readonly #log: Proposal<T>[] = []
  /** Entries appended so far, and those of them that are committed: entry n is 1-based. */
  #lastIndex = 0
  #commitIndex = 0
  /** When the last committed batch is (or was) applied: a later one is never applied before it. */
  #applyAt: Nanos = 0
  #revision = 1
  #writes = 0
  /** Per member: last entry received, last entry covered by the running fsync, last entry durable as the leader knows it. */
  readonly #received: number[]
  readonly #syncing: number[]
  readonly #match: number[]
  readonly #diskBusy: boolean[]
  readonly #onAppend: HandlerId
  readonly #onFsync: HandlerId
  readonly #onAck: HandlerId
  readonly #observers: ((event: StoreEvent<T>) => void)[] = []

  constructor(sim: Simulation, options: { members: number; latencies: Latencies }) {
    invariant(options.members >= 1 && options.members % 2 === 1, 'etcd has an odd number of members')
    this.#sim = sim
    this.#latencies = options.latencies
    this.#memberCount = options.members
    this.#quorum = (options.members + 1) / 2
    const zeros = Array.from({ length: options.members }, () => 0)
    this.#received = [...zeros]
    this.#syncing = [...zeros]
    this.#match = [...zeros]
    this.#diskBusy = zeros.map(() => false)
    this.#onAppend = sim.handler((member, index) => this.#append(member, index))
    this.#onFsync = sim.handler((member) => this.#fsynced(member))
    this.#onAck = sim.handler((member, index) => this.#acknowledged(member, index))
  }

  /** The newest revision of the store. It grows by one with every write that took effect. */
  get revision(): number {
    return this.#revision
  }

  /** Writes that took effect. */
  get writes(): number {
    return this.#writes
  }

  /** Called with every change, in revision order, at the moment it is applied. */
  observe(observer: (event: StoreEvent<T>) => void): void {
    this.#observers.push(observer)
  }

  /** Puts a value in place without time passing: the state a cluster starts from. */
  seed(key: string, tag: number, build: (revision: number) => T): T {
    invariant(!this.#store.has(key), `Seeded twice: ${key}`)
    this.#revision++
    const value = build(this.#revision)
    this.#store.set(key, { value, modRevision: this.#revision })
    this.#publish({ key, revision: this.#revision, value, previous: undefined, tag })
    return value
  }

  /** A linearizable read; its cost is the caller's to charge. */
  get(key: string): T | undefined {
    return this.#store.get(key)?.value
  }

  propose(proposal: Proposal<T>): void {
    this.#log.push(proposal)
    const index = ++this.#lastIndex
    for (let member = 1; member < this.#memberCount; member++) {
      this.#sim.schedule(this.#latencies.draw('etcdPeer'), this.#onAppend, member, index)
    }
    this.#append(0, index)
  }

  #append(member: number, index: number): void {
    this.#received[member] = Math.max(this.#received[member]!, index)
    if (!this.#diskBusy[member]) this.#startFsync(member)
  }

  #startFsync(member: number): void {
    this.#diskBusy[member] = true
    this.#syncing[member] = this.#received[member]!
    this.#sim.schedule(this.#latencies.draw('etcdFsync', `etcd-${member}`), this.#onFsync, member)
  }

  #fsynced(member: number): void {
    const durable = this.#syncing[member]!
    this.#diskBusy[member] = false
    if (member === 0) this.#acknowledged(0, durable)
    else this.#sim.schedule(this.#latencies.draw('etcdPeer'), this.#onAck, member, durable)
    if (this.#received[member]! > durable) this.#startFsync(member)
  }

  #acknowledged(member: number, index: number): void {
    this.#match[member] = Math.max(this.#match[member]!, index)
    const committed = [...this.#match].sort((a, b) => b - a)[this.#quorum - 1]!
    if (committed <= this.#commitIndex) return
    const entries = this.#log.splice(0, committed - this.#commitIndex)
    this.#commitIndex = committed
    this.#applyAt = Math.max(this.#applyAt, this.#sim.now + this.#latencies.draw('etcdApply'))
    this.#sim.after(this.#applyAt - this.#sim.now, () => {
      for (const entry of entries) this.#apply(entry)
    })
  }

  #apply(proposal: Proposal<T>): void {
    const current = this.#store.get(proposal.key)
    const currentRevision = current?.modRevision ?? 0
    if (proposal.expected !== ANY_REVISION && proposal.expected !== currentRevision) {
      proposal.done({ ok: false, revision: this.#revision, value: current?.value })
      return
    }
    this.#revision++
    this.#writes++
    const { value, tag } = proposal.build(this.#revision)
    if (value === null) this.#store.delete(proposal.key)
    else this.#store.set(proposal.key, { value, modRevision: this.#revision })
    this.#publish({ key: proposal.key, revision: this.#revision, value, previous: current?.value, tag })
    proposal.done({ ok: true, revision: this.#revision, value: value ?? undefined })
  }

  #publish(event: StoreEvent<T>): void {
    for (const observer of this.#observers) observer(event)
  }
}
