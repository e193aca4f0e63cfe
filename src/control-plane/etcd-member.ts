import { NO_TIMER, type Timer } from '../engine/simulation.ts'
import { invariant } from '../invariant.ts'
import type { Nanos } from '../units.ts'

/** One entry of the log. `proposal` null: the empty entry with which a leader begins its term. */
export interface LogEntry<P> {
  readonly proposal: P | null
  /** Of the leader that appended it. */
  term: number
  readonly askedAt: Nanos
  /** Answered, or given up. */
  settled: boolean
}

/**
 * One member of etcd: its log, what of it is on its disk, and what it knows of the others.
 *
 * Entries have indices from 1. Those up to `offset` are committed and no longer kept (they are in the snapshot).
 */
export class EtcdMember<P> {
  readonly id: number
  up = true
  /** Counts restarts, so that what was meant for an earlier life is recognised. */
  incarnation = 0
  term = 0
  votedFor: number | null = null
  leads = false
  ledFrom: Nanos = 0
  /** The first entry of its own term, while it leads. */
  firstOfTerm = 0
  /** While it leads: the last entry that each member has on disk, as far as it knows. */
  match: number[]
  /** The newest term whose leader it agreed with: its log is a prefix of that leader's. */
  agreedTerm = 0
  hears: EtcdMember<P> | null = null
  /** When it last heard a leader, not counting heartbeats. */
  heardAt: Nanos = 0
  offset = 0
  #offsetTerm = 0
  #entries: LogEntry<P>[] = []
  /** Last entry on disk, and last entry that the running fsync covers. */
  durable = 0
  syncing = 0
  diskBusy = false
  diskFactor = 1
  /** Since when the disk has been busy with one fsync that takes longer than an election time-out. */
  stalledFrom: Nanos | null = null
  /** A follower's wait for an election, a leader's for stepping down. */
  timer: Timer = NO_TIMER

  constructor(id: number, members: number) {
    this.id = id
    this.match = Array.from({ length: members }, () => 0)
  }

  /** The last index. */
  get last(): number {
    return this.offset + this.#entries.length
  }

  at(index: number): LogEntry<P> {
    const entry = this.#entries[index - this.offset - 1]
    invariant(entry !== undefined, 'An entry of the log is not there')
    return entry
  }

  /** Whether its entry of that index is the leader's. What it no longer keeps is committed, and so the same. */
  holds(index: number, leader: EtcdMember<P>): boolean {
    return index <= this.offset || (index <= this.last && this.at(index) === leader.at(index))
  }

  append(entry: LogEntry<P>): number {
    return this.offset + this.#entries.push(entry)
  }

  /** Takes over what the leader has up to `index`. The own log is a prefix of the leader's. */
  copy(leader: EtcdMember<P>, index: number): void {
    if (this.last < leader.offset) this.#restore(leader)
    for (let next = this.last + 1; next <= index; next++) this.#entries.push(leader.at(next))
  }

  /** Drops what the leader does not have: from here on the own log is a prefix of the leader's. */
  agreeWith(leader: EtcdMember<P>): void {
    this.agreedTerm = leader.term
    if (leader === this) return
    if (this.last < leader.offset) {
      this.#restore(leader)
      return
    }
    // What the leader no longer keeps is committed; so what a member holds there of its own is replaced by the snapshot.
    let same = Math.max(this.offset, leader.offset)
    if (leader.offset > this.offset && this.termAt(leader.offset) !== leader.termAt(leader.offset)) {
      this.#restore(leader)
      return
    }
    while (same < this.last && same < leader.last && this.at(same + 1) === leader.at(same + 1)) same++
    this.#entries.length = same - this.offset
    this.durable = Math.min(this.durable, same)
    this.syncing = Math.min(this.syncing, same)
  }

  /** Its last entry is at least as new as the voter's. */
  isUpToDateFor(voter: EtcdMember<P>): boolean {
    const own = this.termAt(this.last)
    const other = voter.termAt(voter.last)
    return own > other || (own === other && this.last >= voter.last)
  }

  termAt(index: number): number {
    return index === this.offset ? this.#offsetTerm : this.at(index).term
  }

  leadFrom(now: Nanos): void {
    this.leads = true
    this.hears = null
    this.ledFrom = now
    this.firstOfTerm = this.last + 1
    this.agreedTerm = this.term
    this.match = this.match.map((_, id) => (id === this.id ? this.durable : 0))
  }

  forget(upTo: number): void {
    const index = Math.min(upTo, this.durable)
    if (index <= this.offset) return
    this.#offsetTerm = this.termAt(index)
    this.#entries.splice(0, index - this.offset)
    this.offset = index
  }

  /** Ends the process; what the disk does not have is gone. */
  crash(): void {
    this.up = false
    this.incarnation++
    this.leads = false
    this.hears = null
    this.timer = NO_TIMER
    this.diskBusy = false
    this.stalledFrom = null
    this.#entries.length = Math.max(0, Math.max(this.durable, this.offset) - this.offset)
    this.durable = this.last
    this.syncing = this.durable
    // It learns again from its leader what it lacks.
    this.agreedTerm = 0
  }

  /** The leader's snapshot takes the place of the whole log. */
  #restore(leader: EtcdMember<P>): void {
    this.offset = leader.offset
    this.#offsetTerm = leader.#offsetTerm
    this.#entries = []
    this.durable = this.offset
    this.syncing = this.offset
  }
}
