import { nearest } from '../api/did-you-mean.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import { kindNamed } from '../scenario/parse-kubectl.ts'
import { splitKey, storyOf, type Trace, tellStory } from '../scenario/story.ts'
import { STORY_LANGUAGES } from '../scenario/story-language/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { JobTools, TraceJob } from './jobs.ts'
import { withSeed } from './run-job.ts'
import { readRequestObject, traceRequest } from './trace-request.ts'

/** Runs one variant and tells the story of one object, or of requests, in it. Nothing is written. */
export async function traceJob(job: TraceJob, { simulate, files, tell }: JobTools): Promise<ExitCode> {
  const refuse = (reason: string) => {
    tell({ kind: 'refused', reason })
    return EXIT.wrongInput
  }
  const loaded = await loadScenario(job.file, files)
  if (loaded.warnings.length > 0) tell({ kind: 'warnings', warnings: loaded.warnings })
  if (!loaded.ok) {
    tell({ kind: 'problems', problems: loaded.problems })
    return EXIT.wrongInput
  }
  const names = loaded.variants.map((variant) => variant.name)
  const wanted = withSeed(loaded.variants, job.seed).find((variant) => job.variant === null || variant.name === job.variant)
  if (wanted === undefined)
    return refuse(`There is no variant "${job.variant}": expected one of ${names.join(', ')}${hint(nearest(job.variant ?? '', names))}`)
  const asked = readRequestObject(
    job.object,
    wanted.scenario.traffic.map(({ name }) => name),
  )
  if (asked !== null) {
    if (!asked.ok) return refuse(asked.reason)
    const told = traceRequest(asked.object, wanted, job, { simulate, files, tell })
    if ('refused' in told) return refuse(told.refused)
    tell({ kind: 'story', scenario: wanted.scenario.name, variant: wanted.name, object: job.object, lines: told.lines })
    return EXIT.passed
  }
  const parts = job.object.split('/')
  if (parts.length < 2 || parts.length > 3 || parts.includes(''))
    return refuse(`Cannot read "${job.object}" as an object: expected KIND/NAME, such as deployment/frontend, or request/TRAFFIC/NUMBER`)
  const { name: variant, scenario } = wanted
  const onProgress = (fraction: number) => tell({ kind: 'progress', scenario: scenario.name, variant, fraction })
  onProgress(0)
  const { hops } = simulate(scenario, { variant, onProgress })
  const found = findObject(hops, parts, job.namespace)
  if (!found.ok) return refuse(found.reason)
  const lines = tellStory(storyOf(hops, found.key, { all: job.all }), STORY_LANGUAGES[job.language])
  tell({ kind: 'story', scenario: scenario.name, variant, object: found.key, lines })
  return EXIT.passed
}

type Found = { readonly ok: true; readonly key: string } | { readonly ok: false; readonly reason: string }

/** The object that is meant, among all that the run had. The namespace may be left out while only one fits. */
function findObject(trace: Trace, parts: readonly string[], namespace: string | null): Found {
  const kindText = parts[0]!
  const name = parts.at(-1)!
  const space = parts.length === 3 ? parts[1]! : namespace
  const kind = (kindNamed(kindText) ?? kindText).toLowerCase()
  const keys = new Set<string>()
  for (let id = 0; id < trace.length; id++) keys.add(trace.hop(id).subject)
  // A hop that asks for a generated name has a subject that ends in "-": that is no object yet.
  const objects = [...keys].filter((key) => key.includes('/') && !key.endsWith('-')).map((key) => ({ key, ...splitKey(key) }))
  const ofKind = objects.filter((object) => object.kind.toLowerCase() === kind)
  if (ofKind.length === 0) {
    const kinds = [...new Set(objects.map((object) => object.kind))]
    return {
      ok: false,
      reason: `The run has no object of the kind "${kindText}": expected one of ${kinds.join(', ')}${hint(nearest(kindText, kinds))}`,
    }
  }
  const fitting = ofKind.filter((object) => object.name === name && (space === null || object.namespace === space))
  const [first, second] = fitting
  if (first !== undefined && second === undefined) return { ok: true, key: first.key }
  if (first !== undefined)
    return {
      ok: false,
      reason: `"${parts.join('/')}" is in several namespaces: expected -n with one of ${fitting.map((object) => object.namespace).join(', ')}`,
    }
  const near = nearest(
    name,
    ofKind.map((object) => object.name),
  )
  const names = [...new Set(ofKind.map((object) => (object.namespace === '' ? object.name : `${object.namespace}/${object.name}`)))]
  const shown =
    names.length > NAMES_SHOWN ? `${names.slice(0, NAMES_SHOWN).join(', ')} and ${names.length - NAMES_SHOWN} more` : names.join(', ')
  return {
    ok: false,
    reason: `The run has no ${ofKind[0]!.kind} "${name}"${space === null ? '' : ` in the namespace "${space}"`}: expected one of ${shown}${hint(near)}`,
  }
}

const NAMES_SHOWN = 20

function hint(word: string | null): string {
  return word === null ? '' : `. Did you mean "${word}"?`
}
