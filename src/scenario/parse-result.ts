/** What is wrong with a piece of text, said so that the place can be added later. */
export interface Complaint {
  /** Sentence case, no full stop, the value in quotes. */
  readonly message: string
  /** What would be accepted, or null when the message says it all. */
  readonly accepted: string | null
  readonly didYouMean: string | null
  /** The part of the text that is wrong, by 0-based index; null for all of it. */
  readonly part: { readonly index: number; readonly length: number } | null
}

/** The value that a text stands for, or why it stands for none. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly complaint: Complaint }

export function parsed<T>(value: T): Parsed<T> {
  return { ok: true, value }
}

export function complain(message: string, more: Partial<Omit<Complaint, 'message'>> = {}): { ok: false; complaint: Complaint } {
  return {
    ok: false,
    complaint: { message, accepted: more.accepted ?? null, didYouMean: more.didYouMean ?? null, part: more.part ?? null },
  }
}

/** Moves a complaint about a part of a text to where that part is in the whole. */
export function complainWithin(complaint: Complaint, index: number, length: number): { ok: false; complaint: Complaint } {
  const part = complaint.part === null ? { index, length } : { index: index + complaint.part.index, length: complaint.part.length }
  return { ok: false, complaint: { ...complaint, part } }
}
