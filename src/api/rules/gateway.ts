import { complaintsAboutDns1123Label, complaintsAboutDns1123Subdomain, complaintsAboutWildcardDns1123Subdomain } from '../names.ts'
import { type Checked, complainAbout, complainOutside, complainTwice } from './rule-context.ts'

/** Source of all: kubernetes-sigs/gateway-api v1.4 apis/v1, the validation markers (behaviour). */
const WEIGHT_MAX = 1_000_000

/** Rules of GatewayClasses. */
export function checkGatewayClass(object: Checked): void {
  const name = object.at('spec', 'controllerName')
  if (typeof name?.value === 'string' && !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(name.value))
    name.complain(`Cannot use "${name.value}" as a controller: it must be a domain and a path`, 'such as example.com/gateway-controller')
}

/** Rules of Gateways. */
export function checkGateway(object: Checked): void {
  const listeners = object.items('spec', 'listeners')
  if (object.at('spec', 'listeners') !== null && listeners.length === 0)
    object.at('spec', 'listeners')?.complain('A Gateway needs at least one listener')
  complainTwice(
    listeners.map((listener) => listener.at('name')),
    'name of a listener',
  )
  const seen = new Set<string>()
  for (const listener of listeners) {
    complainAbout(listener.at('name'), 'the name of a listener', complaintsAboutDns1123Subdomain)
    complainOutside(listener.at('port'), 1, 65_535)
    checkHostname(listener.at('hostname'))
    const place = `${listener.number('port')} ${listener.text('protocol')} ${listener.text('hostname') ?? ''}`
    if (seen.has(place)) listener.complain('Two listeners have the same port, protocol and hostname')
    seen.add(place)
  }
}

/** Rules of HTTPRoutes. */
export function checkHttpRoute(object: Checked): void {
  for (const hostname of object.items('spec', 'hostnames')) checkHostname(hostname)
  for (const parent of object.items('spec', 'parentRefs')) complainOutside(parent.at('port'), 1, 65_535)
  for (const rule of object.items('spec', 'rules')) {
    for (const match of rule.items('matches')) checkPath(match.at('path'))
    for (const ref of rule.items('backendRefs')) {
      complainOutside(ref.at('weight'), 0, WEIGHT_MAX)
      complainOutside(ref.at('port'), 1, 65_535)
      if (ref.at('port') === null && (ref.text('kind') ?? 'Service') === 'Service')
        ref.complainAtKey('A backend that is a Service needs a "port"')
      complainAbout(ref.at('namespace'), 'a namespace', complaintsAboutDns1123Label)
    }
  }
}

function checkHostname(hostname: Checked | null): void {
  if (typeof hostname?.value !== 'string' || hostname.value === '') return
  if (/^\d+(\.\d+){3}$/.test(hostname.value))
    hostname.complain(`Cannot use "${hostname.value}" as a host: it must be a DNS name, not an IP address`)
  else
    complainAbout(
      hostname,
      'a host',
      hostname.value.includes('*') ? complaintsAboutWildcardDns1123Subdomain : complaintsAboutDns1123Subdomain,
    )
}

function checkPath(path: Checked | null): void {
  const value = path?.at('value')
  if (typeof value?.value !== 'string' || path?.text('type') === 'RegularExpression') return
  if (!value.value.startsWith('/')) value.complain(`Cannot use "${value.value}" as a path: it must begin with "/"`)
  for (const part of ['//', '/./', '/../', '%2f', '%2F', '#'])
    if (value.value.includes(part)) value.complain(`Cannot use "${value.value}" as a path: it must not contain "${part}"`)
  for (const end of ['/..', '/.'])
    if (value.value.endsWith(end)) value.complain(`Cannot use "${value.value}" as a path: it must not end with "${end}"`)
}
