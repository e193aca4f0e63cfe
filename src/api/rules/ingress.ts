import {
  complaintsAboutDns1035Label,
  complaintsAboutDns1123Subdomain,
  complaintsAboutDomainPrefixedPath,
  complaintsAboutPortName,
  complaintsAboutWildcardDns1123Subdomain,
} from '../names.ts'
import { type Checked, complainAbout, complainOutside } from './rule-context.ts'

const PATH_TYPES = ['Exact', 'Prefix', 'ImplementationSpecific']
/** Source: kubernetes v1.36.2 pkg/apis/networking/validation/validation.go, `invalidPathSequences` and `invalidPathSuffixes`. */
const INVALID_IN_PATHS = ['//', '/./', '/../', '%2f', '%2F']
const INVALID_PATH_ENDS = ['/..', '/.']

/** Rules of Ingresses. Source: kubernetes v1.36.2 pkg/apis/networking/validation/validation.go (ValidateIngress, behaviour). */
export function checkIngress(object: Checked): void {
  const spec = object.at('spec')
  const rules = spec?.items('rules') ?? []
  const byDefault = spec?.at('defaultBackend') ?? null
  if (spec === null || (rules.length === 0 && byDefault === null)) {
    const place = spec ?? object
    place.complainAtKey('An Ingress needs "rules" or a "defaultBackend"')
    return
  }
  complainAbout(spec.at('ingressClassName'), 'the name of an IngressClass', complaintsAboutDns1123Subdomain)
  if (byDefault !== null) checkBackend(byDefault)
  for (const rule of rules) {
    checkHost(rule.at('host'))
    const http = rule.at('http')
    if (http === null) continue
    const paths = http.items('paths')
    if (paths.length === 0) http.complainAtKey('"http" needs at least one path')
    for (const path of paths) checkPath(path)
  }
  for (const tls of spec.items('tls')) {
    for (const host of tls.items('hosts')) {
      const rule =
        typeof host.value === 'string' && host.value.includes('*')
          ? complaintsAboutWildcardDns1123Subdomain
          : complaintsAboutDns1123Subdomain
      complainAbout(host, 'a TLS host', rule)
    }
    complainAbout(tls.at('secretName'), 'the name of a Secret', (name) => (name === '' ? [] : complaintsAboutDns1123Subdomain(name)))
  }
}

function checkHost(host: Checked | null): void {
  if (host === null || typeof host.value !== 'string' || host.value === '') return
  if (/^\d+(\.\d+){3}$/.test(host.value)) host.complain(`Cannot use "${host.value}" as a host: it must be a DNS name, not an IP address`)
  else if (host.value.includes('*')) complainAbout(host, 'a host', complaintsAboutWildcardDns1123Subdomain)
  else complainAbout(host, 'a host', complaintsAboutDns1123Subdomain)
}

function checkPath(path: Checked): void {
  const type = path.at('pathType')
  const accepted = `one of ${PATH_TYPES.join(', ')}`
  if (type === null) path.complainAtKey('A path needs a "pathType"', accepted)
  else if (typeof type.value === 'string' && !PATH_TYPES.includes(type.value))
    type.complain(`Cannot use "${type.value}" for "pathType"`, accepted)
  const backend = path.at('backend')
  if (backend === null) path.complainAtKey('A path needs a "backend"')
  else checkBackend(backend)
  const text = path.at('path')
  const value = path.text('path') ?? ''
  if (type === null || !(type.value === 'Exact' || type.value === 'Prefix')) {
    if (value !== '' && !value.startsWith('/')) text?.complain(`Cannot use "${value}" as a path: it must begin with "/"`)
    return
  }
  if (text === null || !value.startsWith('/')) {
    const place = text ?? path
    place.complain(`Cannot use "${value}" as a path: it must begin with "/"`)
    return
  }
  for (const part of INVALID_IN_PATHS)
    if (value.includes(part)) text.complain(`Cannot use "${value}" as a path: it must not contain "${part}"`)
  for (const end of INVALID_PATH_ENDS)
    if (value.endsWith(end)) text.complain(`Cannot use "${value}" as a path: it must not end with "${end}"`)
}

function checkBackend(backend: Checked): void {
  const service = backend.at('service')
  if (service === null) {
    if (backend.at('resource') === null) backend.complainAtKey('A backend needs a "service"')
    return
  }
  if (backend.at('resource') !== null) backend.complainAtKey('A backend has a "service" or a "resource", not both')
  if (service.text('name') === null) service.complainAtKey('The service of a backend needs a "name"')
  complainAbout(service.at('name'), 'the name of a Service', complaintsAboutDns1035Label)
  const [name, number] = [service.at('port', 'name'), service.at('port', 'number')]
  if (name !== null && number !== null) service.at('port')?.complainAtKey('The port of a backend has a "name" or a "number", not both')
  else if (name === null && number === null) service.complainAtKey('The service of a backend needs a "port" with a "name" or a "number"')
  complainAbout(name, 'the name of a port', complaintsAboutPortName)
  complainOutside(number, 1, 65_535)
}

/** Rules of IngressClasses. Source: as above (ValidateIngressClass). */
export function checkIngressClass(object: Checked): void {
  const controller = object.at('spec', 'controller')
  if (controller === null) (object.at('spec') ?? object).complainAtKey('An IngressClass needs a "controller"')
  complainAbout(controller, 'a controller', complaintsAboutDomainPrefixedPath)
}
