/** A checksum of answers in their order: 32 bits, integer arithmetic only, so that it is the same on every machine. */
export function fold(checksum: number, answer: number): number {
  return (Math.imul(checksum, 31) + answer + 1) | 0
}

/** Eight hexadecimal digits. */
export function hex(checksum: number): string {
  return (checksum >>> 0).toString(16).padStart(8, '0')
}
