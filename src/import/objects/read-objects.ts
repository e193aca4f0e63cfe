import { knownKind } from '../../api/known-kinds.ts'
import { objectsOf } from '../../api/source-object.ts'
import { readYaml } from '../../api/yaml-source.ts'
import { Problems } from '../problems.ts'
import { placeOfJsonError } from '../rules/nft-json.ts'
import { type Fields, isFields, textAt } from './values.ts'

/** An object of a cluster, as the API server gave it. */
export interface DumpedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly value: Fields
  readonly file: string
  /** 1-based; 1 for JSON that kubectl printed, which is read without places. */
  readonly line: number
}

/** What runs a file of ours, by its kind. */
const COMMANDS: ReadonlyMap<string, string> = new Map([
  ['Scenario', 'run'],
  ['Sweep', 'sweep'],
])

const ACCEPTED = 'the output of `kubectl get … -o yaml` or `-o json`'

/** JSON texts of several objects one after the other are read as YAML, which takes far longer. */
const CONCATENATED_MAX = 8 * 1024 * 1024

/** Reads what `kubectl get … -o yaml` or `-o json` prints: an object or a list of them, any number of documents. */
export function readObjects(file: string, text: string): { readonly objects: readonly DumpedObject[]; readonly problems: Problems } {
  const problems = new Problems(file)
  const objects: DumpedObject[] = []
  const add = (apiVersion: string, kind: string, value: Fields, line: number): void => {
    const name = textAt(value, 'metadata', 'name')
    const command = apiVersion.startsWith('towtank/') ? COMMANDS.get(kind) : undefined
    if (command !== undefined)
      problems.add(
        { line },
        { message: `This is a ${kind} of Towtank and no dump: "towtank ${command} ${file}" runs it`, accepted: ACCEPTED },
      )
    else if (name === '')
      problems.add({ line }, { message: `The ${kind} has no name`, accepted: 'an object of a cluster, with metadata.name' })
    else {
      // A manifest may leave its namespace out, which then is this one; what the API server gives never does.
      const fallback = knownKind(apiVersion, kind)?.namespaced === true ? 'default' : ''
      objects.push({ apiVersion, kind, namespace: textAt(value, 'metadata', 'namespace') || fallback, name, value, file, line })
    }
  }
  const json = text.trimStart().startsWith('{') ? parseJson(text) : null
  if (json?.ok === true) {
    for (const { apiVersion, kind, value } of opened(json.value, problems)) add(apiVersion, kind, value, 1)
    return { objects, problems }
  }
  if (json !== null && text.length > CONCATENATED_MAX) {
    problems.add(json.place, {
      message: 'This is no JSON: it is cut off, was changed, or is several texts in one file',
      accepted: 'one list a file',
    })
    return { objects, problems }
  }
  const { documents, problems: mistakes } = readYaml(file, text)
  problems.addAll(mistakes)
  for (const document of documents) {
    const found = objectsOf(document)
    problems.addAll(found.problems)
    for (const { apiVersion, kind, value, base } of found.objects) add(apiVersion, kind, value, document.lineOf(base))
  }
  return { objects, problems }
}

type Json =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly place: { readonly line: number; readonly column: number } }

function parseJson(text: string): Json {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    return { ok: false, place: placeOfJsonError(text, error) }
  }
}

/** The items of a list of any kind, with the kind that the list implies, or the object itself. */
function opened(value: unknown, problems: Problems): { apiVersion: string; kind: string; value: Fields }[] {
  const kind = textAt(value, 'kind')
  const apiVersion = textAt(value, 'apiVersion')
  if (!isFields(value) || kind === '' || apiVersion === '') {
    problems.add(
      { line: 1 },
      { message: 'This is no Kubernetes object', accepted: 'what `kubectl get … -o json` prints: a map with apiVersion and kind' },
    )
    return []
  }
  if (!kind.endsWith('List') || !Array.isArray(value.items)) return [{ apiVersion, kind, value }]
  const implied = kind === 'List' ? null : { apiVersion, kind: kind.slice(0, -'List'.length) }
  return value.items.flatMap((item: unknown, index: number) => {
    const own = {
      apiVersion: textAt(item, 'apiVersion') || (implied?.apiVersion ?? ''),
      kind: textAt(item, 'kind') || (implied?.kind ?? ''),
    }
    if (isFields(item) && own.kind !== '' && own.apiVersion !== '') return [{ ...own, value: item }]
    problems.add(
      { line: 1, path: `items[${index}]` },
      { message: `Item ${index} of the list is no Kubernetes object`, accepted: 'a map with apiVersion, kind and metadata' },
    )
    return []
  })
}
