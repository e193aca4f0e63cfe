import type { LinuxVersion } from '../linux-version.ts'
import { clashOf } from '../workload/datagrams/clash.ts'
import type { DnsSpec } from '../workload/resolver.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { find, listNames } from './load-inventory.ts'
import { parseDuration } from './parse-duration.ts'
import { parseShare } from './parse-share.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ScenarioFile } from './schema.ts'

type DnsDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['cluster']>['dns']>>

/** The port of DNS. Source: RFC 1035. */
const DNS_PORT = 53

const AT: Path = ['spec', 'cluster', 'dns']

/** How pods look names up; undefined: they are resolved at once. */
export function loadDns(context: LoadContext, draft: DnsDraft | undefined, kernel: LinuxVersion): DnsSpec | undefined {
  if (draft === undefined) return undefined
  const { dns } = DEFAULTS
  const timeout = context.duration([...AT, 'timeout'], draft.timeout ?? dns.timeout)
  if (timeout === 0) context.mistake([...AT, 'timeout'], 'A timeout of 0 would fail every query', 'a length of time above 0')
  const sequence = draft.options?.[0]
  const overlapping = loadOverlapping(context, draft, kernel)
  const service = loadService(context, draft.service)
  if (service === undefined) return undefined
  return {
    ...service,
    port: DNS_PORT,
    ndots: draft.ndots ?? dns.ndots,
    timeout: timeout ?? certain(parseDuration(dns.timeout)),
    attempts: draft.attempts ?? dns.attempts,
    ...(sequence === undefined ? {} : { sequence }),
    ...(overlapping === undefined ? {} : { overlapping }),
  }
}

/** Of pairs of queries; it says nothing where pairs are not sent at once, or the kernel does not mind. */
function loadOverlapping(context: LoadContext, draft: DnsDraft, kernel: LinuxVersion): number | undefined {
  if (draft.overlapping === undefined) return undefined
  const path: Path = [...AT, 'overlapping']
  if (draft.options !== undefined) context.warn(path, 'no-effect', 'With single-request no two queries are sent at once')
  else if (clashOf(kernel) === 'inserts') context.warn(path, 'no-effect', 'From Linux 5.6 on queries that overlap are not dropped')
  return context.read(path, String(draft.overlapping), parseShare)
}

function loadService(context: LoadContext, given: string | undefined): { namespace: string; service: string } | undefined {
  const text = given ?? DEFAULTS.dns.service
  const path: Path = given === undefined ? AT : [...AT, 'service']
  const [name, namespace, ...rest] = text.split('.')
  if (name === undefined || namespace === undefined || rest.length > 0) {
    context.mistake(path, `Cannot read "${text}" as a Service`, 'NAME.NAMESPACE, such as kube-dns.kube-system')
    return undefined
  }
  const service = find(context.inventory.services, namespace, name)
  if (service === undefined) {
    if (context.inventory.mayHave(name)) return undefined
    const names = listNames(
      context.inventory.services.map(({ metadata }) => `${metadata.name}.${metadata.namespace}`),
      'no Service',
    )
    context.mistake(
      path,
      `There is no Service "${name}" in the namespace "${namespace}" that would answer DNS`,
      `the manifests have ${names}`,
    )
    return undefined
  }
  const { ports, type, clusterIP } = service.spec
  if (type === 'ExternalName' || clusterIP === 'None' || !ports.some(({ protocol, port }) => protocol === 'UDP' && port === DNS_PORT)) {
    context.mistake(path, `Service "${name}" cannot answer DNS`, `a Service with a cluster IP and the UDP port ${DNS_PORT}`)
    return undefined
  }
  return { namespace, service: name }
}
