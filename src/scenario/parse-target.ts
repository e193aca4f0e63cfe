import { complain, type Parsed, parsed } from './parse-result.ts'

/** The address of a Service as it is written; which port is meant when none is given depends on the Service. */
export interface TargetText {
  readonly service: string
  readonly namespace: string
  readonly port: number | null
  /** Absent: TCP. */
  readonly protocol?: 'UDP'
}

export const TARGET_FORM =
  'http://NAME.NAMESPACE.svc, with :PORT or a path where needed, such as http://frontend.shop.svc:8080/cart; or udp://NAME.NAMESPACE.svc:PORT'

const LABEL = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/

/** Reads the address of a Service. The path is allowed for the reader's sake: a Service does not look at it. */
export function parseTarget(text: string): Parsed<TargetText> {
  const trimmed = text.trim()
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(trimmed)
  if (scheme === null)
    return complain(`Cannot read "${text}" as the address of a Service`, { accepted: TARGET_FORM, didYouMean: guess(trimmed) })
  const isUdp = scheme[1] === 'udp'
  if (scheme[1] !== 'http' && !isUdp) {
    const part = { index: text.indexOf(scheme[1]!), length: scheme[1]!.length }
    return complain(`Cannot send "${scheme[1]}" requests to a Service`, { accepted: TARGET_FORM, part })
  }
  const match = /^(?:http|udp):\/\/([^/:?#@]+)(?::([^/?#]*))?([/?#].*)?$/.exec(trimmed)
  if (match === null) return complain(`Cannot read "${text}" as the address of a Service`, { accepted: TARGET_FORM })
  const host = match[1]!
  const [service, namespace, ...rest] = host.split('.')
  const part = { index: text.indexOf(host, scheme[0].length), length: host.length }
  if (namespace === undefined)
    return complain(`The address "${text}" does not say in which namespace the Service is`, { accepted: TARGET_FORM, part })
  const suffix = rest.join('.')
  if (!LABEL.test(service!) || !LABEL.test(namespace) || (suffix !== '' && suffix !== 'svc' && suffix !== 'svc.cluster.local')) {
    return complain(`"${host}" is not the name of a Service within the cluster`, { accepted: TARGET_FORM, part })
  }
  const after = match[3]
  if (isUdp && after !== undefined && after !== '/') {
    const index = text.indexOf(after, part.index)
    return complain('A datagram has no path', { accepted: `udp://${host}:PORT`, part: { index, length: after.length } })
  }
  const protocol = isUdp ? { protocol: 'UDP' as const } : {}
  const portText = match[2]
  if (portText === undefined) return parsed({ service: service!, namespace, port: null, ...protocol })
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0
  if (port < 1 || port > 65_535) {
    const index = text.indexOf(`:${portText}`, part.index) + 1
    return complain(`"${portText}" is not a port`, {
      accepted: 'a number from 1 to 65535',
      part: { index, length: Math.max(1, portText.length) },
    })
  }
  return parsed({ service: service!, namespace, port, ...protocol })
}

/** The host, in lower case, and the path that an HTTP request to an address says; null when that is no address. */
export function hostAndPath(
  text: string,
): { readonly isTls: boolean; readonly host: string; readonly path: string; readonly port: number | null } | null {
  const match = /^(?:http(s?)|udp):\/\/([^/:?#@]+)(?::(\d{1,5}))?(\/[^?#]*)?([?#].*)?$/.exec(text.trim())
  if (match === null) return null
  const [, s, host, port, path] = match
  return { isTls: s === 's', host: host!.toLowerCase(), path: path ?? '/', port: port === undefined ? null : Number(port) }
}

function guess(text: string): string | null {
  return /^[a-z0-9-]+\.[a-z0-9-]+(\.svc)?(:\d+)?(\/.*)?$/.test(text) ? `http://${text}` : null
}
