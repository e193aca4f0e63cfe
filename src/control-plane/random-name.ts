import type { RandomStream } from '../engine/random-stream.ts'

/** No vowels and no 0, 1, 3: no words come about by chance. Source: Kubernetes apimachinery/pkg/util/rand. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'
const LENGTH = 5

/** The five characters that make a generated name unique. */
export function randomSuffix(rng: RandomStream): string {
  let suffix = ''
  for (let i = 0; i < LENGTH; i++) suffix += ALPHABET[rng.below(ALPHABET.length)]
  return suffix
}

/** A 32-bit hash in the same alphabet, as pod-template-hash is written. */
export function encodeHash(hash: number): string {
  return [...String(hash >>> 0)].map((digit) => ALPHABET[Number(digit)]).join('')
}

/** FNV-1a over the UTF-16 code units of a text. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
