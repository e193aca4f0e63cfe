import { posix } from 'node:path'
import type { AnyObject } from '../api/objects/index.ts'
import type { SourceProblem } from '../api/source-problem.ts'
import { nodeLabels } from '../control-plane/control-plane.ts'
import { bareMachinesOf, INSTALLS, machinesOf } from '../control-plane/installs/index.ts'
import { invariant } from '../invariant.ts'
import { readArrivalFiles } from './arrival-files.ts'
import { checkVersions } from './check-versions.ts'
import { loadCluster } from './load-cluster.ts'
import { LoadContext, type Places, type ScenarioWarning } from './load-context.ts'
import { DEFAULTS, NODES_MAX } from './load-defaults.ts'
import { BYTES_MAX, type FileReader } from './load-files.ts'
import { checkGateways } from './load-gateway-target.ts'
import { textsHash } from './load-hash.ts'
import { warnOfUnusedImages } from './load-images.ts'
import { warnAboutAnnotations } from './load-ingress-target.ts'
import { Inventory } from './load-inventory.ts'
import { type AppliedManifests, ManifestLibrary, type ManifestSet } from './load-manifests.ts'
import { loadThresholds } from './load-thresholds.ts'
import { loadTimeline } from './load-timeline.ts'
import { loadTraffic, type RunTimes } from './load-traffic.ts'
import { manifestInstead, unreadableScenario } from './load-unreadable.ts'
import { loadWorkloads } from './load-workloads.ts'
import { nodeSeeds } from './node-seeds.ts'
import { formatDuration } from './parse-duration.ts'
import { parseKubectl } from './parse-kubectl.ts'
import { type Parsed, parsed } from './parse-result.ts'
import { checkStructure, type Draft, valueAt } from './parse-structure.ts'
import { type Path, pathText, YamlSource } from './parse-yaml.ts'
import type { Scenario, Variant } from './scenario.ts'
import { type ScenarioFile, scenarioSchema } from './schema.ts'
import { statedFields } from './stated-fields.ts'
import { applyChanges, type FieldChange, readVariants, type VariantChanges, VariantPlaces } from './variants.ts'

export type LoadedScenario =
  | {
      readonly ok: true
      readonly variants: readonly Variant[]
      /** `sha256:` and 64 hexadecimal digits, over the texts of the scenario and its manifests, wherever they are kept. */
      readonly inputHash: string
      readonly warnings: readonly ScenarioWarning[]
    }
  | { readonly ok: false; readonly problems: readonly SourceProblem[]; readonly warnings: readonly ScenarioWarning[] }

/**
 * Reads a scenario file with everything that it refers to, and checks it to the end: what comes out needs no checking again, and what is
 * wrong is reported all at once, wherever it stands.
 */
export async function loadScenario(path: string, files: FileReader): Promise<LoadedScenario> {
  const opened = await openScenario(path, files)
  if (!opened.ok) return { ok: false, problems: opened.problems, warnings: [] }
  const { source, variants, library } = opened.scenario
  const base = await opened.scenario.loadAsWritten()
  const problems = [...opened.scenario.problems, ...base.problems]
  const warnings = [...base.warnings]
  const loaded: Variant[] = []
  for (const { name, changes } of variants) {
    const one = await opened.scenario.load(changes, new VariantPlaces(source, changes))
    const block = source.linesOf(['spec', 'compare', name])
    const inBlock = ({ file, line }: { readonly file: string; readonly line: number }) =>
      file === path && line >= block.first && line <= block.last
    addNew(problems, one.problems, name, inBlock)
    addNew(warnings, one.warnings, name, inBlock)
    if (one.scenario !== null) loaded.push({ name, scenario: one.scenario })
  }
  if (problems.length > 0) return { ok: false, problems: inReadingOrder(withoutConsequences(problems, source), path), warnings }
  invariant(base.scenario !== null, 'a scenario without problems has been read')
  invariant(loaded.length === variants.length, 'every variant without problems has been read')
  const alone: Variant = { name: base.scenario.cluster.kubeProxy.mode, scenario: base.scenario }
  const all = variants.length === 0 ? [alone] : loaded
  return {
    ok: true,
    variants: all,
    inputHash: textsHash([source.text, ...library.texts]),
    warnings: [...warnings, ...idleIpvsFields(source, all)],
  }
}

/** A scenario file that has been read, and can be loaded with fields changed, as often as one likes. */
export class OpenedScenario {
  readonly source: YamlSource
  readonly library: ManifestLibrary
  /** Those of its `compare` block, in file order. */
  readonly variants: readonly VariantChanges[]
  /** What is wrong with its syntax, and with the paths of its `compare` block. */
  readonly problems: readonly SourceProblem[]

  constructor(source: YamlSource, library: ManifestLibrary) {
    this.source = source
    this.library = library
    const { variants, mistakes } = readVariants(source.value)
    this.variants = variants
    this.problems = [
      ...source.problems,
      ...mistakes.map(({ origin, complaint }) => {
        const { message, accepted, didYouMean } = complaint
        return { ...source.placeInKey(origin, complaint.part), path: pathText(origin), message, accepted, didYouMean }
      }),
    ]
  }

  /** The file's own scenario; its `compare` block is checked with it. */
  loadAsWritten(): Promise<LoadedOne> {
    return this.#load(this.source.value, this.source)
  }

  /** The scenario with fields changed and without its `compare` block. `places` says where each value is written. */
  load(changes: readonly FieldChange[], places: Places): Promise<LoadedOne> {
    return this.#load(applyChanges(this.source.value, changes), places)
  }

  async #load(file: unknown, places: Places): Promise<LoadedOne> {
    this.library.beginLoad()
    const one = await loadOne(file, places, this.library, this.source.brokenFrom !== null)
    return { ...one, inputHash: textsHash([this.source.text, ...this.library.textsOfLoad]) }
  }
}

/** Opens a scenario file; refuses one that cannot be read, or of which nothing can be understood. */
export async function openScenario(
  path: string,
  files: FileReader,
): Promise<{ readonly ok: true; readonly scenario: OpenedScenario } | { readonly ok: false; readonly problems: readonly SourceProblem[] }> {
  const content = await files.read(path, BYTES_MAX.scenario)
  if (content.kind !== 'file') return { ok: false, problems: [await unreadableScenario(path, content, files)] }
  const manifest = manifestInstead(path, content.text)
  if (manifest !== null) return { ok: false, problems: [manifest] }
  const source = new YamlSource(path, content.text)
  if (source.brokenFrom !== null && source.value === null) return { ok: false, problems: source.problems }
  if (valueAt(source.value, ['kind']) === 'Sweep') {
    const message = `This is a Sweep: towtank sweep ${path}`
    const mistake = { path: 'kind', message, accepted: 'Scenario', didYouMean: null }
    return { ok: false, problems: [{ ...source.place(['kind']), ...mistake }] }
  }
  return { ok: true, scenario: new OpenedScenario(source, new ManifestLibrary(files, posix.dirname(path))) }
}

/** One scenario, with changes made, and what is wrong with it. */
export interface LoadedOne extends ReadOne {
  /** Over the texts of the scenario and of the files that this load asked for, wherever they are kept. */
  readonly inputHash: string
}

interface ReadOne {
  readonly scenario: Scenario | null
  readonly problems: readonly SourceProblem[]
  readonly warnings: readonly ScenarioWarning[]
}

/** Reads one whole scenario: the file's own, or that of a variant. */
async function loadOne(file: unknown, places: Places, library: ManifestLibrary, broken: boolean): Promise<ReadOne> {
  const { draft, mistakes } = checkStructure(file, scenarioSchema)
  // In broken YAML a key that seems to be missing may be one that could not be read.
  const structure = mistakes
    .filter(({ missing }) => !(broken && missing))
    .map(({ path, part, message, accepted, didYouMean }) => ({
      ...places.place(path, part),
      path: pathText(path),
      message,
      accepted,
      didYouMean,
    }))
  const spec: SpecDraft = draft.spec ?? {}
  const manifests = await library.read((spec.manifests ?? []).filter((name) => name !== undefined))
  const applied = await readApplied(spec.timeline, library)
  const uncertain =
    broken || applied.set.missing || manifests.missing || mistakes.some(({ path }) => pathText(path).startsWith('spec.manifests'))
  const context = new LoadContext(
    places,
    new Inventory([...manifests.objects, ...applied.set.objects], [...manifests.unread, ...applied.set.unread], uncertain),
  )
  for (const [index, name] of (spec.manifests ?? []).entries()) {
    const found = name === undefined ? null : await library.find(name)
    if (found !== null && !found.ok) context.report(['spec', 'manifests', index], found.complaint)
  }
  const times = loadTimes(context, spec)
  const cluster = loadCluster(context, spec.cluster)
  checkVersions(context, cluster.version, [...manifests.objects, ...applied.set.objects])
  const count = cluster.nodes.reduce((sum, group) => sum + group.count, 0)
  const clusterIsSound = count <= NODES_MAX && !mistakes.some(({ path }) => pathText(path).startsWith('spec.cluster'))
  const trafficNames = [...new Set((spec.traffic ?? []).flatMap((entry) => (entry?.name === undefined ? [] : [entry.name])))]
  const workloads = loadWorkloads(context, spec.workloads, trafficNames)
  warnAboutAnnotations(context)
  checkGateways(context, workloads)
  const seeds = clusterIsSound
    ? nodeSeeds(cluster).map((seed) => ({ name: seed.name, address: seed.internalIP, labels: nodeLabels(seed) }))
    : null
  const nodes = seeds?.map(({ name }) => name) ?? null
  const traffic = loadTraffic(context, spec.traffic, times, {
    files: await readArrivalFiles(spec.traffic ?? [], library),
    workloads,
    nodes: seeds,
  })
  const timeline = loadTimeline(context, spec.timeline, {
    duration: times.duration ?? null,
    warmUp: times.warmUp ?? null,
    nodes,
    etcdMembers: cluster.etcdMembers,
    replicas: cluster.install === null ? 1 : INSTALLS[cluster.install].controlPlane.length,
    machines: cluster.install === null ? [] : bareMachinesOf(INSTALLS[cluster.install], cluster.etcdMembers),
    controlPlaneNodes:
      cluster.install === null ? [] : machinesOf(INSTALLS[cluster.install], cluster.etcdMembers).filter((name) => nodes?.includes(name)),
    apiServers: cluster.apiServers,
    hasDns: cluster.dns !== undefined,
    applied: applied.of,
  })
  warnOfUnusedImages(context, spec.cluster?.images, timeline)
  const callNames = workloads.flatMap(({ calls }) => (calls ?? []).flatMap((step) => step.calls.map(({ name }) => name)))
  const thresholds = loadThresholds(context, spec.thresholds, trafficNames, callNames)

  const problems = [...structure, ...context.problems, ...manifests.problems, ...applied.set.problems]
  const warnings = [...context.warnings, ...manifests.warnings, ...applied.set.warnings]
  const { duration, warmUp } = times
  const name = draft.metadata?.name
  if (problems.length > 0 || duration === undefined || warmUp === undefined || name === undefined)
    return { scenario: null, problems, warnings }
  const seed = spec.seed === undefined ? DEFAULTS.seed : String(spec.seed)
  const scenario: Scenario = {
    name,
    seed,
    duration,
    warmUp,
    cluster,
    manifests: manifests.objects,
    workloads,
    traffic,
    timeline,
    thresholds,
    stated: statedFields(file),
  }
  return { scenario, problems, warnings }
}

type SpecDraft = Draft<ScenarioFile['spec']>

function loadTimes(context: LoadContext, spec: SpecDraft): RunTimes {
  const duration = context.duration(['spec', 'duration'], spec.duration ?? DEFAULTS.duration)
  const warmUp = context.duration(['spec', 'warmUp'], spec.warmUp ?? DEFAULTS.warmUp)
  if (duration === 0)
    context.mistake(['spec', 'duration'], 'A run of no length has nothing to show', 'a length of time above 0, such as 5m')
  else if (duration !== undefined && warmUp !== undefined && warmUp >= duration) {
    const path: Path = spec.warmUp === undefined ? ['spec', 'duration'] : ['spec', 'warmUp']
    const message = `The warm-up of ${formatDuration(warmUp)} leaves nothing of a run of ${formatDuration(duration)}`
    context.mistake(path, message, `a warmUp below ${formatDuration(duration)}`)
  }
  return { duration, warmUp }
}

/** What the `apply` and `create` commands of the timeline bring, and the names of what others make. A command that cannot be read, or whose file is missing, is reported with the timeline. */
async function readApplied(timeline: SpecDraft['timeline'], library: ManifestLibrary): Promise<{ of: AppliedManifests; set: ManifestSet }> {
  const sets = new Map<string, ManifestSet>()
  const found = new Map<string, Parsed<unknown>>()
  const made: AnyObject[] = []
  const names: string[] = []
  for (const entry of timeline ?? []) {
    if (entry === undefined || !('kubectl' in entry) || entry.kubectl === undefined) continue
    const command = parseKubectl(entry.kubectl)
    if (!command.ok) continue
    const { command: wanted, file: named } = command.value
    if (wanted.verb === 'create') made.push(...wanted.objects)
    if (wanted.verb === 'expose' || wanted.verb === 'autoscale') names.push(wanted.as)
    if (named === null) continue
    const file = named.text
    found.set(file, await library.find(file))
    sets.set(file, await library.read([file]))
  }
  const all = [...sets.values()]
  return {
    of: (file) => {
      const result = found.get(file)
      return result === undefined || result.ok ? parsed(sets.get(file)?.objects ?? []) : result
    },
    set: {
      missing: all.some((set) => set.missing),
      objects: [...all.flatMap((set) => set.objects), ...made],
      unread: [...all.flatMap((set) => set.unread), ...names],
      problems: all.flatMap((set) => set.problems),
      warnings: all.flatMap((set) => set.warnings),
    },
  }
}

/** Adds what other variants, or the file itself, do not already say. What stands outside the block of the variant names it. */
function addNew<T extends { readonly file: string; readonly line: number; readonly message: string }>(
  known: T[],
  more: readonly T[],
  variant: string,
  inBlock: (entry: T) => boolean,
): void {
  for (const entry of more) {
    const named = { ...entry, message: `${entry.message} (in the variant "${variant}")` }
    const same = (other: T) =>
      other.file === entry.file &&
      other.line === entry.line &&
      (other.message === entry.message || other.message.startsWith(`${entry.message} (in the variant `))
    if (!known.some(same)) known.push(inBlock(entry) ? entry : named)
  }
}

/** A mistake in the syntax of YAML makes nonsense of what follows it: only what stands before the first one is worth reporting with it. */
function withoutConsequences(problems: readonly SourceProblem[], source: YamlSource): readonly SourceProblem[] {
  const line = source.brokenFrom
  if (line === null) return problems
  return problems.filter((problem) => problem.file !== source.file || problem.line < line || source.problems.includes(problem))
}

/** The scenario file first, then the manifests as they were read; each from top to bottom. */
export function inReadingOrder(problems: readonly SourceProblem[], scenario: string): readonly SourceProblem[] {
  const files = [...new Set([scenario, ...problems.map((problem) => problem.file)])]
  return problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column)
}

/** What is said of IPVS while no variant uses it changes nothing. */
function idleIpvsFields(source: YamlSource, variants: readonly Variant[]): readonly ScenarioWarning[] {
  if (variants.some(({ scenario }) => scenario.cluster.kubeProxy.mode === 'ipvs')) return []
  return IPVS_FIELDS.flatMap(({ key, what }): readonly ScenarioWarning[] => {
    const path: Path = ['spec', 'cluster', 'kubeProxy', key]
    if (valueAt(source.value, path) === undefined) return []
    const { file, line } = source.place(path)
    return [{ file, line, kind: 'no-effect', message: `The ${what} has no effect: only the mode ipvs has one` }]
  })
}

const IPVS_FIELDS = [
  { key: 'scheduler', what: 'scheduler' },
  { key: 'connReuseMode', what: 'connReuseMode' },
] as const
