import { type LabelSelector, matchesSelector } from '../api/labels.ts'
import { DEFAULT_CLASS_ANNOTATION, type Ingress, type Service } from '../api/objects/index.ts'
import { annotationWithoutEffect, canaryPolicyOf, redirectsToTls } from '../ingress/annotations.ts'
import { hostsWithTls, isSecured } from '../ingress/nginx-configuration.ts'
import { matchIngress } from '../ingress/path-matching.ts'
import type { LoadContext } from './load-context.ts'
import { type Inventory, listNames } from './load-inventory.ts'
import { hostAndPath } from './parse-target.ts'
import type { Path } from './parse-yaml.ts'
import type { TrafficSource, TrafficTarget, WorkloadSpec } from './scenario.ts'

/** Whether an address names a host of an Ingress of the manifests, and not a Service of them. */
export function isForIngress(inventory: Inventory, text: string): boolean {
  const address = /^https?:/.test(text.trim()) ? hostAndPath(text) : null
  if (address === null || isServiceOf(inventory, address.host)) return false
  return inventory.of('Ingress').some((ingress) => servesHost(ingress, address.host))
}

/** The Service of the controller that serves the Ingress with that host: clients find it by the host's name in DNS. */
export function loadIngressTarget(
  context: LoadContext,
  traffic: { path: Path; text: string; from: TrafficSource | undefined; workloads: readonly WorkloadSpec[] },
): TrafficTarget | undefined {
  const { path, from, workloads } = traffic
  const { host, path: urlPath, port, isTls } = hostAndPath(traffic.text)!
  const ingresses = context.inventory.of('Ingress').filter((ingress) => servesHost(ingress, host))
  if (from !== undefined && from.kind !== 'external') {
    context.mistake(path, `"${host}" is a host for clients outside the cluster`, 'from: { external: true }, or the address of a Service')
    return undefined
  }
  const controller = workloads.find(({ ingressController }) =>
    ingresses.some(
      (ingress) =>
        ingressController !== undefined &&
        ingressController.api === undefined &&
        controllersOf(context.inventory, ingress).has(ingressController.controllerClass),
    ),
  )
  if (controller === undefined) {
    reportNoController(context, path, ingresses, workloads)
    return undefined
  }
  const wanted = port ?? (isTls ? 443 : 80)
  const service = serviceOfController(context, path, { controller, host, wanted })
  if (service === undefined) return undefined
  warnAboutPath(context, path, host, urlPath)
  warnAboutTls(context, path, host, isTls)
  return { namespace: service.metadata.namespace, service: service.metadata.name, port: wanted, host, path: urlPath }
}

/** The Service of type LoadBalancer or NodePort that leads to the pods of a controller at that port. */
export function serviceOfController(
  context: LoadContext,
  path: Path,
  { controller, host, wanted }: { controller: WorkloadSpec; host: string; wanted: number },
): Service | undefined {
  const services = servicesOf(context.inventory, controller.selector)
  const outside = services.filter(({ spec }) => spec.type === 'LoadBalancer' || spec.type === 'NodePort')
  const [service, second] = outside
  if (service === undefined || second !== undefined) {
    const names = listNames(
      outside.map(({ metadata }) => metadata.name),
      '',
    )
    const why = service === undefined ? 'No Service of type LoadBalancer or NodePort selects' : `Several Services (${names}) select`
    context.mistake(
      path,
      `${why} the pods of the controller that serves "${host}"`,
      'one Service of type LoadBalancer or NodePort for them',
    )
    return undefined
  }
  const ports = service.spec.ports.filter(({ protocol }) => protocol === 'TCP').map((candidate) => candidate.port)
  if (!ports.includes(wanted)) {
    context.mistake(path, `Service "${service.metadata.name}" of the controller has no TCP port ${wanted}`, `:${ports.join(', :')}`)
    return undefined
  }
  return service
}

function warnAboutTls(context: LoadContext, path: Path, host: string, isTls: boolean): void {
  const ingresses = context.inventory.of('Ingress')
  const isCertified = isSecured(new Set(ingresses.flatMap(hostsWithTls)), host)
  if (isTls && !isCertified)
    context.warn(
      path,
      'assumed',
      `No Ingress has "${host}" under "tls": ingress-nginx answers with its default certificate, and clients take it`,
    )
  if (isTls || !ingresses.some((ingress) => servesHost(ingress, host) && redirectsToTls(ingress.metadata.annotations, isCertified))) return
  context.warn(
    path,
    'unreachable',
    `Requests by http to "${host}" are answered with 308, as it has TLS: use https, or the annotation ssl-redirect`,
  )
}

/** Annotations that tell the controller to do something that is not modelled, or that it does not understand; canaries that stand alone. */
export function warnAboutAnnotations(context: LoadContext): void {
  const warn = (message: string) => context.warn(['spec', 'manifests'], 'unmodelled-field', message)
  const told = new Set<string>()
  const ingresses = context.inventory.of('Ingress')
  for (const { metadata } of ingresses) {
    for (const [name, value] of Object.entries(metadata.annotations)) {
      const why = annotationWithoutEffect(name, value)
      if (why === null || told.has(name)) continue
      told.add(name)
      if (why === 'unmodelled-value')
        warn(`The annotation ${name} of Ingress "${metadata.name}" has no effect in the model with the value "${value}"`)
      else if (why === 'unmodelled') warn(`The annotation ${name} of an Ingress has no effect in the model`)
      else warn(`The annotation ${name} of Ingress "${metadata.name}" has no effect: its value "${value}" is none that it may have`)
    }
  }
  const places = (of: readonly Ingress[]) => of.flatMap(({ spec }) => spec.rules.flatMap(placesOf))
  const canaries = ingresses.filter(({ metadata }) => canaryPolicyOf(metadata.annotations) !== null)
  const main = new Set(places(ingresses.filter((ingress) => !canaries.includes(ingress))))
  for (const canary of canaries) {
    if (places([canary]).some((place) => main.has(place))) continue
    context.warn(
      ['spec', 'manifests'],
      'no-effect',
      `Ingress "${canary.metadata.name}" is a canary beside no other: none has its host, path and path type`,
    )
  }
}

function placesOf({ host, paths }: Ingress['spec']['rules'][number]): string[] {
  return paths.map(({ path, pathType }) => `${host} ${path} ${pathType}`)
}

export function isServiceOf(inventory: Inventory, host: string): boolean {
  const [name, namespace, ...rest] = host.split('.')
  if (['svc', 'svc.cluster.local'].includes(rest.join('.'))) return true
  return rest.length === 0 && inventory.services.some(({ metadata }) => metadata.name === name && metadata.namespace === namespace)
}

function servesHost({ spec }: Ingress, host: string): boolean {
  const dot = host.indexOf('.')
  return spec.rules.some((rule) => rule.host !== '' && (rule.host === host || (dot > 0 && rule.host === `*${host.slice(dot)}`)))
}

/** What the IngressClasses say of whose an Ingress is. One without a class is given a default one, if there is any. */
function controllersOf(inventory: Inventory, { metadata, spec }: Ingress): ReadonlySet<string> {
  const old = metadata.annotations['kubernetes.io/ingress.class']
  const classes = inventory.of('IngressClass')
  if (old !== undefined) return new Set(old === 'nginx' ? ['k8s.io/ingress-nginx'] : [])
  const own = classes.filter((candidate) =>
    spec.ingressClassName === ''
      ? candidate.metadata.annotations[DEFAULT_CLASS_ANNOTATION] === 'true'
      : candidate.metadata.name === spec.ingressClassName,
  )
  return new Set(own.map((candidate) => candidate.spec.controller))
}

function reportNoController(context: LoadContext, path: Path, ingresses: readonly Ingress[], workloads: readonly WorkloadSpec[]): void {
  const ingress = ingresses[0]!
  const name = `Ingress "${ingress.metadata.name}"`
  const classes = context.inventory.of('IngressClass')
  const has = workloads.flatMap(({ ingressController }) =>
    ingressController?.api === undefined ? (ingressController?.controllerClass ?? []) : [],
  )
  if (has.length === 0) {
    const accepted = 'ingressController: {} in the entry of "workloads" that describes the pods of ingress-nginx'
    context.mistake(path, `No pods are ingress controllers, so nothing would answer for ${name}`, accepted)
    return
  }
  const wanted =
    ingress.spec.ingressClassName === '' ? 'no class, and there is no default one' : `the class "${ingress.spec.ingressClassName}"`
  const known = listNames(
    classes.map(({ metadata, spec }) => `${metadata.name} (${spec.controller})`),
    'no IngressClass',
  )
  const accepted = `a class whose controller is ${listNames(has, '')}; the manifests have ${known}`
  context.mistake(path, `${name} has ${wanted}, which is none of an ingress controller here`, accepted)
}

function servicesOf(inventory: Inventory, selector: LabelSelector): readonly Service[] {
  const pods = inventory.templates.filter(({ labels }) => matchesSelector(selector, labels))
  return inventory.services.filter(({ metadata, spec }) => {
    if (spec.selector === null) return false
    const selected = { matchLabels: spec.selector, matchExpressions: [] }
    return pods.some(({ namespace, labels }) => namespace === metadata.namespace && matchesSelector(selected, labels))
  })
}

function warnAboutPath(context: LoadContext, path: Path, host: string, urlPath: string): void {
  const ingresses = context.inventory.of('Ingress')
  const rules = ingresses.flatMap(({ spec }) =>
    spec.rules.map((rule) => ({ ...rule, paths: rule.paths.map((one) => ({ ...one, backend: true })) })),
  )
  if (matchIngress(rules, host, urlPath) !== null || ingresses.some(({ spec }) => spec.defaultBackend !== null)) return
  context.warn(path, 'unreachable', `No Ingress has a path for "${urlPath}" of the host "${host}": it is answered with 404`)
}
