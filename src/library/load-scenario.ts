import { diskFiles } from '../cli/disk-files.ts'
import { invariant } from '../invariant.ts'
import { type FileReader, memoryFiles, RecordingFiles } from '../scenario/load-files.ts'
import { loadScenario as load, openScenario } from '../scenario/load-scenario.ts'
import { Scenario } from './scenario.ts'
import { ScenarioError } from './scenario-error.ts'
import type { ScenarioSpec } from './scenario-spec.ts'

/**
 * Reads a scenario file and all that it refers to, and checks it.
 *
 * `path` is relative to the working directory; the paths inside are relative to the file.
 *
 * @throws {@link ScenarioError} with everything that is wrong in any of the files.
 */
export function loadScenario(path: string): Promise<Scenario> {
  return read(path, diskFiles)
}

/** Options of {@link parseScenario}. */
export interface ParseScenarioOptions {
  /** What the scenario's own text is called in messages; the paths in it are relative to there. Default: `scenario.yaml`. */
  readonly path?: string
  /** Files that the scenario names, such as manifests: text by path. No other file exists for it. */
  readonly files?: Readonly<Record<string, string>>
}

/**
 * Reads a scenario from texts in memory: no file of this machine is looked at.
 *
 * @throws {@link ScenarioError} with everything that is wrong in any of the texts.
 */
export async function parseScenario(text: string, options: ParseScenarioOptions = {}): Promise<Scenario> {
  const { path = 'scenario.yaml', files = {} } = options
  return read(path, memoryFiles({ ...files, [path]: text }))
}

/** A Kubernetes object as `kubectl apply` would take it. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: unknown }
  readonly [field: string]: unknown
}

/** A scenario written in code: the fields of a scenario file's `spec`, and its name. */
export interface ScenarioDefinition extends Omit<ScenarioSpec, 'manifests'> {
  /** Lower-case letters, digits and hyphens; also the name of its results. */
  readonly name: string
  /** What is applied at the start: objects, or names of `files`. */
  readonly manifests?: readonly (KubernetesObject | string)[]
}

/**
 * Checks a scenario that is written in code.
 *
 * What it means is what the same fields mean in a file, texts with their own grammar included, such as `exp(5ms)` or `poisson(100/s)`. Problems name
 * the line of the JSON that it is the same as, and the path of the field.
 *
 * @param files Texts that fields name, such as a manifest of the timeline: text by path.
 * @throws {@link ScenarioError} with everything that is wrong.
 */
export async function defineScenario(definition: ScenarioDefinition, files: Readonly<Record<string, string>> = {}): Promise<Scenario> {
  const { name, manifests, ...spec } = definition
  const own: Record<string, string> = {}
  const named = manifests?.map((manifest, index) => {
    if (typeof manifest === 'string') return manifest
    const path = `manifests[${index}]`
    own[path] = asJson(manifest)
    return path
  })
  const whole = { apiVersion: 'towtank/v1', kind: 'Scenario', metadata: { name }, spec: { ...spec, manifests: named } }
  return parseScenario(asJson(whole), { path: 'scenario', files: { ...files, ...own } })
}

/** YAML has all of JSON, and JSON has no text that could be taken for a number. */
function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

async function read(path: string, files: FileReader): Promise<Scenario> {
  const recording = new RecordingFiles(files)
  const loaded = await load(path, recording)
  if (!loaded.ok) throw new ScenarioError(loaded.problems)
  const opened = await openScenario(path, recording)
  invariant(opened.ok, 'what was loaded can be opened')
  const blocks = opened.scenario.variants
  const variants = loaded.variants.map(({ name, scenario }) => ({
    name,
    scenario,
    changes: blocks.find((block) => block.name === name)?.changes ?? [],
  }))
  const { inputHash, warnings } = loaded
  return new Scenario({ variants, input: { path, files: recording.contents }, inputHash, warnings })
}
