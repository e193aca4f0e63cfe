import type { Notes } from './notes.ts'
import type { CleanObject } from './objects/clean-objects.ts'
import { at, type Fields, fieldsAt, listAt, textAt, textsAt } from './objects/values.ts'

/** Traffic that a scenario gets, with the words that stand above it. */
export interface ImportedTraffic {
  readonly name: string
  readonly to: string
  readonly from: 'external' | 'nodes'
  readonly why: string
}

/** How the pods of one selector behave. */
export interface ImportedWorkload {
  /** As the API's grammar has it: `app=web,tier=front`. */
  readonly selector: string
  /** Whose pods they are. */
  readonly owner: string
  readonly isIngressController: boolean
}

export interface Load {
  readonly traffic: readonly ImportedTraffic[]
  readonly workloads: readonly ImportedWorkload[]
}

/** More are not written: nobody fills in so many by hand. */
export const TRAFFIC_MAX = 50

/**
 * One traffic for each Service that can be reached from outside: by its load balancer, its node port, or an Ingress. Where there is none, one for the
 * Service with the most pods. A Service whose pods are not among the objects gets none, since nothing would answer.
 */
export function loadOf(objects: readonly CleanObject[], nodeName: string, notes: Notes): Load {
  const makers = objects.filter(({ value }) => podLabels(value) !== null)
  const services = objects.filter(({ kind, value }) => kind === 'Service' && at(value, 'spec', 'clusterIP') !== 'None')
  const behind = (service: CleanObject) =>
    makers.find((maker) => maker.namespace === service.namespace && selects(service.value, maker.value)) ?? null
  const chosen: { readonly traffic: ImportedTraffic; readonly maker: CleanObject }[] = []
  const names = new Set<string>()
  const choose = (service: CleanObject, to: string, from: ImportedTraffic['from'], why: string): void => {
    const maker = behind(service)
    if (maker === null) notes.leaveOut('traffic', 'the pods of the Service are not among the dumps', `${service.namespace}/${service.name}`)
    else chosen.push({ traffic: { name: nameFor(service, names), to, from, why }, maker })
  }
  for (const service of services) {
    const type = textAt(service.value, 'spec', 'type')
    if (type !== 'LoadBalancer' && type !== 'NodePort') continue
    const port = portOf(service.value)
    if (port === null) notes.leaveOut('traffic', 'the Service has neither a TCP nor a UDP port', `${service.namespace}/${service.name}`)
    else if (type === 'LoadBalancer') choose(service, addressOf(service, port), 'external', 'by its load balancer')
    else if (port.nodePort !== 0)
      choose(service, `${port.scheme}://${nodeName}:${port.nodePort}`, 'external', 'by its node port on one node')
  }
  chooseBackends(objects, services, choose)
  if (chosen.length === 0) {
    const replicas = (service: CleanObject) => Number(at(behind(service)?.value, 'spec', 'replicas') ?? 1)
    const [largest] = services
      .filter((service) => behind(service) !== null && portOf(service.value) !== null)
      .toSorted((a, b) => replicas(b) - replicas(a))
    if (largest !== undefined) {
      choose(
        largest,
        addressOf(largest, portOf(largest.value)!),
        'nodes',
        'nothing is exposed: it is the Service with the most pods, called from every node',
      )
    }
  }
  if (chosen.length > TRAFFIC_MAX) {
    notes.leaveOut('traffic', `only the first ${TRAFFIC_MAX} Services get some; add others by hand`, null, chosen.length - TRAFFIC_MAX)
  }
  const kept = chosen.slice(0, TRAFFIC_MAX)
  return { traffic: kept.map(({ traffic }) => traffic), workloads: workloadsOf(kept.map(({ maker }) => maker)) }
}

/** The Services that Ingresses name, called straight: which controller serves them no list of objects says for sure. */
function chooseBackends(
  objects: readonly CleanObject[],
  services: readonly CleanObject[],
  choose: (service: CleanObject, to: string, from: 'nodes', why: string) => void,
): void {
  const seen = new Set<string>()
  for (const ingress of objects.filter(({ kind }) => kind === 'Ingress')) {
    const backends = [
      at(ingress.value, 'spec', 'defaultBackend'),
      ...listAt(ingress.value, 'spec', 'rules').flatMap((rule) => listAt(rule, 'http', 'paths').map((path) => at(path, 'backend'))),
    ]
    for (const backend of backends) {
      const name = textAt(backend, 'service', 'name')
      const service = services.find((each) => each.namespace === ingress.namespace && each.name === name)
      if (service === undefined || seen.has(`${service.namespace}/${name}`)) continue
      seen.add(`${service.namespace}/${name}`)
      const type = textAt(service.value, 'spec', 'type')
      const number = at(backend, 'service', 'port', 'number')
      const portName = textAt(backend, 'service', 'port', 'name')
      const port = portOf(service.value, (each) => at(each, 'port') === number || (portName !== '' && textAt(each, 'name') === portName))
      if (type === 'LoadBalancer' || type === 'NodePort' || port === null) continue
      choose(
        service,
        addressOf(service, port),
        'nodes',
        `behind Ingress ${ingress.name}; called from every node, as if its controller were there`,
      )
    }
  }
}

interface Port {
  readonly scheme: 'http' | 'udp'
  readonly port: number
  readonly nodePort: number
}

/** The first TCP port, or else the first UDP port. */
function portOf(service: Fields, fits: (port: unknown) => boolean = () => true): Port | null {
  const ports = listAt(service, 'spec', 'ports').filter(fits)
  for (const [protocol, scheme] of [
    ['TCP', 'http'],
    ['UDP', 'udp'],
  ] as const) {
    const found = ports.find((port) => (textAt(port, 'protocol') || 'TCP') === protocol)
    if (found !== undefined) return { scheme, port: Number(at(found, 'port')), nodePort: Number(at(found, 'nodePort') ?? 0) }
  }
  return null
}

function addressOf({ name, namespace }: CleanObject, { scheme, port }: Port): string {
  return `${scheme}://${name}.${namespace}.svc:${port}`
}

/** The labels of the pods that an object makes, or that it has if it is one; null for everything else. */
export function podLabels(object: Fields): Readonly<Record<string, string>> | null {
  const kind = textAt(object, 'kind')
  if (kind === 'Pod') return textsAt(object, 'metadata', 'labels')
  return ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController'].includes(kind)
    ? textsAt(object, 'spec', 'template', 'metadata', 'labels')
    : null
}

function selects(service: Fields, maker: Fields): boolean {
  const selector = Object.entries(fieldsAt(service, 'spec', 'selector'))
  const labels = podLabels(maker) ?? {}
  return selector.length > 0 && selector.every(([key, value]) => labels[key] === value)
}

/** Letters, digits and `-`, at most 63, and each once. */
function nameFor({ namespace, name }: CleanObject, taken: Set<string>): string {
  const base = `${namespace}-${name}`
    .replaceAll(/[^a-z0-9-]/g, '-')
    .slice(0, 58)
    .replace(/-+$/, '')
  let chosen = base
  for (let number = 2; taken.has(chosen); number += 1) chosen = `${base}-${number}`
  taken.add(chosen)
  return chosen
}

function workloadsOf(makers: readonly CleanObject[]): ImportedWorkload[] {
  const workloads = new Map<string, ImportedWorkload>()
  for (const { kind, namespace, name, value } of makers) {
    const matched = textsAt(value, 'spec', 'selector', 'matchLabels')
    const labels = Object.keys(matched).length > 0 ? matched : (podLabels(value) ?? {})
    const selector = Object.entries(labels)
      .map(([key, text]) => `${key}=${text}`)
      .join(',')
    const isIngressController =
      labels['app.kubernetes.io/name'] === 'ingress-nginx' && labels['app.kubernetes.io/component'] === 'controller'
    if (selector !== '' && !workloads.has(selector))
      workloads.set(selector, { selector, owner: `${kind} ${namespace}/${name}`, isIngressController })
  }
  return [...workloads.values()]
}
