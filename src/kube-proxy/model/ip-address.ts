/**
 * IP addresses and networks as kube-proxy reads them from objects.
 *
 * IPv4 octets may have leading zeros and are decimal all the same ("010" is 10), since old objects have them.
 * Source: kubernetes v1.36.2 vendor/k8s.io/utils/net ParseIPSloppy, ParseCIDRSloppy.
 */
export type IpFamily = 'IPv4' | 'IPv6'

/** An address or a network in canonical form. */
export interface IpNetwork {
  readonly family: IpFamily
  /** 4 or 16 bytes, network order; bits behind the prefix are 0. */
  readonly bytes: Uint8Array
  /** Length of the prefix in bits: 0 to 32 or 128. */
  readonly bits: number
}

const IPV4_MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** The bytes of an address, 4 or 16; null when it is none. An IPv6 form of an IPv4 address (::ffff:a.b.c.d) is the IPv4 address. */
export function parseAddress(text: string): Uint8Array | null {
  const bytes = text.includes(':') ? parseIPv6(text) : parseIPv4(text)
  if (bytes === null || bytes.length === 4) return bytes
  return IPV4_MAPPED.every((byte, index) => bytes[index] === byte) ? bytes.slice(12) : bytes
}

function parseIPv4(text: string): Uint8Array | null {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^[0-9]+$/.test(part) && Number(part) <= 255)) return null
  return Uint8Array.from(parts, Number)
}

function parseIPv6(text: string): Uint8Array | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const head = groupBytes(halves[0]!)
  const tail = halves.length === 2 ? groupBytes(halves[1]!) : []
  if (head === null || tail === null) return null
  const zeros = 16 - head.length - tail.length
  // The double colon stands for at least one group of zeros.
  if (halves.length === 2 ? zeros < 2 : zeros !== 0) return null
  return Uint8Array.from([...head, ...new Array<number>(zeros).fill(0), ...tail])
}

function groupBytes(text: string): number[] | null {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (const [index, group] of groups.entries()) {
    if (index === groups.length - 1 && group.includes('.')) {
      const dotted = parseIPv4(group)
      if (dotted === null) return null
      bytes.push(...dotted)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    } else return null
  }
  return bytes
}

/** The text of an address: IPv4 dotted, IPv6 in lower case with its longest run of two or more zero groups as `::` (RFC 5952). */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!)
  let start = -1
  let length = 1
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === 0) to++
    if (to - from > length) {
      start = from
      length = to - from
    }
  }
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(':')
  return start === -1 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/** An address in canonical form; null when it is none. */
export function canonicalAddress(text: string): string | null {
  const bytes = parseAddress(text)
  return bytes === null ? null : formatAddress(bytes)
}

/** The family of an address; null when it is none. */
export function addressFamily(text: string): IpFamily | null {
  const bytes = parseAddress(text)
  return bytes === null ? null : bytes.length === 4 ? 'IPv4' : 'IPv6'
}

/** Reads `address/bits`; a bare address is not a network. Null when it is none. */
export function parseNetwork(text: string): IpNetwork | null {
  const match = /^([^/]+)\/([0-9]+)$/.exec(text)
  if (match === null) return null
  const bytes = parseAddress(match[1]!)
  const bits = Number(match[2])
  if (bytes === null || bits > 8 * bytes.length) return null
  return { family: bytes.length === 4 ? 'IPv4' : 'IPv6', bytes: bytes.map((byte, index) => byte & maskByte(bits, index)), bits }
}

export function formatNetwork(network: IpNetwork): string {
  return `${formatAddress(network.bytes)}/${network.bits}`
}

function maskByte(bits: number, index: number): number {
  const inByte = Math.min(8, Math.max(0, bits - 8 * index))
  return (0xff << (8 - inByte)) & 0xff
}

export function networkContains(network: IpNetwork, address: Uint8Array): boolean {
  return (
    network.bytes.length === address.length &&
    network.bytes.every((byte, index) => byte === (address[index]! & maskByte(network.bits, index)))
  )
}

/** Whether `address` lies in `range`, which is a network or one address. False when either cannot be read. */
export function rangeContains(range: string, address: string): boolean {
  const bytes = parseAddress(address)
  if (bytes === null) return false
  const single = parseAddress(range)
  const network = single === null ? parseNetwork(range) : { family: 'IPv4' as const, bytes: single, bits: 8 * single.length }
  return network !== null && networkContains(network, bytes)
}

/** `ip:port`, with brackets around IPv6. */
export function joinHostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(address: string): boolean {
  return rangeContains('127.0.0.0/8', address) || rangeContains('::1', address)
}
