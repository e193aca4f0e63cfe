/**
 * The destinations that hold an address of lblcr, and which of them is the least loaded.
 *
 * A small set is walked, as the kernel does. A large one keeps a tournament. There may be thousands of sets and a destination may be in all of them, so a
 * change of its counters is noted once, and a set makes up what has been noted when it is asked.
 */
import { type Destination, type DestinationList, NO_DESTINATION } from '../destination-list.ts'
import { type Ranking, SCAN_MAX } from '../least-cost.ts'
import { Tournament } from '../tournament.ts'

/** Notes kept; a set that has missed more looks at all of its members. */
const NOTES = 256

/** The destinations whose weight or counters have changed, the last {@link NOTES} of them. */
export class LoadJournal {
  readonly #destinations = new Int32Array(NOTES)
  /** How many have been noted so far. */
  count = 0

  note(destination: Destination): void {
    this.#destinations[this.count % NOTES] = destination
    this.count += 1
  }

  /** Whether all notes from this one on are still there. */
  reachesBackTo(note: number): boolean {
    return this.count - note <= NOTES
  }

  at(note: number): Destination {
    return this.#destinations[note % NOTES]!
  }
}

const MEMBER_LOAD: Ranking = {
  cost: (list: DestinationList, destination: Destination) => list.overhead(destination),
  weight: (list: DestinationList, destination: Destination) => (list.available(destination) ? list.pickWeight(destination) : 0),
}

export class MemberSet {
  readonly #list: DestinationList
  readonly #journal: LoadJournal
  readonly #members: Destination[]
  readonly #known: Set<Destination>
  #tree: Tournament | null = null
  /** Notes up to here have been made up. */
  #noted = 0

  constructor(list: DestinationList, journal: LoadJournal, first: Destination) {
    this.#list = list
    this.#journal = journal
    this.#members = [first]
    this.#known = new Set(this.#members)
  }

  get newestFirst(): readonly Destination[] {
    return this.#members
  }

  has(destination: Destination): boolean {
    return this.#known.has(destination)
  }

  add(destination: Destination): void {
    this.#members.unshift(destination)
    this.#known.add(destination)
    if (this.#tree !== null) this.#tree.add(destination)
    else if (this.#members.length > SCAN_MAX) {
      this.#tree = new Tournament(this.#list, MEMBER_LOAD, () => this.#members)
      this.#noted = this.#journal.count
    }
  }

  remove(destination: Destination): void {
    this.#members.splice(this.#members.indexOf(destination), 1)
    this.#known.delete(destination)
    if (this.#members.length * 2 <= SCAN_MAX) this.#tree = null
    else this.#tree?.remove(destination)
  }

  /** The first of the least overhead by weight among those that can be picked, or NO_DESTINATION. */
  leastLoaded(): Destination {
    if (this.#tree === null) return this.#walk()
    this.#makeUp(this.#tree)
    return this.#tree.winner
  }

  #makeUp(tree: Tournament): void {
    const journal = this.#journal
    if (!journal.reachesBackTo(this.#noted)) tree.layOut()
    else {
      for (let note = this.#noted; note < journal.count; note += 1) {
        const destination = journal.at(note)
        if (this.#known.has(destination)) tree.update(destination)
      }
    }
    this.#noted = journal.count
  }

  #walk(): Destination {
    const list = this.#list
    let best = NO_DESTINATION
    let bestCost = 0
    let bestWeight = 0
    for (const member of this.#members) {
      const weight = MEMBER_LOAD.weight(list, member)
      if (weight === 0) continue
      const cost = MEMBER_LOAD.cost(list, member)
      if (best !== NO_DESTINATION && bestCost * weight <= cost * bestWeight) continue
      best = member
      bestCost = cost
      bestWeight = weight
    }
    return best
  }
}
