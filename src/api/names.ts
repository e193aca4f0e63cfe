/**
 * The API's rules for names, label keys and values, ports, addresses and the like.
 *
 * Each function returns complaints in the words of a sentence's end ("must …"), empty when the value is valid.
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go, ip.go and
 * staging/src/k8s.io/apimachinery/pkg/api/validate/content (behaviour; checked case by case).
 */
export type NameRule = (value: string) => string[]

const DNS_1123_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const DNS_1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const DNS_1123_SUBDOMAIN_CASELESS = new RegExp(DNS_1123_SUBDOMAIN.source, 'i')
const DNS_1123_SUBDOMAIN_UNDERSCORE = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/
const DNS_1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const LABEL_WORD = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/

/** RFC 1123 label and RFC 1035 label. */
const LABEL_LENGTH_MAX = 63
const SUBDOMAIN_LENGTH_MAX = 253
/** Source: RFC 6335, service names. */
const PORT_NAME_LENGTH_MAX = 15

export function complaintsAboutDns1123Label(value: string): string[] {
  return matching(
    value,
    DNS_1123_LABEL,
    LABEL_LENGTH_MAX,
    'must be lower-case letters, digits and "-", and begin and end with a letter or digit',
  )
}

export function complaintsAboutDns1123Subdomain(value: string): string[] {
  return matching(value, DNS_1123_SUBDOMAIN, SUBDOMAIN_LENGTH_MAX, SUBDOMAIN_RULE)
}

const SUBDOMAIN_RULE =
  'must be lower-case letters, digits, "-" and ".", and each part between dots must begin and end with a letter or digit'

export function complaintsAboutDns1123SubdomainCaseless(value: string): string[] {
  return matching(value, DNS_1123_SUBDOMAIN_CASELESS, SUBDOMAIN_LENGTH_MAX, SUBDOMAIN_RULE.replace('lower-case letters', 'letters'))
}

export function complaintsAboutDns1123SubdomainWithUnderscore(value: string): string[] {
  return matching(value, DNS_1123_SUBDOMAIN_UNDERSCORE, SUBDOMAIN_LENGTH_MAX, SUBDOMAIN_RULE.replace('"-" and', '"-", "_" and'))
}

export function complaintsAboutWildcardDns1123Subdomain(value: string): string[] {
  const complaints = tooLong(value, SUBDOMAIN_LENGTH_MAX)
  if (!value.startsWith('*.') || !DNS_1123_SUBDOMAIN.test(value.slice(2))) {
    complaints.push('must be "*." and a domain of lower-case letters, digits, "-" and "."')
  }
  return complaints
}

export function complaintsAboutDns1035Label(value: string): string[] {
  const rule = 'must be lower-case letters, digits and "-", begin with a letter and end with a letter or digit'
  return matching(value, DNS_1035_LABEL, LABEL_LENGTH_MAX, rule)
}

/** A name of which the API only demands that it can be one segment of a URL path: RBAC roles and their bindings. */
export function complaintsAboutPathSegmentName(value: string): string[] {
  const complaints: string[] = []
  if (value === '.' || value === '..') complaints.push(`must not be "${value}"`)
  for (const forbidden of ['/', '%']) if (value.includes(forbidden)) complaints.push(`must not contain "${forbidden}"`)
  return complaints
}

/** `name` or `prefix/name`, as label keys, taint keys and resource names are. */
export function complaintsAboutQualifiedName(value: string): string[] {
  const parts = value.split('/')
  if (parts.length > 2) return ['must be a name with at most one prefix, such as "example.com/name"']
  const name = parts[parts.length - 1]!
  const complaints: string[] = []
  if (parts.length === 2) {
    const prefix = parts[0]!
    if (prefix === '') complaints.push('must have a prefix before "/"')
    else complaints.push(...complaintsAboutDns1123Subdomain(prefix).map((complaint) => `${complaint} (prefix)`))
  }
  if (name === '') complaints.push('must have a name')
  else complaints.push(...matching(name, LABEL_WORD, LABEL_LENGTH_MAX, LABEL_WORD_RULE))
  return complaints
}

const LABEL_WORD_RULE = 'must be letters, digits, "-", "_" and ".", and begin and end with a letter or digit'

export const complaintsAboutLabelKey: NameRule = (name) => complaintsAboutQualifiedName(name)

export function complaintsAboutLabelValue(value: string): string[] {
  return value === '' ? [] : matching(value, LABEL_WORD, LABEL_LENGTH_MAX, LABEL_WORD_RULE)
}

/** Annotation keys follow the rule of label keys, but their prefix may have capitals. */
export function complaintsAboutAnnotationKey(value: string): string[] {
  return complaintsAboutQualifiedName(value.toLowerCase())
}

/** A prefix is obligatory: `example.com/name`. */
export function complaintsAboutDomainPrefixedKey(value: string): string[] {
  const parts = value.split('/')
  if (parts.length !== 2 || parts[0] === '') return ['must be a domain and a name, such as "example.com/name"']
  return complaintsAboutQualifiedName(value)
}

/** A domain and a path, such as `example.com/path/to`. */
export function complaintsAboutDomainPrefixedPath(value: string): string[] {
  const complaints = tooLong(value, SUBDOMAIN_LENGTH_MAX)
  const slash = value.indexOf('/')
  const host = slash < 0 ? value : value.slice(0, slash)
  const path = slash < 0 ? '' : value.slice(slash + 1)
  if (host === '' || path === '') complaints.push('must be a domain and a path, such as "example.com/path"')
  if (host !== '') complaints.push(...complaintsAboutDns1123Subdomain(host))
  if (path !== '' && !/^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(path)) complaints.push('must have a valid URL path')
  return complaints
}

/** A domain of at least three parts. */
export function complaintsAboutFullyQualifiedName(value: string): string[] {
  const complaints = complaintsAboutDns1123Subdomain(value)
  if (complaints.length === 0 && value.split('.').length < 3) complaints.push('must be a domain of at least three parts')
  return complaints
}

/** A domain of at least two parts, each at most 63 characters; a final dot is allowed. */
export function complaintsAboutFullyQualifiedDomainName(value: string): string[] {
  const name = value.endsWith('.') ? value.slice(0, -1) : value
  const complaints = complaintsAboutDns1123Subdomain(name)
  if (complaints.length > 0) return complaints
  const labels = name.split('.')
  if (labels.length < 2) complaints.push('must be a domain of at least two parts')
  return complaints.concat(labels.flatMap(complaintsAboutDns1123Label))
}

/** A number in 1..65535. */
export function complaintsAboutPortNumber(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535']
}

/** The name of a container port, which a Service can point at. */
export function complaintsAboutPortName(value: string): string[] {
  const complaints = tooLong(value, PORT_NAME_LENGTH_MAX)
  if (!/^[-a-z0-9]+$/.test(value)) complaints.push('must be lower-case letters, digits and "-"')
  if (!/[a-z]/.test(value)) complaints.push('must contain at least one letter')
  if (value.includes('--')) complaints.push('must not contain "--"')
  if (value.startsWith('-') || value.endsWith('-')) complaints.push('must not begin or end with "-"')
  return complaints
}

export function complaintsAboutUserId(value: number): string[] {
  return Number.isInteger(value) && value >= 0 && value <= 2147483647 ? [] : ['must be between 0 and 2147483647']
}

export const complaintsAboutGroupId = (value: number): string[] => complaintsAboutUserId(value)

export function complaintsAboutPercent(value: string): string[] {
  return /^\d+%$/.test(value) ? [] : ['must be a whole number and "%", such as "25%"']
}

export function complaintsAboutHttpHeaderName(value: string): string[] {
  return /^[-A-Za-z0-9]+$/.test(value) ? [] : ['must be letters, digits and "-"']
}

/** A key of a ConfigMap or Secret, which must be able to be a file name. */
export function complaintsAboutConfigMapKey(value: string): string[] {
  const complaints = matching(value, /^[-._a-zA-Z0-9]+$/, SUBDOMAIN_LENGTH_MAX, 'must be letters, digits, "-", "_" and "."')
  if (value === '.' || value.startsWith('..')) complaints.push('must not be "." or begin with ".."')
  return complaints
}

export function complaintsAboutCIdentifier(value: string): string[] {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) ? [] : ['must be letters, digits and "_", and not begin with a digit']
}

/** Since 1.32 any printable ASCII character but "=" may be in the name of an environment variable. */
export function complaintsAboutRelaxedEnvVarName(value: string): string[] {
  return /^[ -<>-~]+$/.test(value) ? [] : ['must be printable ASCII characters without "="']
}

/** An IPv4 or IPv6 address in its canonical spelling; IPv4 inside IPv6 and zones are refused. */
export function complaintsAboutIp(value: string): string[] {
  return parseAddress(value) === null ? [ADDRESS_RULE] : []
}

const ADDRESS_RULE = 'must be an IPv4 or IPv6 address in its canonical form, such as "10.9.8.7" or "2001:db8::ffff"'

/** A network in canonical form: no bits after the prefix. */
export function complaintsAboutCidr(value: string): string[] {
  const network = parseCidr(value)
  if (network === null) return ['must be a network in its canonical form, such as "10.9.8.0/24" or "2001:db8::/64"']
  const bits = network.address.map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits.slice(network.prefix).includes('1') ? ['must not have bits set after the prefix'] : []
}

/** Whether the network lies within the other and is smaller. What is no network is left to {@link complaintsAboutCidr}, and passes. */
export function isNarrowerNetwork(inner: string, outer: string): boolean {
  const [part, whole] = [parseCidr(inner), parseCidr(outer)]
  if (part === null || whole === null) return true
  if (part.address.length !== whole.address.length || part.prefix <= whole.prefix) return false
  const bits = ({ address }: { readonly address: number[] }): string => address.map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return bits(part).slice(0, whole.prefix) === bits(whole).slice(0, whole.prefix)
}

/** An address with the prefix of its network: `10.9.8.7/24`. */
export function complaintsAboutInterfaceAddress(value: string): string[] {
  return parseCidr(value) === null ? ['must be an address and a prefix, such as "10.9.8.7/24"'] : []
}

function parseCidr(value: string): { readonly address: number[]; readonly prefix: number } | null {
  const match = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(value)
  const address = match === null ? null : parseAddress(match[1]!)
  const prefix = Number(match?.[2])
  return address !== null && prefix <= address.length * 8 ? { address, prefix } : null
}

/** The 4 or 16 bytes of a canonical address, or null. */
function parseAddress(value: string): number[] | null {
  return value.includes(':') ? parseIpv6(value) : parseIpv4(value)
}

function parseIpv4(value: string): number[] | null {
  const parts = value.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)) return null
  return parts.map(Number)
}

/** Reads the groups, spells them as RFC 5952 says, and accepts only that spelling. */
function parseIpv6(value: string): number[] | null {
  const halves = value.split('::')
  if (halves.length > 2) return null
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const written = [...head!, ...(tail ?? [])]
  if (!written.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return null
  const missing = 8 - written.length
  if (tail === undefined ? missing !== 0 : missing < 1) return null
  const groups = [...head!, ...Array.from({ length: missing }, () => '0'), ...(tail ?? [])].map((group) => Number.parseInt(group, 16))
  if (canonicalIpv6(groups) !== value) return null
  const mapsIpv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  return mapsIpv4 ? null : groups.flatMap((group) => [group >> 8, group & 0xff])
}

/** The longest run of at least two zero groups, the first of equals, becomes `::`. */
function canonicalIpv6(groups: readonly number[]): string {
  let best = { start: 0, length: 1 }
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0
    while (groups[start + length] === 0) length += 1
    if (length > best.length) best = { start, length }
  }
  const hex = groups.map((group) => group.toString(16))
  if (best.length < 2) return hex.join(':')
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`
}

function matching(value: string, pattern: RegExp, lengthMax: number, rule: string): string[] {
  const complaints = tooLong(value, lengthMax)
  if (!pattern.test(value)) complaints.push(rule)
  return complaints
}

function tooLong(value: string, lengthMax: number): string[] {
  return value.length > lengthMax ? [`must be at most ${lengthMax} characters`] : []
}
