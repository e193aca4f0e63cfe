import { type Hop, type HopId, type Hops, NO_CAUSE } from '../../scenario/story.ts'
import { SECOND } from '../../units.ts'

/** The columns of `objects.csv` that a hop is read from, in this order. */
export const HOP_COLUMNS = ['hop', 'cause_hop', 'started_s', 'ended_s', 'actor', 'action', 'object', 'revision', 'detail'] as const

/** The hops of one variant as `objects.csv` has them, for stories that are told from a result folder alone. */
export class HopTable implements Hops {
  readonly #causes: number[] = []
  /** ns. */
  readonly #started: number[] = []
  readonly #ended: number[] = []
  readonly #revisions: number[] = []
  /** Places in `#texts`, four a hop: actor, action, object, detail. */
  readonly #words: number[] = []
  readonly #texts: string[] = []
  readonly #places = new Map<string, number>()

  get length(): number {
    return this.#causes.length
  }

  /** A row with the cells of {@link HOP_COLUMNS}. Gives why it cannot be one, or null. */
  push(cells: readonly string[]): string | null {
    const [hop, cause, started, ended, actor, action, object, revision, detail] = cells as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ]
    const id = this.length
    if (Number(hop) !== id) return `hop "${hop}" stands where hop ${id} belongs`
    const causeId = cause === '' ? NO_CAUSE : Number(cause)
    if (!Number.isInteger(causeId) || causeId < NO_CAUSE || causeId >= id) return `the cause of hop ${id}, "${cause}", is no earlier hop`
    const [from, to] = [nanoseconds(started), nanoseconds(ended)]
    if (!(from <= to)) return `hop ${id} begins at "${started}" and ends at "${ended}"`
    this.#causes.push(causeId)
    this.#started.push(from)
    this.#ended.push(to)
    this.#revisions.push(Number(revision))
    this.#words.push(this.#intern(actor), this.#intern(action), this.#intern(object), this.#intern(detail))
    return null
  }

  hop(id: HopId): Hop {
    const word = (place: number): string => this.#texts[this.#words[id * 4 + place]!]!
    return {
      id,
      cause: this.#causes[id]!,
      started: this.#started[id]!,
      time: this.#ended[id]!,
      actor: word(0),
      action: word(1),
      subject: word(2),
      revision: this.#revisions[id]!,
      detail: word(3),
    }
  }

  #intern(text: string): number {
    let place = this.#places.get(text)
    if (place === undefined) {
      place = this.#texts.push(text) - 1
      this.#places.set(text, place)
    }
    return place
  }
}

/** Seconds are written so that the nearest nanosecond is the one that was meant. */
function nanoseconds(seconds: string): number {
  return seconds === '' ? Number.NaN : Math.round(Number(seconds) * SECOND)
}
