import { convert, DEFAULT_NAMESPACE } from './convert/convert.ts'
import { objectMeta } from './convert/metadata.ts'
import { isUnknownCommand, type PreStopHook } from './convert/pre-stop.ts'
import { nearest } from './did-you-mean.ts'
import { apiVersionsOf, isBuiltInGroup, isPreRelease, type KnownKind, kindsIn, knownKind, knownKindNames } from './known-kinds.ts'
import { ManifestWarnings } from './manifest-warnings.ts'
import { isManifestKind, MODELLED_FIELDS, type PickedObject } from './modelled-fields.ts'
import { complaintsAboutPathSegmentName } from './names.ts'
import type { AnyObject, OpaqueObject } from './objects/index.ts'
import { pickFields } from './pick-fields.ts'
import { checkRules } from './rules/index.ts'
import { checkMetadata } from './rules/metadata.ts'
import { Checked } from './rules/rule-context.ts'
import { checkSchema } from './schema-check.ts'
import { objectsOf, problemOf, type SourceObject } from './source-object.ts'
import type { SourceProblem, SourceWarning } from './source-problem.ts'
import { readYaml } from './yaml-source.ts'

/** An object and where it was written. */
export interface ManifestObject {
  readonly object: AnyObject
  readonly file: string
  /** 1-based. */
  readonly line: number
}

export interface Manifests {
  /** In the order of files and documents. Those with a mistake are left out; of one that is given twice, only the later is here. */
  readonly objects: ManifestObject[]
  /** Every mistake of every file, by file and line. The objects are not to be used while there is one. */
  readonly problems: SourceProblem[]
  readonly warnings: SourceWarning[]
}

/**
 * Reads what `kubectl apply -f` would be given, checks it as the API server would, and fills in what the API server fills in.
 *
 * Any number of files, each with any number of YAML documents or JSON texts, lists among them. Kinds that the model does not act on are kept
 * as {@link OpaqueObject}. Never throws because of a text.
 */
export async function readManifests(files: readonly { readonly path: string; readonly text: string }[]): Promise<Manifests> {
  const objects: ManifestObject[] = []
  const problems: SourceProblem[] = []
  const warnings = new ManifestWarnings()
  for (const { path, text } of files) {
    const source = readYaml(path, text)
    const found = [...source.problems]
    for (const document of source.documents) {
      const opened = objectsOf(document)
      found.push(...opened.problems)
      for (const object of opened.objects) {
        const read = await readObject(object, warnings)
        found.push(...read.problems)
        if (read.object !== null) objects.push({ object: read.object, file: path, line: document.lineOf(object.base) })
      }
    }
    problems.push(...inOrder(found))
  }
  return { objects: laterWins(objects), problems, warnings: warnings.list() }
}

interface ReadObject {
  readonly object: AnyObject | null
  readonly problems: readonly SourceProblem[]
}

async function readObject(source: SourceObject, warnings: ManifestWarnings): Promise<ReadObject> {
  const known = knownKind(source.apiVersion, source.kind)
  if (known === null) return readUnknownKind(source, warnings)
  const problems = await checkSchema(known, typed(source), (path, details) => problemOf(source, path, details))
  const checked = new Checked(source.document, source.base, source.value, problems)
  checkMetadata(checked, known.nameRule)
  const modelled = isManifestKind(source.apiVersion, source.kind) ? source.kind : null
  if (modelled !== null) checkRules(modelled, checked)
  if (problems.length > 0) return { object: null, problems }
  if (modelled === null) {
    warnings.addKind(source, 'is kept but not modelled')
    return { object: opaqueObject(source, known), problems }
  }
  const { picked, leftOut } = pickFields(typed(source), MODELLED_FIELDS[modelled])
  for (const field of leftOut) warnings.addField(source, field)
  warnCommands(source, checked, warnings)
  warnMetrics(source, checked, warnings)
  warnTopologyMode(source, checked, warnings)
  // The table was chosen by the kind, which the compiler cannot follow through the union.
  return { object: convert(modelled, picked as PickedObject<typeof modelled>), problems }
}

/** The value with what a list of a kind leaves to be understood. */
function typed(source: SourceObject): Readonly<Record<string, unknown>> {
  const { value, apiVersion, kind } = source
  return value.apiVersion === apiVersion && value.kind === kind ? value : { ...value, apiVersion, kind }
}

/** In Kubernetes' own groups a kind that is not known is a mistake; in others it is a custom resource. */
function readUnknownKind(source: SourceObject, warnings: ManifestWarnings): ReadObject {
  const { apiVersion, kind } = source
  const elsewhere = apiVersionsOf(kind)
  if (isBuiltInGroup(apiVersion) && (elsewhere.length > 0 || !isPreRelease(apiVersion))) {
    return { object: null, problems: [unknownKindProblem(source, elsewhere)] }
  }
  const problems: SourceProblem[] = []
  checkMetadata(new Checked(source.document, source.base, source.value, problems), complaintsAboutPathSegmentName)
  if (problems.length > 0) return { object: null, problems }
  warnings.addKind(source, 'is not a kind of Kubernetes itself: it is kept, but neither checked nor modelled')
  return { object: opaqueObject(source, null), problems }
}

function unknownKindProblem(source: SourceObject, elsewhere: readonly string[]): SourceProblem {
  const { apiVersion, kind } = source
  if (elsewhere.length > 0) {
    return problemOf(source, ['apiVersion'], {
      message: `Kubernetes has no ${kind} in "${apiVersion}"`,
      accepted: elsewhere.join(' or '),
      didYouMean: elsewhere[0]!,
    })
  }
  const here = kindsIn(apiVersion)
  return problemOf(source, ['kind'], {
    message: `Kubernetes has no kind "${kind}" in "${apiVersion}"`,
    accepted: here.length > 0 ? `one of ${here.join(', ')}` : null,
    didYouMean: nearest(kind, here) ?? nearest(kind, knownKindNames()),
  })
}

/** The namespace of a custom resource stays as written: whether it has one is not known. */
function opaqueObject(source: SourceObject, known: KnownKind | null): OpaqueObject {
  const { metadata } = pickFields(source.value, MODELLED_FIELDS.Namespace).picked
  const written = metadata?.namespace ?? ''
  const namespace = known === null ? written : known.namespaced ? written || DEFAULT_NAMESPACE : ''
  return { apiVersion: source.apiVersion, kind: source.kind, metadata: objectMeta(metadata, namespace), content: typed(source) }
}

/** Hooks that run a command of unknown length are in the table of fields, since a sleep is understood; the others are told here. */
function warnCommands(source: SourceObject, object: Checked, warnings: ManifestWarnings): void {
  const spec = source.kind === 'Pod' ? object.at('spec') : object.at('spec', 'template', 'spec')
  for (const container of [...(spec?.items('containers') ?? []), ...(spec?.items('initContainers') ?? [])]) {
    for (const event of ['preStop', 'postStart'] as const) {
      const hook = container.at('lifecycle', event)
      const command = hook?.items('exec', 'command').map((word) => String(word.value)) ?? []
      const exec: PreStopHook = { exec: { command } }
      const place = hook?.at('exec', 'command')
      if (place && isUnknownCommand(exec)) warnings.addField(source, { path: place.path.slice(source.base.length), value: command })
    }
  }
}

/** Metrics that only an adapter of its own could serve. */
function warnMetrics(source: SourceObject, object: Checked, warnings: ManifestWarnings): void {
  if (source.kind !== 'HorizontalPodAutoscaler') return
  for (const metric of object.items('spec', 'metrics')) {
    const type = metric.text('type')
    if (type !== 'Pods' && type !== 'Object' && type !== 'External') continue
    const path = metric.path.slice(source.base.length)
    warnings.addLimit(source, path, `no adapter serves metrics of the type ${type}, so this one always fails`)
  }
}

/** Asks for hints in proportion to the zones' CPUs. Source: pkg/apis/core/annotation_key_constants.go, the older spelling included. */
const TOPOLOGY_MODES = ['service.kubernetes.io/topology-mode', 'service.kubernetes.io/topology-aware-hints'] as const

function warnTopologyMode(source: SourceObject, object: Checked, warnings: ManifestWarnings): void {
  if (source.kind !== 'Service') return
  for (const annotation of TOPOLOGY_MODES) {
    const mode = object.at('metadata', 'annotations', annotation)
    if (mode === null || String(mode.value).toLowerCase() !== 'auto') continue
    const text = 'hints by the CPUs of zones are not modelled; trafficDistribution is'
    warnings.addLimit(source, mode.path.slice(source.base.length), text)
  }
}

/** `kubectl apply` sends the objects one after another: of one that is given twice the later stays. */
function laterWins(objects: readonly ManifestObject[]): ManifestObject[] {
  const last = new Map<string, ManifestObject>()
  for (const entry of objects) last.set(identity(entry.object), entry)
  return objects.filter((entry) => last.get(identity(entry.object)) === entry)
}

function identity({ apiVersion, kind, metadata }: AnyObject): string {
  const slash = apiVersion.indexOf('/')
  return [slash < 0 ? '' : apiVersion.slice(0, slash), kind, metadata.namespace, metadata.name].join('/')
}

/** By place. What two checks say in the same words is told once. */
function inOrder(problems: readonly SourceProblem[]): SourceProblem[] {
  const seen = new Set<string>()
  const once = problems.filter((problem) => {
    const key = JSON.stringify([problem.line, problem.column, problem.path, problem.message])
    const isNew = !seen.has(key)
    seen.add(key)
    return isNew
  })
  return once.sort((a, b) => a.line - b.line || a.column - b.column)
}
