import { stringify } from 'yaml'
import type { SourceProblem } from '../api/source-problem.ts'
import { invariant } from '../invariant.ts'
import { memoryFiles } from '../scenario/load-files.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { type CrossCheck, crossCheck } from './cross-check.ts'
import { type DumpFile, kindOf } from './dump-file.ts'
import { manualEndpointSlices } from './manual-endpoints.ts'
import { nodeCommands } from './node-commands.ts'
import { type LeftOut, Notes } from './notes.ts'
import { type CleanObject, cleanObjects } from './objects/clean-objects.ts'
import { type KubeProxyConfig, readKubeProxyConfig, schedulerNamed } from './objects/kube-proxy-config.ts'
import { type ImportedNodes, readNodes } from './objects/nodes.ts'
import { type DumpedObject, readObjects } from './objects/read-objects.ts'
import { at, compareTexts, listAt, textsAt } from './objects/values.ts'
import { Problems } from './problems.ts'
import { RULE_READERS } from './rules/index.ts'
import type { RuleDump } from './rules/rule-dump.ts'
import { type ScenarioParts, scenarioText } from './scenario-text.ts'
import { type Synthetic, synthesize } from './synthesize.ts'
import { loadOf } from './traffic.ts'

/** What an import found, in numbers. */
export interface ImportFound {
  readonly nodes: number
  readonly nodeGroups: number
  readonly services: number
  /** Ready endpoints, of the lists where there are some, else of the rules. */
  readonly endpoints: number
  /** Pods that the manifests make. */
  readonly pods: number
  readonly mode: string | null
  readonly rules: readonly {
    readonly file: string
    readonly mode: string
    readonly services: number
    readonly counts: Readonly<Record<string, number>>
  }[]
}

export interface ImportedCluster {
  readonly ok: true
  readonly scenario: string
  readonly manifests: string
  readonly found: ImportFound
  readonly assumed: readonly string[]
  readonly findings: readonly string[]
  readonly leftOut: readonly LeftOut[]
  readonly crossChecks: readonly CrossCheck[]
}

export type ImportResult = ImportedCluster | { readonly ok: false; readonly problems: readonly SourceProblem[] }

/**
 * Makes a scenario of a cluster's dumps: texts in, texts out. Files are told apart by what is in them, and their order makes no difference. Nothing
 * is made while any file has a mistake.
 *
 * What comes out has been read by the scenario's own reader: an object or a traffic that it would refuse is left out, and told.
 */
export async function importCluster(files: readonly DumpFile[], name: string): Promise<ImportResult> {
  const notes = new Notes()
  const { objects, dumps, problems } = readAll(
    files.toSorted((a, b) => compareTexts(a.path, b.path)),
    notes,
  )
  if (problems.length > 0) return { ok: false, problems }
  const isSynthetic = !objects.some(({ kind }) => kind === 'Service' || kind === 'Deployment' || kind === 'Pod')
  const synthetic = isSynthetic ? synthesize(dumps, notes) : null
  const nodes = readNodes(objects, notes) ?? synthetic?.nodes ?? null
  const clean = synthetic?.objects ?? objectsOf(objects, nodes, notes)
  const checks = isSynthetic ? [] : dumps.flatMap((dump) => crossCheck(dump, objects, notes) ?? [])
  const config = readKubeProxyConfig(objects, notes)
  const parts = partsOf(name, files, { nodes, config, dumps, synthetic }, notes)
  const composed = await accepted(parts, clean, notes)
  const saysSomething = composed.objects.length > 0 || dumps.some(({ services }) => services.length > 0)
  if (!saysSomething && !objects.some(({ kind }) => kind === 'Node')) return { ok: false, problems: nothingIn(objects, notes) }
  const { mode } = composed.parts.kubeProxy
  return {
    ok: true,
    scenario: composed.scenario,
    manifests: composed.manifests,
    found: foundIn(composed.objects, composed.parts, { objects, dumps, nodes, mode }),
    assumed: notes.assumed,
    findings: notes.findings,
    leftOut: notes.leftOut,
    crossChecks: checks,
  }
}

/** Objects were given, and none is left that a scenario could be made of. */
function nothingIn(objects: readonly DumpedObject[], { leftOut }: Notes): readonly SourceProblem[] {
  const kinds = [...new Set(objects.map(({ kind }) => kind))].toSorted(compareTexts)
  const problems = new Problems(objects[0]?.file ?? '')
  const [first] = leftOut
  const why = first === undefined ? '' : `. ${first.what}: ${first.why}`
  const message = `There is nothing that a scenario could be made of: only ${kinds.slice(0, KINDS_TOLD).join(', ')}${kinds.length > KINDS_TOLD ? ', …' : ''}${why}`
  problems.add(
    { line: objects[0]?.line ?? 1 },
    { message, accepted: 'nodes, services, endpointslices, deployments, statefulsets, daemonsets or pods' },
  )
  return problems.told
}

const KINDS_TOLD = 8

interface Read {
  readonly objects: readonly DumpedObject[]
  readonly dumps: readonly RuleDump[]
  readonly problems: readonly SourceProblem[]
}

function readAll(files: readonly DumpFile[], notes: Notes): Read {
  const objects = new Map<string, DumpedObject>()
  const dumps: RuleDump[] = []
  const problems: SourceProblem[] = []
  for (const { path, text } of files) {
    const found = kindOf(text)
    if (found.kind === 'empty') notes.find(`${path} is empty`)
    else if (found.kind === 'binary' || found.kind === 'foreign') problems.push(...unreadable(path, text, found).told)
    else if (found.kind === 'objects') {
      const read = readObjects(path, text)
      problems.push(...read.problems.told)
      // Of an object that is there twice the later one stays, as with kubectl apply.
      for (const object of read.objects) objects.set(`${object.kind}/${object.namespace}/${object.name}`, object)
    } else {
      const { dump, problems: mistakes } = RULE_READERS[found.kind](path, text)
      problems.push(...mistakes.told)
      dumps.push(dump)
      for (const { what, count } of dump.skipped) notes.leaveOut(what, 'not of a Service', path, count)
      for (const finding of dump.findings) notes.find(`${path}: ${finding}`)
    }
  }
  if (problems.length === 0 && objects.size === 0 && dumps.every(({ services }) => services.length === 0)) {
    const nothing = new Problems(files[0]?.path ?? '')
    nothing.add({ line: 1 }, { message: 'There is no object of a cluster and no rule of kube-proxy in what was given', accepted: ACCEPTED })
    problems.push(...nothing.told)
  }
  return { objects: [...objects.values()], dumps, problems }
}

const ACCEPTED = 'outputs of `kubectl get … -A -o yaml` (or json), `iptables-save`, `ipvsadm -Sn` or `nft -j list ruleset`'

function unreadable(
  path: string,
  text: string,
  found: { kind: 'binary'; offset: number } | { kind: 'foreign'; what: string; use: string },
): Problems {
  const problems = new Problems(path)
  if (found.kind === 'foreign') problems.add({ line: 1 }, { message: `This is ${found.what}`, accepted: found.use })
  else {
    const line = text.slice(0, found.offset).split('\n').length
    problems.add({ line }, { message: 'This is no text: it has a byte of value 0', accepted: ACCEPTED })
  }
  return problems
}

/** System namespaces that every cluster has. */
const OWN_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease']

function objectsOf(objects: readonly DumpedObject[], nodes: ImportedNodes | null, notes: Notes): CleanObject[] {
  const nodeNames = new Map((nodes?.nodes ?? []).map(({ realName, modelName }) => [realName, modelName]))
  const priorityClasses = new Set(objects.filter(({ kind }) => kind === 'PriorityClass').map((each) => each.name))
  return [...cleanObjects(objects, { nodeNames, priorityClasses, notes }), ...manualEndpointSlices(objects, nodeNames)]
}

function namespacesOf(objects: readonly CleanObject[]): CleanObject[] {
  const names = [...new Set(objects.map(({ namespace }) => namespace))].filter((name) => name !== '' && !OWN_NAMESPACES.includes(name))
  return names.toSorted(compareTexts).map((name) => ({
    ...{ kind: 'Namespace', namespace: '', name },
    value: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
  }))
}

interface Sources {
  readonly nodes: ImportedNodes | null
  readonly config: KubeProxyConfig | null
  readonly dumps: readonly RuleDump[]
  readonly synthetic: Synthetic | null
}

type FixedParts = Omit<ScenarioParts, 'pods' | 'workloads' | 'traffic' | 'commands'>

function partsOf(name: string, files: readonly DumpFile[], { nodes, config, dumps, synthetic }: Sources, notes: Notes): FixedParts {
  const [largest] = dumps.filter(({ services }) => services.length > 0).toSorted((a, b) => b.services.length - a.services.length)
  const mode = config?.mode ?? largest?.mode ?? null
  if (config?.mode != null && largest !== undefined && largest.mode !== config.mode) {
    notes.find(
      `The ConfigMap kube-proxy says mode ${config.mode}, and ${largest.file} has rules of mode ${largest.mode}: was kube-proxy restarted since?`,
    )
  }
  const comments: string[] = []
  if (config !== null && config.syncPeriods.length > 0) {
    comments.push(
      `The ConfigMap kube-proxy says ${config.syncPeriods.join(', ')}; the model syncs at most once a second and has no field for it.`,
    )
    notes.find(
      `kube-proxy has ${config.syncPeriods.join(', ')}: the model has the default periods, so it may hear of changes sooner or later than the cluster`,
    )
  }
  if (config === null && largest !== undefined) comments.push(`The mode is that of the rules in ${largest.file}.`)
  const schedulers = [...new Set(dumps.flatMap(({ services }) => services.flatMap(({ scheduler }) => scheduler ?? [])))]
  if (schedulers.length > 1)
    notes.find(
      `The virtual servers have ${schedulers.length} schedulers (${schedulers.join(', ')}); kube-proxy sets one: the scenario has that of most`,
    )
  const counts = (scheduler: string) =>
    dumps.reduce((sum, { services }) => sum + services.filter((each) => each.scheduler === scheduler).length, 0)
  const [commonest] = schedulers.toSorted((a, b) => counts(b) - counts(a))
  const scheduler = mode === 'ipvs' ? (config?.scheduler ?? schedulerNamed(commonest ?? '', notes)) : null
  return {
    name,
    sources: files.map(({ path }) => path).toSorted(compareTexts),
    nodes: withMode(nodes, mode, notes),
    kubeProxy: { mode, scheduler, maxPerCore: config?.maxPerCore ?? null, min: config?.min ?? null, comments },
    otherServices: synthetic?.otherServices ?? null,
    assumed: synthetic === null ? [] : [...notes.assumed],
  }
}

/** Mode nftables is off by default before 1.31, and needs Linux 5.13: a cluster that runs it says otherwise, and the model does not follow. */
function withMode(nodes: ImportedNodes | null, mode: string | null, notes: Notes): ImportedNodes | null {
  if (nodes === null || mode !== 'nftables') return nodes
  const tooOld = nodes.version !== null && Number(nodes.version.split('.')[1]) < 31
  if (tooOld)
    notes.find(
      `kube-proxy is in mode nftables on ${nodes.version}, where it is off by default: the scenario has 1.31, the first that the model has it in`,
    )
  return tooOld ? { ...nodes, version: '1.31' } : nodes
}

interface Composed {
  readonly objects: readonly CleanObject[]
  readonly parts: ScenarioParts
  readonly scenario: string
  readonly manifests: string
}

/** Leaves out what the scenario's reader refuses, until it refuses nothing. Each round takes something away, so that it ends. */
async function accepted(fixed: FixedParts, clean: readonly CleanObject[], notes: Notes): Promise<Composed> {
  const refused = new Set<CleanObject>()
  const without = { traffic: new Set<string>(), workloads: new Set<string>(), timeline: new Set<string>() }
  for (;;) {
    const kept = clean.filter((object) => !refused.has(object))
    const objects = [...namespacesOf(kept), ...kept]
    const load = loadOf(objects, 'worker-1', new Notes())
    const parts: ScenarioParts = {
      ...fixed,
      pods: podsOf(objects, fixed.nodes),
      traffic: load.traffic.filter(({ name }) => !without.traffic.has(name)),
      workloads: load.workloads.filter(({ selector }) => !without.workloads.has(selector)),
      commands: nodeCommands(fixed.nodes?.nodes ?? [], objects, notes).filter((command) => !without.timeline.has(command)),
    }
    const { text: manifests, lines } = manifestText(objects)
    const scenario = scenarioText(parts)
    const loaded = await loadScenario('scenario.yaml', memoryFiles({ 'scenario.yaml': scenario, 'manifests.yaml': manifests }))
    if (loaded.ok) {
      // Once more, to tell what got no traffic and why.
      loadOf(objects, 'worker-1', notes)
      return { objects, parts, scenario, manifests }
    }
    const before = refused.size + without.traffic.size + without.workloads.size + without.timeline.size
    for (const problem of loaded.problems) {
      const why = `the model refuses it: ${problem.message}`
      if (problem.file === 'manifests.yaml') {
        const object = objects[lines.findLastIndex((line) => line <= problem.line)]
        if (object === undefined || refused.has(object)) continue
        refused.add(object)
        // Without its namespace nothing in it can be made.
        if (object.kind === 'Namespace') for (const each of kept) if (each.namespace === object.name) refused.add(each)
        notes.leaveOut(object.kind, why, object.namespace === '' ? object.name : `${object.namespace}/${object.name}`)
        continue
      }
      const [, list, index] = /^spec\.(traffic|workloads|timeline)\[(\d+)\]/.exec(problem.path) ?? []
      const entry =
        list === 'traffic'
          ? parts.traffic[Number(index)]?.name
          : list === 'workloads'
            ? parts.workloads[Number(index)]?.selector
            : parts.commands[Number(index)]
      invariant(list !== undefined && entry !== undefined, `An import made a scenario that is refused: ${problem.path}: ${problem.message}`)
      const from = without[list as keyof typeof without]
      if (!from.has(entry)) notes.leaveOut(list === 'timeline' ? 'command' : list, why, entry)
      from.add(entry)
    }
    const after = refused.size + without.traffic.size + without.workloads.size + without.timeline.size
    invariant(after > before, `An import made a scenario that is refused: ${loaded.problems[0]?.message}`)
  }
}

/** The manifests as one file, in the YAML that kubectl reads (1.1: `yes` as a text is quoted), and the line that each object begins on. */
function manifestText(objects: readonly CleanObject[]): { text: string; lines: number[] } {
  const texts: string[] = [
    '# Objects of the cluster, as far as the model acts on them. Environment, arguments, volumes and data were not copied.\n',
  ]
  const lines: number[] = []
  let line = 2
  for (const { value } of objects) {
    lines.push(line)
    const text = `---\n${stringify(value, { version: '1.1', aliasDuplicateObjects: false, lineWidth: 0 })}`
    texts.push(text)
    line += text.split('\n').length - 1
  }
  return { text: texts.join(''), lines }
}

/** Pods that the objects make: one on each node of a DaemonSet. */
function podsOf(objects: readonly CleanObject[], nodes: ImportedNodes | null): number {
  const nodeCount = nodes === null ? 3 : nodes.groups.reduce((sum, { count }) => sum + count, 0)
  let pods = 0
  for (const { kind, value } of objects) {
    if (kind === 'Pod') pods += 1
    else if (kind === 'DaemonSet') pods += nodeCount
    else if (['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController'].includes(kind)) {
      const replicas = at(value, 'spec', 'replicas')
      pods += typeof replicas === 'number' ? replicas : 1
    }
  }
  return pods
}

function foundIn(
  clean: readonly CleanObject[],
  parts: ScenarioParts,
  {
    objects,
    dumps,
    nodes,
    mode,
  }: { objects: readonly DumpedObject[]; dumps: readonly RuleDump[]; nodes: ImportedNodes | null; mode: string | null },
): ImportFound {
  const slices = objects.filter(
    ({ kind, value }) => kind === 'EndpointSlice' && Object.hasOwn(textsAt(value, 'metadata', 'labels'), 'kubernetes.io/service-name'),
  )
  const ready = slices
    .flatMap(({ value }) => listAt(value, 'endpoints'))
    .filter((endpoint) => at(endpoint, 'conditions', 'ready') !== false).length
  const inRules = Math.max(0, ...dumps.map(({ services }) => services.reduce((sum, { endpoints }) => sum + endpoints.length, 0)))
  return {
    nodes: nodes === null ? 0 : nodes.nodes.length > 0 ? nodes.nodes.length : nodes.groups.reduce((sum, { count }) => sum + count, 0),
    nodeGroups: nodes?.groups.length ?? 0,
    services: clean.filter(({ kind }) => kind === 'Service').length + (parts.otherServices?.count ?? 0),
    endpoints: slices.length > 0 ? ready : inRules,
    pods: parts.pods,
    mode,
    rules: dumps.map((dump) => ({ file: dump.file, mode: dump.mode, services: dump.services.length, counts: dump.counts })),
  }
}
