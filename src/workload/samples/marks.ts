import { PARTS } from '../../metrics/blame.ts'
import { FreePlaces, grown } from '../free-places.ts'

/**
 * What a mark says, beside its time. The first three follow what a request's account is told, one for each part of
 * {@link import('../../metrics/blame.ts').BLAME_PARTS}.
 *
 * - WAITS + part: from now on it waits for that part.
 * - TRAVELS + part: from now on it is on its way; `extra` ns of CPU belong to the part, the rest to the network.
 * - DELAYED + part: `extra` ns from now on belong to the part, and only then goes on what it did.
 * - STANDS_STILL + part: the same, at the end of the way rather than at the node that translates.
 * - ROUTED: the rules of a node have been asked; `extra` is {@link routed}.
 */
export const WAITS = 0
export const TRAVELS = PARTS
export const DELAYED = 2 * PARTS
export const STANDS_STILL = 3 * PARTS
export const ROUTED = 4 * PARTS

/** Kinds fit below; what a mark says is `extra * KINDS + kind`, exact up to 2^53. */
const KINDS = 64

export interface Mark {
  /** ns. */
  readonly time: number
  readonly kind: number
  readonly extra: number
}

/** The verdict of a node's rules as the extra of a mark. Verdicts that are no endpoint are negative, and above -8. */
export function routed(node: number, verdict: number): number {
  return node * VERDICTS + verdict + 8
}

export function fromRouted(extra: number): { readonly node: number; readonly verdict: number } {
  const node = Math.floor(extra / VERDICTS)
  return { node, verdict: extra - node * VERDICTS - 8 }
}

const VERDICTS = 0x8000_0000

/**
 * Marks of many spans that grow at once, in chunks of one flat array: to add one is two writes, and chunks that are given back are used again.
 *
 * A chunk is {@link CHUNK} numbers: pairs of time and meaning, and in its last but one number the place of the next chunk.
 */
export class Marks {
  #values = new Float64Array(CHUNKS * CHUNK)
  /** By span: where its first chunk is, and where its next mark goes. */
  #first = new Int32Array(0)
  #next = new Int32Array(0)
  readonly #chunks = new FreePlaces(CHUNKS)

  /** Chunks in use. */
  get used(): number {
    return this.#chunks.used
  }

  /** Spans are numbered below `spans`. */
  growSpans(spans: number): void {
    this.#first = grown(this.#first, new Int32Array(spans))
    this.#next = grown(this.#next, new Int32Array(spans))
  }

  /** The span has no marks yet. */
  open(span: number): void {
    const at = this.#take()
    this.#first[span] = at
    this.#next[span] = at
  }

  add(span: number, time: number, kind: number, extra: number): void {
    let at = this.#next[span]!
    if (at % CHUNK === LAST) {
      const chunk = this.#take()
      this.#values[at] = chunk
      at = chunk
    }
    this.#values[at] = time
    this.#values[at + 1] = extra * KINDS + kind
    this.#next[span] = at + 2
  }

  /** Gives back what the span has. */
  close(span: number): void {
    const next = this.#next[span]!
    for (let at = this.#first[span]!; ; ) {
      const chunk = at / CHUNK
      const isLast = next >= at && next <= at + LAST
      const following = this.#values[at + LAST]!
      this.#chunks.give(chunk)
      if (isLast) return
      at = following
    }
  }

  of(span: number): Mark[] {
    const marks: Mark[] = []
    const next = this.#next[span]!
    for (let at = this.#first[span]!; at !== next; at += 2) {
      if (at % CHUNK === LAST) at = this.#values[at]!
      const meaning = this.#values[at + 1]!
      const extra = Math.floor(meaning / KINDS)
      marks.push({ time: this.#values[at]!, kind: meaning - extra * KINDS, extra })
    }
    return marks
  }

  #take(): number {
    if (this.#chunks.free === 0) {
      const chunks = this.#chunks.grow()
      this.#values = grown(this.#values, new Float64Array(chunks * CHUNK))
    }
    return this.#chunks.take() * CHUNK
  }
}

/** Numbers a chunk: 15 marks and the place of the next. Most requests have fewer. */
const CHUNK = 32
const LAST = CHUNK - 2
/** A power of two. */
const CHUNKS = 256
