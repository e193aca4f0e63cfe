import type { HttpRequest } from '../workload/specs.ts'
import { utf8 } from './crc32.ts'
import { cookieOf, headerOf, variableOf } from './said.ts'

/** A text with variables, as NGINX writes them: `$request_uri`, `${cookie_user}-x`. */
export type HashKey = readonly HashKeyPart[]

interface HashKeyPart {
  readonly isVariable: boolean
  readonly text: string
}

/** Whose request it is, as a controller sees it. */
export interface Visitor {
  readonly request: HttpRequest
  /** The client's own address, dotted. */
  readonly client: string
  /** The address that the connection comes from, as an int32: a node's where kube-proxy has masqueraded. */
  readonly remoteAddress: number
}

const VARIABLE = /\$(?:\{(\w+)\}|(\w+))/g
/** Those that a request of the model has a value for. */
const KNOWN = /^(request_uri|uri|host|http_host|scheme|request_method|remote_addr|binary_remote_addr|http_\w+|cookie_\w+)$/

/** null: a variable that the model has no value for. */
export function parseHashKey(text: string): HashKey | null {
  const parts: HashKeyPart[] = []
  let end = 0
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > end) parts.push({ isVariable: false, text: text.slice(end, match.index) })
    const name = (match[1] ?? match[2])!.toLowerCase()
    if (!KNOWN.test(name)) return null
    parts.push({ isVariable: true, text: name })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ isVariable: false, text: text.slice(end) })
  return parts
}

/**
 * The bytes that a request's key is. A variable without a value is empty, so requests that lack the header all have the same key.
 *
 * Source: ingress-nginx rootfs/etc/nginx/lua/util.lua, generate_var_value; NGINX, embedded variables of ngx_http_core_module (behaviour).
 */
export function hashKeyOf(key: HashKey, visitor: Visitor): Uint8Array {
  return Uint8Array.from(key.flatMap(({ isVariable, text }) => [...(isVariable ? variableValue(text, visitor) : utf8(text))]))
}

function variableValue(name: string, { request, client, remoteAddress }: Visitor): Iterable<number> {
  switch (name) {
    case 'request_uri':
    case 'uri':
      return utf8(request.path)
    case 'host':
    case 'http_host':
      return utf8(request.host)
    case 'scheme':
      return utf8(request.isTls ? 'https' : 'http')
    case 'request_method':
      return utf8('GET')
    case 'remote_addr':
      return utf8(dotted(remoteAddress))
    case 'binary_remote_addr':
      return octets(remoteAddress)
    default:
      if (name.startsWith('cookie_')) return utf8(cookieOf(request, name.slice('cookie_'.length), client) ?? '')
      return utf8(headerOf(request, variableOf(name.slice('http_'.length)), client) ?? '')
  }
}

/** An int32 as it is read. */
export function dotted(address: number): string {
  return octets(address).join('.')
}

function octets(address: number): number[] {
  return [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff]
}
