import { nearest } from '../api/did-you-mean.ts'
import { complaintsAboutLabelValue } from '../api/names.ts'
import { INSTALL_NAMES, INSTALLS } from '../control-plane/installs/index.ts'
import { KUBERNETES_MINORS, type KubernetesMinor, NEWEST_MINOR } from '../kubernetes-version.ts'
import { DEFAULT_LINUX, type LinuxVersion, NFTABLES_LINUX, OLDEST_LINUX, parseLinux } from '../linux-version.ts'
import { CONNTRACK_DEFAULTS, type ConntrackConfig } from '../node/conntrack.ts'
import { SOFTIRQ_DEFAULTS, type SoftirqSpec } from '../node/packet-cores.ts'
import { RUNTIME_NAMES, type RuntimeName } from '../node/runtimes/index.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS, NODES_MAX } from './load-defaults.ts'
import { loadDns } from './load-dns.ts'
import { loadImages } from './load-images.ts'
import { loadLoadBalancer } from './load-load-balancer.ts'
import { loadNetwork } from './load-network.ts'
import { loadScheduler } from './load-scheduler.ts'
import { OTHER_ENDPOINTS_TOTAL, type OtherServicesSpec } from './other-services.ts'
import { parseDuration } from './parse-duration.ts'
import type { Parsed } from './parse-result.ts'
import { parseBytes, parseCpu } from './parse-size.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ClusterSpec, KubeProxySpec, NodeGroup } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type ClusterDraft = Draft<NonNullable<ScenarioFile['spec']['cluster']>>

/** On by default since then. Source: feature gate NFTablesProxyMode, beta in 1.31. */
export const NFTABLES_SINCE = 31

const AT: Path = ['spec', 'cluster']

export function loadCluster(context: LoadContext, draft: ClusterDraft | undefined): ClusterSpec {
  const version = loadVersion(draft?.version)
  const nodes = loadNodes(context, draft)
  const kubeProxy = loadKubeProxy(draft?.kubeProxy)
  if (kubeProxy.mode === 'nftables' && version < NFTABLES_SINCE) {
    const accepted = `version 1.${NFTABLES_SINCE} or later, or another mode`
    context.mistake([...AT, 'kubeProxy', 'mode'], `Mode nftables is off by default in Kubernetes 1.${version}`, accepted)
  }
  const kernel = loadKernel(context, draft?.kernel)
  if (kubeProxy.mode === 'nftables' && kernel < NFTABLES_LINUX) {
    context.mistake(
      [...AT, 'kubeProxy', 'mode'],
      `Mode nftables does not start on Linux ${draft?.kernel}`,
      'kernel 5.13 or later, or another mode',
    )
  }
  const dns = loadDns(context, draft?.dns, kernel)
  const names = nodeNames({ nodes, install: draft?.install ?? null })
  const director = loadLoadBalancer(context, draft?.loadBalancer, names)
  return {
    version,
    kernel,
    ...(director === undefined ? {} : { director }),
    ...(dns === undefined ? {} : { dns }),
    nodes,
    install: draft?.install ?? null,
    bootstrap: loadBootstrap(context, draft),
    ...(loadSettled(context, draft) ? { settled: true } : {}),
    controlPlane: loadControlPlane(context, draft),
    etcdMembers: loadEtcdMembers(context, draft),
    apiServers: loadApiServers(context, draft),
    apiServer: {
      maxRequestsInflight: draft?.apiServer?.maxRequestsInflight ?? DEFAULTS.apiServer.maxRequestsInflight,
      maxMutatingRequestsInflight: draft?.apiServer?.maxMutatingRequestsInflight ?? DEFAULTS.apiServer.maxMutatingRequestsInflight,
    },
    kubeProxy,
    otherServices: loadOtherServices(context, draft?.otherServices),
    conntrack: loadConntrack(draft?.kubeProxy),
    network: loadNetwork(context, draft?.network),
    softirq: loadSoftirq(context, draft?.network, nodes),
    cpuQuotaPeriod: loadCpuQuotaPeriod(context, draft?.kubelet),
    images: loadImages(context, draft?.images),
    runtime: loadRuntime(context, draft?.runtime),
    scheduler: loadScheduler(context, draft?.scheduler),
  }
}

/** Names of the nodes: those of the control plane that stand beside the others, then those of the groups, in order: worker-1, worker-2, … */
export function nodeNames(cluster: Pick<ClusterSpec, 'nodes' | 'install'>): readonly string[] {
  const count = cluster.nodes.reduce((sum, group) => sum + group.count, 0)
  const install = cluster.install === null ? null : INSTALLS[cluster.install]
  const others = Array.from({ length: count }, (_, index) => install?.nodeName(index + 1) ?? `worker-${index + 1}`)
  return install?.controlPlaneNodes === 'separate' ? [...install.controlPlane, ...others] : others
}

/** An install has an API server on each control-plane machine. */
function loadApiServers(context: LoadContext, draft: ClusterDraft | undefined): number {
  const { install, apiServer } = draft ?? {}
  const wanted = apiServer?.count
  if (install === undefined) return wanted ?? DEFAULTS.apiServers
  const count = INSTALLS[install].controlPlane.length
  if (wanted !== undefined && wanted !== count)
    context.mistake([...AT, 'apiServer', 'count'], `Install ${install} has an API server on each control-plane machine`, String(count))
  return count
}

function loadBootstrap(context: LoadContext, draft: ClusterDraft | undefined): boolean {
  const { bootstrap = false, install } = draft ?? {}
  if (bootstrap && install === undefined) {
    const accepted = `spec.cluster.install: one of ${INSTALL_NAMES.join(', ')}`
    context.mistake([...AT, 'bootstrap'], 'Without "install" it is not known what is to be installed', accepted)
  }
  return bootstrap
}

function loadSettled(context: LoadContext, draft: ClusterDraft | undefined): boolean {
  const { settled = false, bootstrap = false } = draft ?? {}
  if (settled && bootstrap) context.mistake([...AT, 'settled'], 'A cluster that is being installed has not been running for long', 'false')
  return settled
}

function loadControlPlane(context: LoadContext, draft: ClusterDraft | undefined): ClusterSpec['controlPlane'] {
  const path: Path = [...AT, 'controlPlane']
  const { controlPlane, install } = draft ?? {}
  if (controlPlane !== undefined && (install === undefined || INSTALLS[install].controlPlaneNodes !== 'separate'))
    context.mistake(path, 'There are no control-plane nodes beside the others', 'spec.cluster.install kubeadm or kubeadm-ha')
  return {
    cpuMilli: read(context, [...path, 'cpu'], controlPlane?.cpu, DEFAULTS.controlPlane.cpu, parseCpu),
    memoryBytes: read(context, [...path, 'memory'], controlPlane?.memory, DEFAULTS.controlPlane.memory, parseBytes),
  }
}

/** An install with stacked etcd has a member on each control-plane machine. */
function loadEtcdMembers(context: LoadContext, draft: ClusterDraft | undefined): number {
  const { install, etcd } = draft ?? {}
  if (install === undefined) return etcd?.members ?? DEFAULTS.etcdMembers
  const { standard, free } = INSTALLS[install].etcdMembers
  if (etcd?.members === undefined || free) return etcd?.members ?? standard
  if (etcd.members !== standard)
    context.mistake([...AT, 'etcd', 'members'], `etcd of install ${install} has a member on each control-plane machine`, String(standard))
  return standard
}

function loadNodes(context: LoadContext, draft: ClusterDraft | undefined): readonly NodeGroup[] {
  const path: Path = [...AT, 'nodes']
  const perGroup = draft?.install === undefined ? DEFAULTS.nodes.count : INSTALLS[draft.install].nodesPerGroup
  const nodes = (draft?.nodes ?? [{}]).map((group, index): NodeGroup => {
    const at: Path = [...path, index]
    return {
      count: group?.count ?? perGroup,
      cpuMilli: read(context, [...at, 'cpu'], group?.cpu, DEFAULTS.nodes.cpu, parseCpu),
      memoryBytes: read(context, [...at, 'memory'], group?.memory, DEFAULTS.nodes.memory, parseBytes),
      maxPods: group?.maxPods ?? DEFAULTS.maxPods,
      zones: loadZones(context, [...at, 'zone'], group?.zone),
    }
  })
  const count = nodes.reduce((sum, group) => sum + group.count, 0)
  if (count > NODES_MAX) context.mistake(path, `Cannot build a cluster of ${count} nodes`, `at most ${NODES_MAX} nodes`)
  return nodes
}

type ZoneDraft = string | readonly (string | undefined)[] | undefined

function loadZones(context: LoadContext, path: Path, zone: ZoneDraft): readonly string[] {
  if (zone === undefined) return [DEFAULTS.zone]
  const list = typeof zone === 'string' ? [zone] : zone
  const zones: string[] = []
  for (const [index, name] of list.entries()) {
    if (name === undefined) continue
    const at = typeof zone === 'string' ? path : [...path, index]
    const complaints = name === '' ? ['it is empty'] : complaintsAboutLabelValue(name)
    if (complaints[0] !== undefined) context.mistake(at, `Cannot use "${name}" as the name of a zone: ${complaints[0]}`)
    else if (zones.includes(name)) context.mistake(at, `The zone "${name}" is given twice`)
    zones.push(name)
  }
  return zones
}

function loadVersion(text: string | undefined): KubernetesMinor {
  return KUBERNETES_MINORS.find((minor) => `1.${minor}` === (text ?? DEFAULTS.version)) ?? NEWEST_MINOR
}

function loadKernel(context: LoadContext, text: string | undefined): LinuxVersion {
  const kernel = parseLinux(text ?? DEFAULTS.kernel)
  if (kernel !== null && kernel >= OLDEST_LINUX) return kernel
  context.mistake(
    [...AT, 'kernel'],
    kernel === null ? `Cannot read "${text}" as a version of Linux` : `Linux ${text} is too old`,
    'a version from 4.15 on, in quotes, such as "5.4"',
  )
  return DEFAULT_LINUX
}

function loadKubeProxy(draft: ClusterDraft['kubeProxy']): KubeProxySpec {
  return {
    mode: draft?.mode ?? DEFAULTS.kubeProxyMode,
    scheduler: draft?.scheduler ?? DEFAULTS.kubeProxyScheduler,
    ...(draft?.connReuseMode === undefined ? {} : { connReuseMode: draft.connReuseMode }),
  }
}

function loadOtherServices(context: LoadContext, draft: ClusterDraft['otherServices']): OtherServicesSpec {
  const { count = DEFAULTS.otherServices.count, endpoints = DEFAULTS.otherServices.endpoints } = draft ?? {}
  if (count * endpoints > OTHER_ENDPOINTS_TOTAL) {
    const accepted = `at most ${OTHER_ENDPOINTS_TOTAL} endpoints in all`
    context.mistake([...AT, 'otherServices'], `There are no addresses for ${count} Services of ${endpoints} endpoints`, accepted)
  }
  return { count, endpoints }
}

function loadConntrack(draft: ClusterDraft['kubeProxy']): ConntrackConfig {
  const { maxPerCore, min } = draft?.conntrack ?? {}
  return { maxPerCore: maxPerCore ?? CONNTRACK_DEFAULTS.maxPerCore, min: min ?? CONNTRACK_DEFAULTS.min }
}

/** A node has no more queues than cores: what asks for more than any node has is a mistake. */
function loadSoftirq(context: LoadContext, draft: ClusterDraft['network'], nodes: readonly NodeGroup[]): SoftirqSpec {
  const { cores, backlog } = draft?.softirq ?? {}
  const most = nodes.reduce((largest, { cpuMilli }) => Math.max(largest, Math.ceil(cpuMilli / 1000)), 1)
  if (cores !== undefined && cores > most) {
    const path: Path = [...AT, 'network', 'softirq', 'cores']
    context.mistake(path, `No node has ${cores} cores`, most === 1 ? '1' : `1 to ${most}`)
  }
  return { cores: cores ?? SOFTIRQ_DEFAULTS.cores, backlog: backlog ?? SOFTIRQ_DEFAULTS.backlog }
}

/** Source: kubernetes v1.36.2 pkg/kubelet/apis/config/validation/validation.go (cpuCFSQuotaPeriod). */
const QUOTA_PERIOD = { min: MILLISECOND, max: SECOND }

function loadCpuQuotaPeriod(context: LoadContext, draft: ClusterDraft['kubelet']): Nanos | null {
  const path: Path = [...AT, 'kubelet', 'cpuCFSQuotaPeriod']
  const period = read(context, path, draft?.cpuCFSQuotaPeriod, DEFAULTS.cpuCFSQuotaPeriod, parseDuration)
  if (period < QUOTA_PERIOD.min || period > QUOTA_PERIOD.max) {
    context.mistake(path, `A period of "${draft?.cpuCFSQuotaPeriod}" is not one of the kubelet's`, '1ms to 1s')
  }
  return (draft?.cpuCFSQuota ?? DEFAULTS.cpuCFSQuota) ? period : null
}

function loadRuntime(context: LoadContext, name: string | undefined): RuntimeName {
  const found = RUNTIME_NAMES.find((candidate) => candidate === (name ?? DEFAULTS.runtime))
  if (found !== undefined) return found
  const path: Path = [...AT, 'runtime']
  if (name === 'dockershim')
    context.mistake(path, 'Kubernetes 1.24 removed dockershim', 'cri-dockerd for Docker Engine, or containerd, cri-o', 'cri-dockerd')
  else context.mistake(path, `There is no container runtime "${name}" here`, RUNTIME_NAMES.join(', '), nearest(name ?? '', RUNTIME_NAMES))
  return DEFAULTS.runtime
}

/** The value of a text, or that of the default: after a reported mistake the default only keeps the reading going. */
function read(
  context: LoadContext,
  path: Path,
  given: string | number | undefined,
  fallback: string,
  parse: (text: string) => Parsed<number>,
): number {
  return context.read(path, given === undefined ? undefined : String(given), parse) ?? certain(parse(fallback))
}
