import { bytes, cpuMilli, parseQuantity } from '../../api/quantity.ts'
import { KUBERNETES_MINORS, NEWEST_MINOR } from '../../kubernetes-version.ts'
import { OLDEST_LINUX, parseLinux } from '../../linux-version.ts'
import { type Notes, someOf } from '../notes.ts'
import type { DumpedObject } from './read-objects.ts'
import { at, compareTexts, listAt, textAt, textsAt } from './values.ts'

/** Nodes alike. */
export interface ImportedNodeGroup {
  readonly count: number
  /** Thousandths of a core that pods can have. */
  readonly cpuMilli: number
  /** Whole multiples of 64 MiB. */
  readonly memoryMi: number
  readonly maxPods: number
  /** Empty where the nodes have no zone label. Nodes take them in turn. */
  readonly zones: readonly string[]
}

export interface ImportedTaint {
  readonly key: string
  readonly value: string
  readonly effect: string
}

/** A node with the name that it has in the model. */
export interface ImportedNode {
  readonly realName: string
  readonly modelName: string
  readonly labels: Readonly<Record<string, string>>
  readonly taints: readonly ImportedTaint[]
  readonly unschedulable: boolean
}

export interface ImportedNodes {
  readonly groups: readonly ImportedNodeGroup[]
  readonly nodes: readonly ImportedNode[]
  readonly install: 'kubeadm' | 'kubeadm-ha' | null
  readonly controlPlane: { readonly cpuMilli: number; readonly memoryMi: number } | null
  /** Such as `1.31`; null where no node says. */
  readonly version: string | null
  /** Such as `5.15`; null where no node says. */
  readonly kernel: string | null
  readonly runtime: 'containerd' | 'cri-o' | 'cri-dockerd' | null
}

const CONTROL_PLANE_ROLES = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']
const ZONE = 'topology.kubernetes.io/zone'
const OLD_ZONE = 'failure-domain.beta.kubernetes.io/zone'

/** Nodes of one machine type differ by a few KiB of memory: that is not told apart. */
const MEMORY_STEP = 64

/** Reads Node objects; null when there are none. Groups and names do not depend on the order of the list. */
export function readNodes(objects: readonly DumpedObject[], notes: Notes): ImportedNodes | null {
  const all = objects.filter(({ kind }) => kind === 'Node').toSorted((a, b) => compareTexts(a.name, b.name))
  if (all.length === 0) return null
  const masters = all.filter(isControlPlane)
  const install = masters.length === all.length ? null : masters.length === 1 ? 'kubeadm' : masters.length === 3 ? 'kubeadm-ha' : null
  const workers = install === null ? all : all.filter((node) => !isControlPlane(node))
  if (install === null && masters.length > 0 && masters.length < all.length) {
    notes.find(
      `${masters.length} control-plane nodes: the model knows 1 (kubeadm) and 3 (kubeadm-ha), so these are worker nodes with their taints`,
    )
  }
  const groups = groupsOf(workers)
  const nodes: ImportedNode[] = []
  if (install !== null) nodes.push(...masters.map((node, index) => nodeOf(node, `control-plane-${index + 1}`)))
  let number = 0
  for (const group of groups) for (const node of group.members) nodes.push(nodeOf(node, `worker-${++number}`))
  const first = masters[0]
  return {
    groups: groups.map(({ members, ...group }) => ({ count: members.length, ...group })),
    nodes,
    install,
    controlPlane:
      install === null || first === undefined ? null : { cpuMilli: capacityOf(first).cpuMilli, memoryMi: capacityOf(first).memoryMi },
    version: versionOf(all, notes),
    kernel: kernelOf(all, notes),
    runtime: runtimeOf(all, notes),
  }
}

function isControlPlane({ value }: DumpedObject): boolean {
  const labels = textsAt(value, 'metadata', 'labels')
  return CONTROL_PLANE_ROLES.some((role) => Object.hasOwn(labels, role))
}

interface Group extends Omit<ImportedNodeGroup, 'count'> {
  readonly members: readonly DumpedObject[]
}

/** By what pods can have; zones with as many nodes each become one group that takes them in turn. */
function groupsOf(workers: readonly DumpedObject[]): Group[] {
  const shapes = new Map<string, { readonly capacity: Capacity; readonly zones: Map<string, DumpedObject[]> }>()
  for (const node of workers) {
    const capacity = capacityOf(node)
    const key = JSON.stringify(capacity)
    const shape = shapes.get(key) ?? { capacity, zones: new Map<string, DumpedObject[]>() }
    shapes.set(key, shape)
    const zone = zoneOf(node)
    shape.zones.set(zone, [...(shape.zones.get(zone) ?? []), node])
  }
  return [...shapes.values()].flatMap(({ capacity, zones }): Group[] => {
    const named = [...zones].sort(([a], [b]) => compareTexts(a, b))
    const size = named[0]![1].length
    if (named.length > 1 && named.every(([zone, members]) => zone !== '' && members.length === size)) {
      const members = Array.from(
        { length: size * named.length },
        (_, index) => named[index % named.length]![1][Math.floor(index / named.length)]!,
      )
      return [{ ...capacity, zones: named.map(([zone]) => zone), members }]
    }
    return named.map(([zone, members]) => ({ ...capacity, zones: zone === '' ? [] : [zone], members }))
  })
}

type Capacity = Pick<ImportedNodeGroup, 'cpuMilli' | 'memoryMi' | 'maxPods'>

/** What pods can have: allocatable, or else what the machine has. */
function capacityOf({ value }: DumpedObject): Capacity {
  const amount = (name: string): string => {
    const found = at(value, 'status', 'allocatable', name) ?? at(value, 'status', 'capacity', name)
    const text = typeof found === 'string' || typeof found === 'number' ? String(found) : ''
    return parseQuantity(text).ok ? text : '0'
  }
  const memory = Math.floor(bytes(amount('memory')) / 1_048_576)
  return {
    cpuMilli: Math.max(1, cpuMilli(amount('cpu'))),
    memoryMi: Math.max(1, memory >= MEMORY_STEP ? memory - (memory % MEMORY_STEP) : memory),
    maxPods: Math.min(10_000, Number(amount('pods')) || 110),
  }
}

function zoneOf({ value }: DumpedObject): string {
  const labels = textsAt(value, 'metadata', 'labels')
  return labels[ZONE] ?? labels[OLD_ZONE] ?? ''
}

/** Taints that Kubernetes itself puts on and takes off. */
const PASSING_TAINTS = /^(node\.kubernetes\.io|node\.cloudprovider\.kubernetes\.io)\//

function nodeOf({ name, value }: DumpedObject, modelName: string): ImportedNode {
  const taints = listAt(value, 'spec', 'taints').map((taint) => ({
    key: textAt(taint, 'key'),
    value: textAt(taint, 'value'),
    effect: textAt(taint, 'effect'),
  }))
  return {
    realName: name,
    modelName,
    labels: textsAt(value, 'metadata', 'labels'),
    taints: taints.filter(({ key }) => key !== '' && !PASSING_TAINTS.test(key)),
    unschedulable: at(value, 'spec', 'unschedulable') === true,
  }
}

/** The commonest of some texts; of several as common, the first by code units. */
function commonest(texts: readonly string[]): string | null {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  const [first] = [...counts].sort((a, b) => b[1] - a[1] || compareTexts(a[0], b[0]))
  return first?.[0] ?? null
}

function versionOf(nodes: readonly DumpedObject[], notes: Notes): string | null {
  const minors = nodes.flatMap(
    ({ value }) => /^v?1\.(\d{1,3})(?:\D|$)/.exec(textAt(value, 'status', 'nodeInfo', 'kubeletVersion'))?.slice(1, 2) ?? [],
  )
  const minor = commonest(minors)
  if (minor === null) return null
  const distinct = [...new Set(minors)].toSorted((a, b) => Number(a) - Number(b))
  if (distinct.length > 1) {
    notes.find(
      `The kubelets are of ${distinct.length} versions (${distinct.map((each) => `1.${each}`).join(', ')}); the scenario has the commonest, 1.${minor}`,
    )
  }
  const nearest = Math.min(Math.max(Number(minor), KUBERNETES_MINORS[0]!), NEWEST_MINOR)
  if (nearest !== Number(minor)) notes.find(`The kubelets are of version 1.${minor}; the nearest that the model has is 1.${nearest}`)
  return `1.${nearest}`
}

function kernelOf(nodes: readonly DumpedObject[], notes: Notes): string | null {
  const kernels = nodes.flatMap(
    ({ value }) => /^(\d{1,2}\.\d{1,3})/.exec(textAt(value, 'status', 'nodeInfo', 'kernelVersion'))?.slice(1, 2) ?? [],
  )
  const kernel = commonest(kernels)
  if (kernel === null) return null
  const distinct = [...new Set(kernels)].toSorted(compareTexts)
  if (distinct.length > 1)
    notes.find(`The nodes have ${distinct.length} kernels (${someOf(distinct)}); the scenario has the commonest, ${kernel}`)
  if ((parseLinux(kernel) ?? 0) >= OLDEST_LINUX) return kernel
  notes.find(`Linux ${kernel} is older than any that the model has; the scenario has 4.15`)
  return '4.15'
}

const RUNTIMES = { containerd: 'containerd', 'cri-o': 'cri-o', docker: 'cri-dockerd' } as const

function runtimeOf(nodes: readonly DumpedObject[], notes: Notes): ImportedNodes['runtime'] {
  const runtimes = nodes.map(({ value }) => textAt(value, 'status', 'nodeInfo', 'containerRuntimeVersion').split('://')[0]!)
  const name = commonest(runtimes.filter((each) => each !== ''))
  if (name === null) return null
  if (Object.hasOwn(RUNTIMES, name)) return RUNTIMES[name as keyof typeof RUNTIMES]
  notes.find(`The container runtime "${name}" is not modelled; the scenario has the default`)
  return null
}
