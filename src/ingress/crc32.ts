/** CRC-32 as in zlib and NGINX: reflected, polynomial 0x04c11db7. Source: RFC 1952, section 8. */
const POLYNOMIAL = 0xedb8_8320

const TABLE: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL
  return value >>> 0
})

/** The checksum of bytes, 0 to 2^32 - 1. */
export function crc32(bytes: Iterable<number>): number {
  return ~advance(0xffff_ffff, bytes) >>> 0
}

/** The register after these bytes, without the inversion at either end. */
export function advance(register: number, bytes: Iterable<number>): number {
  let value = register
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff]! ^ (value >>> 8)
  return value >>> 0
}

/** The bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
