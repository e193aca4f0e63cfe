import type { RandomStream } from '../engine/random-stream.ts'
import { type HandlerId, NO_TIMER, type Simulation } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { EtcdHistory } from './etcd-history.ts'
import { EtcdLeases } from './etcd-leases.ts'
import { EtcdMember, type LogEntry } from './etcd-member.ts'
import type { Latencies } from './latencies.ts'

/** What a transaction asks of etcd: write (or delete) one key if its revision is still the expected one. */
export interface Proposal<T> {
  readonly key: string
  /** The key's modification revision that must hold: 0 for "does not exist", ANY_REVISION for no condition. */
  readonly expected: number
  /** What to store at `revision`, or null to delete the key. Called once, when the entry is applied. */
  readonly build: (revision: number) => Written<T>
  /** The answer: called once, when the entry has been applied on a leader that the client still hears, or when time is up. */
  readonly done: (result: TransactionResult<T>) => void
}

/** A value (null: the key goes away) and a number of the writer's own that observers are handed with it. */
export interface Written<T> {
  readonly value: T | null
  readonly tag: number
  /** The lease that the key is attached to; none when not given. */
  readonly lease?: number | undefined
}

export interface TransactionResult<T> {
  readonly ok: boolean
  /** No answer in time: the write may have been applied, may yet be, or never will. */
  readonly unknown?: boolean
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
  /** When it was applied. */
  readonly at: Nanos
}

export const ANY_REVISION = -1

/** Source: etcd `--heartbeat-interval`. */
export const HEARTBEAT: Nanos = 100 * MILLISECOND
/** Source: etcd `--election-timeout`; raft draws each wait anew from [1, 2) of it. */
export const ELECTION_TIMEOUT: Nanos = SECOND
/** Source: etcd server/config ReqTimeout: 5 s for the queue, the disk and the network, and two election time-outs. */
export const REQUEST_TIMEOUT: Nanos = 7 * SECOND
/** How often the leader looks for leases whose time is over. Source: etcd server/lease/lessor.go (runLoop, 500 ms). */
export const LEASE_CHECK: Nanos = SECOND / 2
/** The tag of what no client wrote. */
const NO_TAG = -1
/** Entries kept for members that lag. Source: etcd `--snapshot-catchup-entries`. */
export const CATCH_UP_ENTRIES = 5000
/** Of a store that is new. */
const FIRST_REVISION = 1
/** Members fit into three bits beside the term in the argument of an event. */
const MEMBERS_MAX = 8

interface Stored<T> {
  readonly value: T
  readonly modRevision: number
}

/**
 * A replicated log with a leader (Raft), and the key-value store that it feeds.
 *
 * An entry is appended by the leader and sent to the followers; each member makes it durable with one fsync, in which all
 * entries that have come in meanwhile share (group commit). It is committed when a quorum has it on disk, entries are
 * applied in log order, and only then answered.
 *
 * ```text
 *   propose ─► leader's log ──fsync──────────────► ack ┐
 *                  └─ peer ─► follower's log ──fsync─► ack ─ peer ─► quorum? ─► apply ─► done
 * ```
 *
 * Heartbeats are not events: while every member hears the leader they change nothing. When a member stops, is cut off, or the
 * leader's disk stalls (its heartbeats wait behind the disk), those who hear no leader wait from the last heartbeat that they
 * had for a random [1, 2) s, ask for votes in advance (pre-vote), then for votes, which are written to disk. Who has votes of
 * a quorum leads, and first commits an empty entry of its own term; what earlier leaders had on a quorum is committed with it.
 * A leader that hears no quorum for an election time-out steps down. What is on one disk only may be lost or may come
 * back: the client that proposed it hears nothing and gives up after 7 s. Proposals that find no leader wait for one.
 *
 * Simplified: proposals reach the leader without the hop over the follower that the client may be connected to; messages
 * under way from a member that stops are lost.
 *
 * Source: etcd server/etcdserver/raft.go (leader writes its log while it sends), server/storage/wal; raft (PreVote and
 * CheckQuorum on, as etcd sets them).
 */
export class Etcd<T> {
  readonly #sim: Simulation
  readonly #latencies: Latencies
  #quorum: number
  #voters: number
  readonly #members: EtcdMember<Proposal<T>>[]
  readonly #store = new Map<string, Stored<T>>()
  readonly #history = new EtcdHistory<T>()
  readonly #leases = new EtcdLeases()
  #leaseCheckArmed = false
  readonly #election: RandomStream
  /** Who leads in which term. */
  readonly #leaderOfTerm = new Map<number, EtcdMember<Proposal<T>>>()
  /** The newest term that has had a leader. */
  #newestTerm = 1
  /** The member that leads in the newest term and is up. */
  #leader: EtcdMember<Proposal<T>> | null
  /** Entries committed but not yet applied, oldest first. */
  #committed: LogEntry<Proposal<T>>[] = []
  #commitIndex = 0
  /** When the last committed batch is (or was) applied: a later one is never applied before it. */
  #applyAt: Nanos = 0
  /** Proposals that may still have to be told that time is up, oldest first; those before `#oldest` are settled. */
  readonly #asked: LogEntry<Proposal<T>>[] = []
  #oldest = 0
  #deadlineArmed = false
  /** Proposals that wait for a leader. */
  #waiting: LogEntry<Proposal<T>>[] = []
  /** Pairs of members that do not reach each other: `a * 8 + b`, both ways. */
  readonly #cut = new Set<number>()
  /** Whether the link between the machines of two members is cut; null: never. */
  #isLinkCut: ((a: number, b: number) => boolean) | null = null
  #revision = FIRST_REVISION
  #writes = 0
  readonly #onAppend: HandlerId
  readonly #onFsync: HandlerId
  readonly #onAck: HandlerId
  readonly #observers: ((event: StoreEvent<T>) => void)[] = []
  readonly #leaderObservers: ((leader: number | null, term: number) => void)[] = []

  /** `asleep`: no member runs yet, and so many of them are the first cluster; the others are added later. */
  constructor(sim: Simulation, options: { members: number; latencies: Latencies; asleep?: { readonly voters: number } | undefined }) {
    invariant(options.members >= 1 && options.members % 2 === 1 && options.members < MEMBERS_MAX, 'etcd has an odd number of members')
    this.#sim = sim
    this.#latencies = options.latencies
    this.#voters = options.asleep?.voters ?? options.members
    this.#quorum = Math.floor(this.#voters / 2) + 1
    this.#members = Array.from({ length: options.members }, (_, id) => new EtcdMember<Proposal<T>>(id, options.members))
    this.#election = sim.rng('etcd/election')
    this.#leader = this.#members[0]!
    this.#leader.leads = true
    for (const member of this.#members) member.term = member.agreedTerm = 1
    this.#leaderOfTerm.set(1, this.#leader)
    if (options.asleep !== undefined) {
      this.#leader.leads = false
      this.#leader = null
      for (const member of this.#members) member.up = false
    }
    this.#onAppend = sim.handler((address, index) => this.#appended(address, index))
    this.#onFsync = sim.handler((id, incarnation) => this.#fsynced(this.#members[id]!, incarnation))
    this.#onAck = sim.handler((address, index) => this.#acknowledged(address, index))
  }

  /** The newest revision of the store. It grows by one with every write that took effect. */
  get revision(): number {
    return this.#revision
  }

  /** Writes that took effect. */
  get writes(): number {
    return this.#writes
  }

  get memberCount(): number {
    return this.#members.length
  }

  /** The member that leads, or null while none does. */
  get leader(): number | null {
    return this.#leader?.id ?? null
  }

  isUp(member: number): boolean {
    return this.#members[member]!.up
  }

  /** Called with every change, in revision order, at the moment it is applied. */
  observe(observer: (event: StoreEvent<T>) => void): void {
    this.#observers.push(observer)
  }

  /** Called when a leader is lost (null) and when one is elected. */
  observeLeader(observer: (leader: number | null, term: number) => void): void {
    this.#leaderObservers.push(observer)
  }

  /** Puts a value in place at the first revision, before anybody observes: what is as old as the cluster. */
  install(key: string, value: T): void {
    invariant(!this.#store.has(key), `Seeded twice: ${key}`)
    this.#store.set(key, { value, modRevision: FIRST_REVISION })
  }

  /** Puts a value in place without time passing: the state a cluster starts from. */
  seed(key: string, tag: number, build: (revision: number) => T): T {
    invariant(!this.#store.has(key), `Seeded twice: ${key}`)
    this.#revision++
    const value = build(this.#revision)
    this.#store.set(key, { value, modRevision: this.#revision })
    this.#publish({ key, revision: this.#revision, value, previous: undefined, tag, at: this.#sim.now })
    return value
  }

  /** What is stored; whether a linearizable read would be answered now says {@link leader}. Its cost is the caller's to charge. */
  get(key: string): T | undefined {
    return this.#store.get(key)?.value
  }

  /** Every value, in the order in which the keys first appeared. */
  *values(): Generator<T, void, unknown> {
    for (const { value } of this.#store.values()) yield value
  }

  /** What changed after that revision, in order; null when the revision is compacted ("required revision has been compacted"). */
  since(revision: number): readonly StoreEvent<T>[] | null {
    return this.#history.since(revision)
  }

  /** The newest revision that there was at that time; the compacted one when that is longer ago. */
  revisionAt(time: Nanos): number {
    return this.#history.revisionAt(time)
  }

  /** Forgets the changes up to that revision: no watch and no read begins there any more. What is stored now stays. */
  compact(revision: number): void {
    invariant(revision <= this.#revision, 'Compaction reaches beyond the newest revision')
    this.#history.compact(revision)
  }

  /** Revisions at or below it are compacted. */
  get compactedRevision(): number {
    return this.#history.compactedRevision
  }

  /** A lease of that time; keys are attached to it as they are written. Gives its id. */
  grantLease(ttl: Nanos): number {
    const id = this.#leases.grant(ttl, this.#sim.now)
    this.#armLeaseCheck()
    return id
  }

  /** Renews a lease; false when it is gone, or there is no leader to do it. */
  keepLeaseAlive(id: number): boolean {
    return this.#leader !== null && this.#leases.keepAlive(id, this.#sim.now)
  }

  propose(proposal: Proposal<T>): void {
    const entry: LogEntry<Proposal<T>> = { proposal, term: 0, askedAt: this.#sim.now, settled: false }
    this.#asked.push(entry)
    if (!this.#deadlineArmed) this.#armDeadline(REQUEST_TIMEOUT)
    if (this.#leader === null) this.#waiting.push(entry)
    else this.#lead(this.#leader, entry)
  }

  /** The process ends, with all that is not on its disk. False when it is down already. */
  crashMember(id: number): boolean {
    const member = this.#members[id]!
    if (!member.up) return false
    this.#sim.cancel(member.timer)
    member.crash()
    if (this.#leader === member) this.#lose()
    this.#reconsider()
    return true
  }

  /** It comes back with its log as it is on disk, and hears of everything else from the leader. */
  restartMember(id: number): void {
    const member = this.#members[id]!
    if (member.up) return
    member.up = true
    member.heardAt = this.#sim.now
    this.#reconsider()
  }

  /** One more member counts for the quorum: a learner has been promoted. */
  addVoter(): void {
    invariant(this.#voters < this.#members.length, 'Every member of etcd has a vote')
    this.#voters++
    this.#quorum = Math.floor(this.#voters / 2) + 1
    this.#reconsider()
  }

  /** Every fsync of that member takes `factor` times as long (1: as usual). */
  slowDisk(id: number, factor: number): void {
    this.#members[id]!.diskFactor = factor
  }

  /** Cuts the members of `side` off from all others, or joins them again. */
  partition(side: readonly number[], cut: boolean): void {
    for (const a of side) {
      for (const b of this.#members) {
        if (side.includes(b.id)) continue
        for (const pair of [a * MEMBERS_MAX + b.id, b.id * MEMBERS_MAX + a]) {
          if (cut) this.#cut.add(pair)
          else this.#cut.delete(pair)
        }
      }
    }
    this.#reconsider()
  }

  /** From now on the links between the members' machines count, too. They speak over TCP: what is cut one way is cut. */
  attachLinks(isCut: (a: number, b: number) => boolean): void {
    this.#isLinkCut = isCut
  }

  /** A link between machines has been cut, or is whole again. */
  linksChanged(): void {
    this.#reconsider()
  }

  /** A member hears the leader, or leads. */
  isInTouch(member: number): boolean {
    return this.#leader !== null && this.#members[member]!.up && this.#reaches(this.#leader, this.#members[member]!)
  }

  // The log: appended, made durable, acknowledged, committed, applied.

  #lead(leader: EtcdMember<Proposal<T>>, entry: LogEntry<Proposal<T>>): void {
    entry.term = leader.term
    const index = leader.append(entry)
    // A member whose disk stalls sends nothing more until it is done.
    if (leader.stalledFrom === null) this.#replicate(leader, index)
    if (!leader.diskBusy) this.#startFsync(leader)
  }

  #replicate(leader: EtcdMember<Proposal<T>>, index: number): void {
    for (const { id } of this.#members) {
      if (id !== leader.id) {
        this.#sim.schedule(this.#latencies.draw('etcdPeer'), this.#onAppend, leader.term * MEMBERS_MAX + id, index)
      }
    }
  }

  #appended(address: number, index: number): void {
    const term = Math.floor(address / MEMBERS_MAX)
    const member = this.#members[address % MEMBERS_MAX]!
    const leader = this.#leaderOfTerm.get(term)!
    if (!leader.up || !leader.leads || leader.term !== term || !this.#reaches(leader, member) || member.term > term) return
    this.#follow(member, leader)
    member.heardAt = this.#sim.now
    member.copy(leader, index)
    if (member.diskBusy) return
    if (member.last > member.durable) this.#startFsync(member)
    else this.#ack(member)
  }

  #startFsync(member: EtcdMember<Proposal<T>>): void {
    member.diskBusy = true
    member.syncing = member.last
    const drawn = this.#latencies.draw('etcdFsync', `etcd-${member.id}`)
    const time = member.diskFactor === 1 ? drawn : Math.round(drawn * member.diskFactor)
    this.#sim.schedule(time, this.#onFsync, member.id, member.incarnation)
    if (time < ELECTION_TIMEOUT) return
    member.stalledFrom = this.#sim.now
    this.#reconsider()
  }

  #fsynced(member: EtcdMember<Proposal<T>>, incarnation: number): void {
    if (incarnation !== member.incarnation) return
    member.diskBusy = false
    member.durable = Math.max(member.durable, member.syncing)
    if (member.stalledFrom !== null) {
      member.stalledFrom = null
      this.#reconsider()
      if (member.leads) this.#replicate(member, member.last)
    }
    this.#ack(member)
    if (member.last > member.durable && !member.diskBusy) this.#startFsync(member)
  }

  /** Tells the leader of its term what the member has on disk. */
  #ack(member: EtcdMember<Proposal<T>>): void {
    if (member.agreedTerm !== member.term) return
    const address = member.term * MEMBERS_MAX + member.id
    if (member.leads) this.#acknowledged(address, member.durable)
    else this.#sim.schedule(this.#latencies.draw('etcdPeer'), this.#onAck, address, member.durable)
  }

  #acknowledged(address: number, index: number): void {
    const term = Math.floor(address / MEMBERS_MAX)
    const member = this.#members[address % MEMBERS_MAX]!
    const leader = this.#leaderOfTerm.get(term)!
    if (!leader.up || !leader.leads || leader.term !== term || !this.#reaches(leader, member)) return
    leader.match[member.id] = Math.max(leader.match[member.id]!, index)
    if (leader.stalledFrom !== null) return
    const committed = [...leader.match].sort((a, b) => b - a)[this.#quorum - 1]!
    // Entries of earlier terms are committed only with one of the leader's own (Raft, section 5.4.2).
    if (committed <= this.#commitIndex || committed < leader.firstOfTerm) return
    const holders = this.#members.filter((held) => held.durable >= committed && held.holds(committed, leader)).length
    invariant(holders >= this.#quorum, 'An entry is committed that is not on the disks of a quorum')
    for (let at = this.#commitIndex + 1; at <= committed; at++) this.#committed.push(leader.at(at))
    this.#commitIndex = committed
    if (committed - leader.offset > 2 * CATCH_UP_ENTRIES) this.#forgetOld(leader)
    this.#scheduleApply(leader)
  }

  #scheduleApply(leader: EtcdMember<Proposal<T>>): void {
    const upTo = this.#commitIndex
    const { term } = leader
    this.#applyAt = Math.max(this.#applyAt, this.#sim.now + this.#latencies.draw('etcdApply'))
    this.#sim.after(this.#applyAt - this.#sim.now, () => {
      // A leader that is gone applies nothing; the next one does, with the empty entry of its term.
      if (!leader.up || !leader.leads || leader.term !== term) return
      const count = this.#committed.length - (this.#commitIndex - upTo)
      for (const entry of this.#committed.splice(0, Math.max(0, count))) this.#apply(entry)
    })
  }

  #apply(entry: LogEntry<Proposal<T>>): void {
    const { proposal } = entry
    if (proposal === null) return
    const current = this.#store.get(proposal.key)
    const currentRevision = current?.modRevision ?? 0
    if (proposal.expected !== ANY_REVISION && proposal.expected !== currentRevision) {
      this.#settle(entry, { ok: false, revision: this.#revision, value: current?.value })
      return
    }
    this.#revision++
    this.#writes++
    const { value, tag, lease } = proposal.build(this.#revision)
    this.#leases.written(proposal.key, value === null ? undefined : lease)
    if (value === null) this.#store.delete(proposal.key)
    else this.#store.set(proposal.key, { value, modRevision: this.#revision })
    this.#publish({ key: proposal.key, revision: this.#revision, value, previous: current?.value, tag, at: this.#sim.now })
    this.#settle(entry, { ok: true, revision: this.#revision, value: value ?? undefined })
  }

  #settle(entry: LogEntry<Proposal<T>>, result: TransactionResult<T>): void {
    if (entry.settled) return
    entry.settled = true
    entry.proposal!.done(result)
  }

  #publish(event: StoreEvent<T>): void {
    this.#history.add(event)
    for (const observer of this.#observers) observer(event)
  }

  /** Drops entries that are committed and that no more than the catch-up window needs. */
  #forgetOld(leader: EtcdMember<Proposal<T>>): void {
    const upTo = this.#commitIndex - CATCH_UP_ENTRIES
    for (const member of this.#members) if (member !== leader && member.agreedTerm === leader.term) member.forget(upTo)
    leader.forget(upTo)
  }

  /** Looks again when the next lease may be over, at the next of the leader's checks. */
  #armLeaseCheck(): void {
    const nextAt = this.#leases.nextAt
    if (this.#leaseCheckArmed || nextAt === null) return
    this.#leaseCheckArmed = true
    const at = Math.ceil(Math.max(nextAt, this.#sim.now + 1) / LEASE_CHECK) * LEASE_CHECK
    this.#sim.after(at - this.#sim.now, () => {
      this.#leaseCheckArmed = false
      if (this.#leader !== null) for (const key of this.#leases.expire(this.#sim.now)) this.#deleteExpired(key)
      this.#armLeaseCheck()
    })
  }

  /** As often as it takes, unless somebody writes the key anew. */
  #deleteExpired(key: string): void {
    const expected = this.#store.get(key)?.modRevision
    if (expected === undefined) return
    this.propose({
      key,
      expected,
      build: () => ({ value: null, tag: NO_TAG }),
      done: ({ unknown }) => {
        if (unknown === true && this.#store.get(key)?.modRevision === expected) this.#deleteExpired(key)
      },
    })
  }

  #armDeadline(delay: Nanos): void {
    this.#deadlineArmed = true
    this.#sim.after(delay, () => {
      this.#deadlineArmed = false
      for (; this.#oldest < this.#asked.length; this.#oldest++) {
        const entry = this.#asked[this.#oldest]!
        if (entry.settled) continue
        const left = entry.askedAt + REQUEST_TIMEOUT - this.#sim.now
        if (left > 0) {
          this.#armDeadline(left)
          break
        }
        this.#settle(entry, { ok: false, unknown: true, revision: this.#revision, value: undefined })
      }
      this.#asked.splice(0, this.#oldest)
      this.#oldest = 0
    })
  }

  // Leadership.

  #reaches(a: EtcdMember<Proposal<T>>, b: EtcdMember<Proposal<T>>): boolean {
    if (a === b) return true
    if (!a.up || !b.up || this.#isLinkCut?.(a.id, b.id) === true) return false
    return this.#cut.size === 0 || !this.#cut.has(a.id * MEMBERS_MAX + b.id)
  }

  #lose(): void {
    this.#leader = null
    for (const observer of this.#leaderObservers) observer(null, 0)
  }

  /** The member has heard of a leader of that term: whatever it was, it follows, and its log becomes the leader's. */
  #follow(member: EtcdMember<Proposal<T>>, leader: EtcdMember<Proposal<T>>): void {
    if (member.agreedTerm === leader.term) return
    this.#enter(member, leader.term)
    member.agreeWith(leader)
    this.#sim.cancel(member.timer)
    member.timer = NO_TIMER
  }

  /** A newer term: whoever led in the old one leads no more. */
  #enter(member: EtcdMember<Proposal<T>>, term: number): void {
    if (term <= member.term) return
    // Terms only grow, so a vote or an answer of an older term finds a newer one and counts for nothing.
    member.term = term
    member.votedFor = null
    if (member.leads) this.#stepDown(member)
  }

  #stepDown(member: EtcdMember<Proposal<T>>): void {
    member.leads = false
    member.hears = null
    member.heardAt = this.#sim.now
    this.#sim.cancel(member.timer)
    member.timer = NO_TIMER
    if (this.#leader === member) this.#lose()
  }

  /** The leader whose heartbeats the member gets, if any. */
  #heard(member: EtcdMember<Proposal<T>>): EtcdMember<Proposal<T>> | null {
    for (const leader of this.#members) {
      if (leader.leads && leader.up && leader.stalledFrom === null && leader.term >= member.term && this.#reaches(leader, member))
        return leader
    }
    return null
  }

  /** After anything that decides who hears whom: starts the waits that heartbeats no longer keep from running out. */
  #reconsider(): void {
    for (const member of this.#members) {
      if (!member.up) continue
      if (member.leads) this.#considerQuorum(member)
      else this.#considerLeader(member)
    }
  }

  #considerLeader(member: EtcdMember<Proposal<T>>): void {
    const leader = this.#heard(member)
    if (leader === null) {
      if (member.timer === NO_TIMER) {
        member.heardAt = this.#lastHeartbeat(member)
        this.#armElection(member, Math.max(0, member.heardAt + this.#electionTimeout() - this.#sim.now))
      }
      return
    }
    this.#sim.cancel(member.timer)
    member.timer = NO_TIMER
    member.hears = leader
    // The next heartbeat shows the leader what the member lacks.
    const address = leader.term * MEMBERS_MAX + member.id
    if (member.agreedTerm !== leader.term || leader.match[member.id]! < leader.last) {
      this.#sim.schedule(this.#untilHeartbeat(leader) + this.#latencies.draw('etcdPeer', 'heartbeat'), this.#onAppend, address, leader.last)
    }
  }

  /** When the last heartbeat came in of the leader that the member heard until now. */
  #lastHeartbeat(member: EtcdMember<Proposal<T>>): Nanos {
    const leader = member.hears ?? this.#leaderOfTerm.get(member.term)
    member.hears = null
    if (leader === undefined || leader === member) return member.heardAt
    const end = leader.stalledFrom ?? this.#sim.now
    return Math.max(member.heardAt, leader.ledFrom + Math.floor((end - leader.ledFrom) / HEARTBEAT) * HEARTBEAT)
  }

  #untilHeartbeat(leader: EtcdMember<Proposal<T>>): Nanos {
    return HEARTBEAT - ((this.#sim.now - leader.ledFrom) % HEARTBEAT)
  }

  #considerQuorum(leader: EtcdMember<Proposal<T>>): void {
    // Its heartbeats are answered with a newer term.
    const newest = Math.max(...this.#members.map((member) => (this.#reaches(leader, member) ? member.term : 0)))
    if (newest > leader.term && leader.stalledFrom === null) {
      this.#enter(leader, newest)
      this.#considerLeader(leader)
      return
    }
    const active = this.#members.filter((member) => this.#reaches(leader, member) && (member === leader || member.stalledFrom === null))
    if (active.length >= this.#quorum) {
      this.#sim.cancel(leader.timer)
      leader.timer = NO_TIMER
      return
    }
    if (leader.timer !== NO_TIMER) return
    // Checked once an election time-out; who was heard since the last check counts as active, so it takes one to two of them.
    const untilCheck = ELECTION_TIMEOUT - ((this.#sim.now - leader.ledFrom) % ELECTION_TIMEOUT)
    leader.timer = this.#sim.after(untilCheck + ELECTION_TIMEOUT, () => {
      leader.timer = NO_TIMER
      this.#stepDown(leader)
      this.#reconsider()
    })
  }

  #electionTimeout(): Nanos {
    // Raft counts 10 to 19 ticks of 100 ms; the ticks of the members are not in step.
    return ELECTION_TIMEOUT + this.#election.below(ELECTION_TIMEOUT)
  }

  #armElection(member: EtcdMember<Proposal<T>>, delay: Nanos): void {
    member.timer = this.#sim.after(delay, () => {
      member.timer = NO_TIMER
      this.#campaign(member, true)
      // Nobody, or too few, may answer: it tries again later.
      if (member.timer === NO_TIMER && !member.leads) this.#armElection(member, this.#electionTimeout())
    })
  }

  /** Asks all for their vote: in advance, which binds nobody, then in earnest. */
  #campaign(member: EtcdMember<Proposal<T>>, pre: boolean): void {
    const term = member.term + 1
    const { incarnation } = member
    const votes = new Set<number>()
    if (!pre) {
      this.#enter(member, term)
      member.votedFor = member.id
    }
    const count = (voter: number): void => {
      const current = pre ? member.term === term - 1 : member.term === term && member.votedFor === member.id
      if (!member.up || member.incarnation !== incarnation || member.leads || !current || votes.size >= this.#quorum) return
      votes.add(voter)
      if (votes.size < this.#quorum) return
      if (pre) this.#campaign(member, false)
      else this.#win(member)
    }
    // A vote in earnest is on disk before it counts, the own one too.
    for (const voter of this.#members) {
      const there = voter === member ? 0 : this.#latencies.draw('etcdPeer', 'election')
      this.#sim.after(there, () => {
        if (!this.#reaches(member, voter) || member.incarnation !== incarnation) return
        if (!this.#grants(voter, member, term, pre)) {
          // A refusal tells the voter's term.
          const newer = voter.term
          this.#sim.after(this.#latencies.draw('etcdPeer', 'election'), () => {
            if (member.up && member.incarnation === incarnation && this.#reaches(member, voter)) this.#enter(member, newer)
          })
          return
        }
        const onDisk = pre ? 0 : Math.round(this.#latencies.draw('etcdFsync', 'election') * voter.diskFactor)
        const back = voter === member ? 0 : this.#latencies.draw('etcdPeer', 'election')
        const voterIncarnation = voter.incarnation
        this.#sim.after(onDisk + back, () => {
          if (this.#reaches(member, voter) && voter.incarnation === voterIncarnation) count(voter.id)
        })
      })
    }
  }

  #grants(voter: EtcdMember<Proposal<T>>, candidate: EtcdMember<Proposal<T>>, term: number, pre: boolean): boolean {
    if (voter !== candidate) {
      // Who hears a leader lends its vote to nobody, so that a member that was cut off disturbs nobody when it returns.
      const quiet = voter.leads ? false : this.#heard(voter) === null && this.#sim.now - voter.heardAt >= ELECTION_TIMEOUT
      if (!quiet) return false
      if (!pre) this.#enter(voter, term)
      if (!candidate.isUpToDateFor(voter)) return false
    }
    if (pre) return term > voter.term || voter === candidate
    if (term < voter.term || (voter.votedFor !== null && voter.votedFor !== candidate.id)) return false
    voter.votedFor = candidate.id
    if (voter !== candidate) {
      this.#sim.cancel(voter.timer)
      this.#armElection(voter, this.#electionTimeout())
    }
    return true
  }

  #win(member: EtcdMember<Proposal<T>>): void {
    invariant(!this.#leaderOfTerm.has(member.term), 'A term has two leaders')
    // The last vote was so slow that the next term has a leader already: who wins an old term can commit nothing.
    if (member.term < this.#newestTerm) return
    this.#newestTerm = member.term
    invariant(member.last >= this.#commitIndex, 'A leader lacks a committed entry')
    this.#sim.cancel(member.timer)
    member.timer = NO_TIMER
    this.#leaderOfTerm.set(member.term, member)
    this.#leader = member
    member.leadFrom(this.#sim.now)
    this.#leases.promote(this.#sim.now, ELECTION_TIMEOUT)
    this.#lead(member, { proposal: null, term: member.term, askedAt: this.#sim.now, settled: true })
    const waiting = this.#waiting
    this.#waiting = []
    for (const entry of waiting) if (!entry.settled) this.#lead(member, entry)
    for (const observer of this.#leaderObservers) observer(member.id, member.term)
    this.#reconsider()
  }
}
