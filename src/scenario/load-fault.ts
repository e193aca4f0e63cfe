import { nearest } from '../api/did-you-mean.ts'
import { type HowMany, LED_COMPONENTS, type NodeChoice, type PodChoice } from '../faults/index.ts'
import type { Nanos } from '../units.ts'
import type { LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { describeLinks, type LinkFaultDraft, loadLinkFault } from './load-link-fault.ts'
import { type ApiServerSlowDraft, loadApiServerSlow, loadReplicaSlow, type ReplicaSlowDraft } from './load-slow-fault.ts'
import { formatDuration, parseDuration } from './parse-duration.ts'
import { formatHowMany, parseHowMany } from './parse-how-many.ts'
import { complain, type Parsed, parsed } from './parse-result.ts'
import { parseShare } from './parse-share.ts'
import { parseBandwidth } from './parse-size.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { FaultSpec } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type FaultDraft = Draft<NonNullable<Extract<NonNullable<ScenarioFile['spec']['timeline']>[number], { fault: unknown }>['fault']>>
type NodeFaultDraft = Extract<FaultDraft, { node?: unknown }>
type EtcdFaultDraft = Extract<FaultDraft, { member?: unknown }>
type MachineFaultDraft = Extract<FaultDraft, { machine?: unknown }>
type LeaderFaultDraft = Extract<FaultDraft, { kind?: 'controller-manager-crash' | 'scheduler-crash' | undefined }>
type ApiServerFaultDraft = Extract<FaultDraft, { kind?: 'api-server-crash' | undefined }>
type DnsFaultDraft = Extract<FaultDraft, { answer?: unknown }>
type ContainerFaultDraft = Extract<FaultDraft, { pods?: unknown }>

/** What faults are checked against. */
export interface FaultSurroundings {
  /** Names of the nodes; null while they are not known. */
  readonly nodes: readonly string[] | null
  readonly etcdMembers: number
  /** Of kube-controller-manager, and of kube-scheduler. */
  readonly replicas: number
  /** Machines of the install that are no nodes. */
  readonly machines: readonly string[]
  /** Nodes with components of the control plane or of etcd. */
  readonly controlPlaneNodes: readonly string[]
  readonly apiServers: number
  /** Pods look names up. */
  readonly hasDns: boolean
}

/** Reads one fault of the timeline; a mistake in it is reported. */
export function loadFault(context: LoadContext, path: Path, draft: FaultDraft, around: FaultSurroundings): FaultSpec | undefined {
  switch (draft.kind) {
    case undefined:
      return undefined
    case 'container-crash':
    case 'oom-kill':
    case 'pod-kill':
    case 'pod-slow':
    case 'memory-leak':
      return loadContainerFault(context, path, draft as ContainerFaultDraft)
    case 'dns-failure':
      return loadDnsFailure(context, path, draft as DnsFaultDraft, around.hasDns)
    case 'partition':
    case 'link-loss':
    case 'link-delay':
      return loadLinkFault(context, path, draft as LinkFaultDraft, around.nodes === null ? null : [...around.nodes, ...around.machines])
    case 'etcd-member-crash':
    case 'etcd-partition':
    case 'etcd-slow-disk':
      return loadEtcdFault(context, path, draft as EtcdFaultDraft, around.etcdMembers)
    case 'machine-crash':
      return loadMachineFault(context, path, draft as MachineFaultDraft, around.machines)
    case 'controller-manager-crash':
    case 'scheduler-crash':
      return loadLeaderFault(context, path, draft as LeaderFaultDraft, around.replicas)
    case 'controller-manager-slow':
    case 'scheduler-slow':
      return loadReplicaSlow(context, path, draft as ReplicaSlowDraft, around.replicas)
    case 'api-server-slow':
      return loadApiServerSlow(context, path, draft as ApiServerSlowDraft, around.apiServers)
    case 'api-server-crash':
      return loadApiServerFault(context, path, draft as ApiServerFaultDraft, around.apiServers)
    default:
      return loadNodeFault(context, path, draft as NodeFaultDraft, around)
  }
}

function loadEtcdFault(context: LoadContext, path: Path, draft: EtcdFaultDraft, members: number): FaultSpec | undefined {
  const { kind, member } = draft
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A fault of no length is none', 'a length of time above 0, or no "for" when it stays')
  if (member !== undefined && member > members)
    context.mistake(
      [...path, 'member'],
      `etcd has no member ${member}`,
      members === 1 ? '1' : `1 to ${members} (spec.cluster.etcd.members)`,
    )
  if (kind === undefined || member === undefined || duration === undefined) return undefined
  if (kind !== 'etcd-slow-disk') return { kind, member, duration }
  const { factor } = draft as Extract<EtcdFaultDraft, { factor?: unknown }>
  return factor === undefined ? undefined : { kind, member, factor, duration }
}

function loadDnsFailure(context: LoadContext, path: Path, draft: DnsFaultDraft, hasDns: boolean): FaultSpec | undefined {
  const { kind, answer = DEFAULTS.dnsFailure.answer } = draft
  const duration = loadLength(context, path, draft.for)
  const share = draft.share === undefined ? 1 : context.read([...path, 'share'], String(draft.share), parseShare)
  if (share === 0) context.mistake([...path, 'share'], 'A fault of no query is none', 'a share above 0')
  if (!hasDns)
    context.mistake(
      [...path, 'kind'],
      'Names are resolved at once, so no DNS server can fail',
      'spec.cluster.dns, and its servers in the manifests',
    )
  return kind === undefined || share === undefined || duration === undefined ? undefined : { kind, answer, share, duration }
}

function loadMachineFault(context: LoadContext, path: Path, draft: MachineFaultDraft, machines: readonly string[]): FaultSpec | undefined {
  const { kind, machine } = draft
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A crash of no length is none', 'a length of time above 0, or no "for" when the machine stays away')
  if (machine !== undefined && !machines.includes(machine)) {
    const accepted = machines.length === 0 ? 'spec.cluster.install binary; nodes have the fault node-crash' : machines.join(', ')
    context.mistake([...path, 'machine'], `There is no machine "${machine}" that is no node`, accepted, nearest(machine, machines))
  }
  return kind === undefined || machine === undefined || duration === undefined ? undefined : { kind, machine, duration }
}

function loadLeaderFault(context: LoadContext, path: Path, draft: LeaderFaultDraft, replicas: number): FaultSpec | undefined {
  const { kind, replica = null } = draft
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A crash of no length is none', 'a length of time above 0, or no "for" when it stays away')
  if (kind === undefined || duration === undefined) return undefined
  if (replica !== null && replica > replicas)
    context.mistake(
      [...path, 'replica'],
      `${LED_COMPONENTS[kind]} has no replica ${replica}`,
      replicas === 1 ? '1' : `1 to ${replicas} (spec.cluster.install)`,
    )
  return { kind, replica, duration }
}

function loadApiServerFault(context: LoadContext, path: Path, draft: ApiServerFaultDraft, servers: number): FaultSpec | undefined {
  const { kind, server = 'random' } = draft
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A crash of no length is none', 'a length of time above 0, or no "for" when the server stays away')
  if (server !== 'random' && server > servers) {
    const accepted = `${servers === 1 ? '1' : `1 to ${servers}`} (spec.cluster.apiServer.count), or random`
    context.mistake([...path, 'server'], `There is no API server ${server}`, accepted)
  }
  if (kind === undefined || duration === undefined) return undefined
  return { kind, server: server === 'random' ? null : server, duration }
}

function loadNodeFault(
  context: LoadContext,
  path: Path,
  draft: NodeFaultDraft,
  { nodes, controlPlaneNodes }: FaultSurroundings,
): FaultSpec | undefined {
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A fault of no length is none', 'a length of time above 0, or no "for" when it stays')
  const { kind } = draft
  const node = loadVictim(context, [...path, 'node'], draft.node, nodes)
  // A fault of a chosen node is the same one with the choice in the place of the name.
  const of = (rest: object): FaultSpec => ({ kind, node, ...rest }) as FaultSpec
  switch (kind) {
    case 'node-reboot': {
      const { shutdown = DEFAULTS.shutdown } = draft as Extract<NodeFaultDraft, { shutdown?: unknown }>
      return node === undefined || duration === undefined || duration === null ? undefined : of({ shutdown, duration })
    }
    case 'node-freeze':
      if (typeof node === 'string' && controlPlaneNodes.includes(node)) {
        const accepted = 'a node without components of the control plane, such as worker-1; or the fault node-crash'
        context.mistake([...path, 'node'], `That "${node}" stands still is not modelled: the control plane runs there`, accepted)
      }
      return node === undefined || duration === undefined || duration === null ? undefined : of({ duration })
    case 'kubelet-slow':
    case 'kube-proxy-slow':
    case 'disk-slow': {
      const { factor } = draft as Extract<NodeFaultDraft, { factor?: unknown }>
      return node === undefined || duration === undefined || factor === undefined ? undefined : of({ factor, duration })
    }
    case 'clock-skew': {
      const { offset } = draft as Extract<NodeFaultDraft, { offset?: unknown }>
      const ahead = offset === undefined ? undefined : context.read([...path, 'offset'], offset, parseOffset)
      return node === undefined || duration === undefined || ahead === undefined ? undefined : of({ ahead, duration })
    }
    default:
      return kind === undefined || node === undefined || duration === undefined ? undefined : of({ duration })
  }
}

function loadVictim(
  context: LoadContext,
  path: Path,
  draft: NodeFaultDraft['node'],
  nodes: readonly string[] | null,
): string | NodeChoice | undefined {
  if (typeof draft === 'object') {
    const selector = draft.selector === undefined ? null : context.selector([...path, 'selector'], draft.selector)
    const count = loadHowMany(context, [...path, 'count'], draft.count ?? DEFAULTS.nodeCount)
    return selector === undefined || count === undefined ? undefined : { selector, count, text: draft.selector?.trim() ?? 'the nodes' }
  }
  if (draft !== undefined && nodes !== null && !nodes.includes(draft)) {
    const [first = 'worker-1', last = first] = [nodes.find((name) => name.startsWith('worker-')) ?? nodes[0], nodes.at(-1)]
    const others = nodes.slice(0, nodes.indexOf(first)).map((name) => `${name}, `)
    const accepted = others.join('') + (first === last ? first : `${first} to ${last}`)
    context.mistake(path, `There is no node "${draft}"`, accepted, nearest(draft, nodes.slice(0, NODES_COMPARED)))
  }
  return draft
}

function loadHowMany(context: LoadContext, path: Path, draft: string | number): HowMany | undefined {
  return typeof draft === 'number' ? draft : context.read(path, draft, parseHowMany)
}

/** How far a clock is from the true time: a length of time with a sign, such as `-2m` for one that is behind. */
export function parseOffset(text: string): Parsed<Nanos> {
  const accepted = 'a length of time with a sign, such as +30s or -2m'
  const match = /^\s*([+-])\s*(.*)$/.exec(text)
  if (match === null)
    return complain(`Cannot read "${text}" as an offset: the sign is missing`, {
      accepted,
      didYouMean: parseDuration(text).ok ? `+${text.trim()}` : null,
    })
  const length = parseDuration(match[2]!)
  if (!length.ok) return complain(length.complaint.message, { accepted })
  if (length.value === 0) return complain('A clock that is right is no fault', { accepted })
  return parsed(match[1] === '-' ? -length.value : length.value)
}

/** Node names that a misspelt one is compared with: enough to find the form of the name. */
export const NODES_COMPARED = 1000

function loadContainerFault(context: LoadContext, path: Path, draft: ContainerFaultDraft): FaultSpec | undefined {
  const { kind, namespace = DEFAULTS.namespace } = draft
  const selector = context.selector([...path, 'pods'], draft.pods)
  if (selector === undefined || kind === undefined) return undefined
  if (!context.inventory.mayHaveMorePods && context.inventory.templatesMatching(selector, namespace).length === 0)
    context.mistake([...path, 'pods'], `The selector "${draft.pods}" matches no pod of the manifests in the namespace "${namespace}"`, null)
  const count = loadHowMany(context, [...path, 'mode'], draft.mode ?? DEFAULTS.killMode)
  if (count === undefined) return undefined
  const which = { namespace, selector, count }
  if (kind === 'pod-kill') return { kind, ...which }
  if (kind === 'pod-slow') {
    const { factor, for: length } = draft as Extract<ContainerFaultDraft, { factor?: unknown }>
    const duration = loadLength(context, path, length)
    return factor === undefined || duration === undefined ? undefined : { kind, ...which, factor, duration }
  }
  if (kind === 'memory-leak') return loadMemoryLeak(context, path, draft as LeakDraft, which)
  const { container = null } = draft as Extract<ContainerFaultDraft, { container?: unknown }>
  return { kind, ...which, container }
}

type LeakDraft = Extract<ContainerFaultDraft, { rate?: unknown }>

function loadLength(context: LoadContext, path: Path, text: string | undefined): Nanos | null | undefined {
  const duration = text === undefined ? null : context.duration([...path, 'for'], text)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A fault of no length is none', 'a length of time above 0, or no "for" when it stays')
  return duration
}

function loadMemoryLeak(context: LoadContext, path: Path, draft: LeakDraft, which: PodChoice): FaultSpec | undefined {
  const { container = null } = draft
  const bytesPerSecond = context.read([...path, 'rate'], draft.rate, parseBandwidth)
  const duration = loadLength(context, path, draft.for)
  const templates = context.inventory.templatesMatching(which.selector, which.namespace)
  for (const { owner, spec } of templates) {
    const leaking =
      container === null ? spec.containers : [...spec.containers, ...spec.initContainers].filter(({ name }) => name === container)
    for (const { name, limits } of leaking) {
      if (limits.memoryBytes > 0) continue
      const message = `The container "${name}" of ${owner} has no memory limit: it only grows, as eviction for a node's want of memory is not modelled`
      context.warn([...path, 'kind'], 'no-effect', message)
    }
  }
  if (bytesPerSecond === undefined || duration === undefined) return undefined
  return { kind: 'memory-leak', ...which, container, bytesPerSecond, duration }
}

/** How reports call a fault. */
export function describeFault(fault: FaultSpec): string {
  return `${fault.kind} ${victimOf(fault)}${'duration' in fault && fault.duration !== null ? ` for ${formatDuration(fault.duration)}` : ''}`
}

function victimOf(fault: FaultSpec): string {
  if ('oneWay' in fault) return describeLinks(fault)
  if ('ahead' in fault) return `${nodeOf(fault.node)} ${fault.ahead < 0 ? '-' : '+'}${formatDuration(Math.abs(fault.ahead))}`
  if ('node' in fault)
    return `${nodeOf(fault.node)}${'factor' in fault ? ` ${fault.factor} times` : ''}${'shutdown' in fault ? `, ${fault.shutdown},` : ''}`
  if ('machine' in fault) return fault.machine
  const times = 'factor' in fault ? ` ${fault.factor} times` : ''
  if ('replica' in fault) return `${fault.replica === null ? 'of the leader' : `of replica ${fault.replica}`}${times}`
  if ('member' in fault) return `etcd-${fault.member}${times}`
  if ('server' in fault) return `${fault.server === null ? 'of a random server' : `of server ${fault.server}`}${times}`
  if ('answer' in fault) return `${fault.answer}, ${formatHowMany(fault.share === 1 ? 'all' : { share: fault.share })}`
  const pods = `of ${formatHowMany(fault.count)} in ${fault.namespace}`
  if (fault.kind === 'pod-kill') return pods
  if (fault.kind === 'pod-slow') return `${pods} ${fault.factor} times`
  if (fault.kind === 'memory-leak')
    return `${fault.container === null ? '' : `of ${fault.container} `}${pods} ${fault.bytesPerSecond} bytes/s`
  return `${fault.container === null ? '' : `of ${fault.container} `}${fault.count === 'all' ? `in ${fault.namespace}` : pods}`
}

function nodeOf(node: string | NodeChoice): string {
  return typeof node === 'string' ? node : `of ${formatHowMany(node.count)} of ${node.text}`
}
