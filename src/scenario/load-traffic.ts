import { nearest } from '../api/did-you-mean.ts'
import { matchesSelector } from '../api/labels.ts'
import type { Service } from '../api/objects/index.ts'
import type { Nanos } from '../units.ts'
import type { ArrivalFiles } from './arrival-files.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { withStreams } from './load-http2.ts'
import { isForIngress, loadIngressTarget } from './load-ingress-target.ts'
import { find, listNames, named } from './load-inventory.ts'
import { loadMessageSizes } from './load-message-sizes.ts'
import { type ClusterNode, loadNumericTarget } from './load-numeric-target.ts'
import { loadTries } from './load-tries.ts'
import { parseArrivals } from './parse-arrivals.ts'
import { formatDuration, parseDuration } from './parse-duration.ts'
import type { Draft } from './parse-structure.ts'
import { hostAndPath, parseTarget, TARGET_FORM, type TargetText } from './parse-target.ts'
import type { Path } from './parse-yaml.ts'
import type { ConnectionSpec, SocketSpec, TrafficSource, TrafficSpec, TrafficTarget, WorkloadSpec } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type TrafficDraft = Draft<NonNullable<ScenarioFile['spec']['traffic']>>
/** One entry, as far as it could be read. */
export type EntryDraft = NonNullable<TrafficDraft[number]>

/** The frame of the run; undefined where it could not be read. */
export interface RunTimes {
  readonly duration: Nanos | undefined
  readonly warmUp: Nanos | undefined
}

/** What an entry is read against. */
export interface TrafficSurroundings {
  readonly files: ArrivalFiles
  readonly workloads: readonly WorkloadSpec[]
  /** The nodes of the cluster; null where they could not be read. */
  readonly nodes: readonly ClusterNode[] | null
}

export function loadTraffic(
  context: LoadContext,
  draft: TrafficDraft | undefined,
  times: RunTimes,
  given: TrafficSurroundings,
): readonly TrafficSpec[] {
  const seen = new Set<string>()
  return (draft ?? []).flatMap((entry, index): TrafficSpec[] => {
    if (entry === undefined) return []
    const at: Path = ['spec', 'traffic', index]
    if (entry.name !== undefined) {
      if (seen.has(entry.name)) context.mistake([...at, 'name'], `Two entries of traffic are called "${entry.name}"`)
      seen.add(entry.name)
    }
    const from = loadSource(context, [...at, 'from'], entry.from, given.nodes)
    const target = loadTarget(context, [...at, 'to'], entry.to, from, given.workloads, given.nodes)
    const arrivals = loadArrivals(context, [...at, 'arrivals'], entry.arrivals, given.files)
    const timeout = context.duration([...at, 'timeout'], entry.timeout ?? DEFAULTS.timeout)
    if (timeout === 0) context.mistake([...at, 'timeout'], 'A timeout of 0 would fail every request', 'a length of time above 0')
    const plain = entry.connection === undefined ? undefined : loadConnection(context, [...at, 'connection'], entry.connection)
    const connection =
      plain === undefined ? undefined : withStreams(context, [...at, 'connection', 'http2'], plain, entry.connection?.http2)
    if (entry.connection?.http2 !== undefined && target !== undefined && isPassedOn(context, target, given.workloads)) {
      context.mistake(
        [...at, 'connection', 'http2'],
        'HTTP/2 to the pods of an ingress controller is not modelled',
        'the address of a Service whose pods answer themselves, or no "http2"',
      )
    }
    if (target !== undefined) checkSockets(context, at, { entry, target, from, workloads: given.workloads })
    const tries = loadTries(context, at, entry, timeout)
    if (target?.protocol === 'UDP') {
      for (const key of ['connectTimeout', 'retries', 'hedge'] as const) {
        if (entry[key] !== undefined)
          context.mistake([...at, key], `A datagram is sent once: "${key}" is not for udp://`, 'a target over http')
      }
    }
    const sizes = loadMessageSizes(context, at, entry, target?.protocol === 'UDP')
    const window = loadWindow(context, at, entry, times)
    if (entry.name === undefined || from === undefined || target === undefined || arrivals === undefined || window === undefined) return []
    const { name } = entry
    const kept = {
      ...(connection === undefined ? {} : { connection }),
      ...loadSocket(context, at, entry),
    }
    const { headers, cookies } = entry
    const isTls = hostAndPath(entry.to ?? '')?.isTls ?? false
    if (entry.tls !== undefined && !isTls)
      context.mistake([...at, 'tls'], 'Only https requests shake hands', 'an address that begins with https://')
    const said = {
      ...(isTls
        ? { tls: { version: entry.tls?.version ?? DEFAULTS.tls.version, resumption: entry.tls?.resumption ?? DEFAULTS.tls.resumption } }
        : {}),

      ...(headers === undefined ? {} : { headers: texts(headers) }),
      ...(cookies === undefined ? {} : { cookies: texts(cookies) }),
    }
    return [
      {
        name,
        target,
        from,
        arrivals,
        ...kept,
        ...said,
        ...tries,
        ...sizes,
        timeout: timeout ?? certain(parseDuration(DEFAULTS.timeout)),
        ...window,
      },
    ]
  })
}

/** What was misformed is left out: it has been reported. */
function texts(fields: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))
}

/** What goes together: kept connections with TCP, sockets with UDP; and what a datagram can reach. */
function checkSockets(
  context: LoadContext,
  at: Path,
  traffic: { entry: EntryDraft; target: TrafficTarget; from: TrafficSource | undefined; workloads: readonly WorkloadSpec[] },
): void {
  const { entry, target, from, workloads } = traffic
  const isUdp = target.protocol === 'UDP'
  if (isUdp && entry.connection !== undefined) {
    context.mistake(
      [...at, 'connection'],
      'There are no connections over UDP',
      'socket: { reuse: true }, by which each client pod keeps its socket',
    )
  }
  if (!isUdp && entry.socket !== undefined) {
    context.mistake(
      [...at, 'socket'],
      'Sockets are chosen for UDP only',
      'a target that begins with udp://, or "connection" in place of "socket"',
    )
  }
  if (isUdp && entry.socket?.reuse === true && from?.kind === 'external') {
    context.mistake(
      [...at, 'socket', 'reuse'],
      'Clients outside the cluster cannot keep their sockets: which flows their load balancer keeps on a node is not modelled',
      'from: { pods: SELECTOR }, or no "socket"',
    )
  }
  if (isUdp && isPassedOn(context, target, workloads)) {
    context.mistake(
      [...at, 'to'],
      `The pods of Service "${target.service}" are ingress controllers, which pass on HTTP requests only`,
      TARGET_FORM,
    )
  }
}

/** How clients send datagrams; what goes with answers does not go with one-way traffic. */
function loadSocket(context: LoadContext, at: Path, { socket, timeout, arrivals }: EntryDraft): { socket?: SocketSpec } {
  if (socket?.reuse === undefined) return {}
  const { reuse, oneWay } = socket
  const path: Path = [...at, 'socket']
  const lifetime = context.duration([...path, 'lifetime'], socket.lifetime)
  if (socket.lifetime !== undefined && !reuse)
    context.mistake([...path, 'lifetime'], 'A socket that is not used again has no lifetime', 'reuse: true, or no "lifetime"')
  else if (lifetime === 0)
    context.mistake([...path, 'lifetime'], 'A lifetime of 0 would keep no socket', 'a length of time above 0, or reuse: false')
  if (oneWay === true && timeout !== undefined)
    context.mistake([...at, 'timeout'], 'Who expects no answer waits for none', 'no "timeout", or no "oneWay"')
  if (oneWay === true && arrivals !== undefined && /^\s*closed\b/.test(arrivals))
    context.mistake(
      [...at, 'arrivals'],
      'Users of a closed loop wait for answers, and one-way traffic has none',
      'an open loop, such as constant(10/s)',
    )
  return { socket: { reuse, ...(lifetime === undefined ? {} : { lifetime }), ...(oneWay === true ? { oneWay } : {}) } }
}

/** The pods of the target's Service are ingress controllers. */
function isPassedOn(context: LoadContext, target: TrafficTarget, workloads: readonly WorkloadSpec[]): boolean {
  const { selector = null } = find(context.inventory.services, target.namespace, target.service)?.spec ?? {}
  if (selector === null) return false
  return workloads.some((workload) => workload.ingressController !== undefined && matchesSelector(workload.selector, selector))
}

/** How clients keep connections. */
export function loadConnection(
  context: LoadContext,
  at: Path,
  draft: Omit<NonNullable<EntryDraft['connection']>, 'http2'>,
): ConnectionSpec | undefined {
  const keepAlive = context.duration([...at, 'keepAlive'], draft.keepAlive)
  const lifetime = context.duration([...at, 'lifetime'], draft.lifetime)
  for (const [key, value] of [
    ['keepAlive', keepAlive],
    ['lifetime', lifetime],
  ] as const) {
    if (value === 0) context.mistake([...at, key], `A ${key} of 0 would keep no connection`, 'a length of time above 0, or no "connection"')
  }
  return keepAlive === undefined ? undefined : { keepAlive, lifetime, pool: draft.pool ?? DEFAULTS.connectionPool }
}

function loadArrivals(
  context: LoadContext,
  path: Path,
  text: string | undefined,
  files: ArrivalFiles,
): TrafficSpec['arrivals'] | undefined {
  const arrivals = context.read(path, text, parseArrivals)
  if (arrivals?.kind !== 'replay') return arrivals
  const times = context.read(path, arrivals.file, files)
  return times === undefined ? undefined : { kind: 'replay', times }
}

function loadWindow(context: LoadContext, at: Path, entry: EntryDraft, times: RunTimes): { start: Nanos; stop: Nanos } | undefined {
  const start = entry.start === undefined ? times.warmUp : context.duration([...at, 'start'], entry.start)
  const stop = entry.stop === undefined ? times.duration : context.duration([...at, 'stop'], entry.stop)
  if (start === undefined || stop === undefined) return undefined
  const end = times.duration
  if (end !== undefined && entry.start !== undefined && start >= end) {
    context.mistake(
      [...at, 'start'],
      `Traffic cannot start at ${formatDuration(start)}: the run ends at ${formatDuration(end)}`,
      `a time below ${formatDuration(end)}`,
    )
  } else if (end !== undefined && entry.stop !== undefined && stop > end) {
    context.mistake(
      [...at, 'stop'],
      `Traffic cannot stop at ${formatDuration(stop)}: the run ends at ${formatDuration(end)}`,
      `a time up to ${formatDuration(end)}`,
    )
  } else if (stop <= start && (entry.stop !== undefined || entry.start !== undefined)) {
    const key = entry.stop === undefined ? 'start' : 'stop'
    context.mistake(
      [...at, key],
      `Traffic stops at ${formatDuration(stop)}, which is not after its start at ${formatDuration(start)}`,
      `a stop after ${formatDuration(start)}`,
    )
  }
  return { start, stop }
}

function loadSource(
  context: LoadContext,
  path: Path,
  draft: EntryDraft['from'],
  nodes: readonly ClusterNode[] | null,
): TrafficSource | undefined {
  if (draft === undefined || 'external' in draft) return { kind: 'external', clients: draft?.clients ?? DEFAULTS.externalClients }
  if ('nodes' in draft) return loadNodes(context, [...path, 'nodes'], draft.nodes, nodes)
  if (!('pods' in draft)) return undefined
  const selector = context.selector([...path, 'pods'], draft.pods)
  if (selector === undefined) return undefined
  const namespace = draft.namespace ?? DEFAULTS.namespace
  if (!context.inventory.mayHaveMorePods && context.inventory.templatesMatching(selector, namespace).length === 0) {
    const elsewhere = context.inventory.templatesMatching(selector, null).map((template) => template.namespace)
    const accepted = elsewhere.length > 0 ? `it matches pods in ${listNames(elsewhere, '')}: name the namespace in "namespace"` : null
    context.mistake([...path, 'pods'], `The selector "${draft.pods}" matches no pod in the namespace "${namespace}"`, accepted)
  }
  return { kind: 'pods', namespace, selector }
}

function loadNodes(
  context: LoadContext,
  path: Path,
  text: string | undefined,
  nodes: readonly ClusterNode[] | null,
): TrafficSource | undefined {
  if (text === 'all') return { kind: 'nodes', selector: { matchLabels: {}, matchExpressions: [] } }
  const selector = context.selector(path, text)
  if (selector === undefined) return undefined
  if (nodes !== null && !nodes.some(({ labels }) => matchesSelector(selector, labels))) {
    const labels = nodes.flatMap((node) => Object.entries(node.labels).map(([key, value]) => (value === '' ? key : `${key}=${value}`)))
    context.mistake(path, `The selector "${text}" matches no node as it joins`, `all; or labels such as ${listNames(labels, '')}`)
  }
  return { kind: 'nodes', selector }
}

/** Where requests go: the Service that an address names, or that of an ingress controller. */
export function loadTarget(
  context: LoadContext,
  path: Path,
  text: string | undefined,
  from: TrafficSource | undefined,
  workloads: readonly WorkloadSpec[],
  nodes: readonly ClusterNode[] | null = null,
): TrafficTarget | undefined {
  const numeric = text === undefined ? null : loadNumericTarget(context, { path, text, from, nodes })
  if (numeric !== null) {
    const { target } = numeric
    if (target !== undefined) warnAboutEndpoints(context, path, find(context.inventory.services, target.namespace, target.service)!)
    return target
  }
  if (text !== undefined && isForIngress(context.inventory, text)) return loadIngressTarget(context, { path, text, from, workloads })
  const address = context.read(path, text, parseTarget)
  if (address === undefined) return undefined
  const service = find(context.inventory.services, address.namespace, address.service)
  if (service === undefined) {
    if (!context.inventory.mayHave(address.service)) reportUnknownService(context, path, address)
    return undefined
  }
  const complaint = unreachable(service, from)
  if (complaint !== null) context.mistake(path, complaint.message, complaint.accepted)
  if (service.spec.type !== 'ExternalName') warnAboutEndpoints(context, path, service)
  const { protocol } = address
  const port = choosePort(context, path, service, address.port, protocol ?? 'TCP')
  if (port === undefined) return undefined
  const common = { namespace: address.namespace, service: address.service, port }
  const { host, path: urlPath } = hostAndPath(text!)!
  if (protocol === 'UDP') return { ...common, protocol, host, path: '/' }
  return { ...common, host, path: urlPath }
}

function reportUnknownService(context: LoadContext, path: Path, { namespace, service, protocol }: TargetText): void {
  const { services } = context.inventory
  const full = (candidate: Service) => `${candidate.metadata.name}.${candidate.metadata.namespace}`
  const sameName = named(services, service)[0]
  const accepted = `the manifests have ${listNames(services.map(full), 'no Service')}`
  const didYouMean = sameName === undefined ? nearest(`${service}.${namespace}`, services.map(full)) : full(sameName)
  context.mistake(
    path,
    `There is no Service "${service}" in the namespace "${namespace}"`,
    accepted,
    didYouMean === null ? null : `${protocol === 'UDP' ? 'udp' : 'http'}://${didYouMean}.svc`,
  )
}

/** Why requests from there can never reach the Service; null when they can. */
function unreachable({ metadata, spec }: Service, from: TrafficSource | undefined): { message: string; accepted: string } | null {
  const name = `Service "${metadata.name}"`
  if (spec.type === 'ExternalName')
    return {
      message: `${name} is of type ExternalName: it is an alias in DNS, with no pods behind it`,
      accepted: 'a Service with a cluster IP',
    }
  if (spec.clusterIP === 'None') {
    return {
      message: `${name} is headless (clusterIP: None): it has no address that kube-proxy would serve`,
      accepted: 'a Service with a cluster IP',
    }
  }
  if (from?.kind === 'external' && spec.type === 'ClusterIP') {
    return {
      message: `${name} is of type ClusterIP: clients outside the cluster cannot reach it`,
      accepted: 'type LoadBalancer or NodePort in the manifest, or from: { pods: SELECTOR } here',
    }
  }
  return null
}

function warnAboutEndpoints(context: LoadContext, path: Path, { metadata, spec }: Service): void {
  if (spec.selector === null) {
    context.warn(
      path,
      'unreachable',
      `Service "${metadata.name}" has no selector, so nothing makes endpoints for it and every request will fail`,
    )
    return
  }
  const wanted = { matchLabels: spec.selector, matchExpressions: [] }
  if (!context.inventory.mayHaveMorePods && context.inventory.templatesMatching(wanted, metadata.namespace).length === 0) {
    context.warn(
      path,
      'unreachable',
      `The selector of Service "${metadata.name}" matches no pod of the manifests, so every request will fail until there is one`,
    )
  }
}

/** The port that is meant: the one given; or, of TCP, 80, the port of http; or the only one. */
function choosePort(
  context: LoadContext,
  path: Path,
  { metadata, spec }: Service,
  given: number | null,
  protocol: 'TCP' | 'UDP',
): number | undefined {
  const ports = spec.ports.filter((port) => port.protocol === protocol).map((port) => port.port)
  const [first, second] = ports
  if (given !== null && ports.includes(given)) return given
  if (given === null && protocol === 'TCP' && ports.includes(80)) return 80
  if (given === null && first !== undefined && second === undefined) return first
  if (spec.type === 'ExternalName') return undefined
  const accepted = ports.length === 0 ? `a Service with a ${protocol} port` : `:${ports.join(', :')}`
  if (given === null && ports.length === 0) context.mistake(path, `Service "${metadata.name}" has no ${protocol} port`, accepted)
  else if (given === null)
    context.mistake(path, `Service "${metadata.name}" has several ports, and the address does not say which`, accepted)
  else context.mistake(path, `Service "${metadata.name}" has no ${protocol} port ${given}`, accepted)
  return undefined
}
