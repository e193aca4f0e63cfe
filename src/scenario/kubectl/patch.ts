import { complaintsAboutLabelValue, complaintsAboutQualifiedName } from '../../api/names.ts'
import type { Kind } from '../../api/objects/index.ts'
import type { PatchChange, PatchValue } from '../../control-plane/kubectl/patch.ts'
import { type PatchField, patchFields } from '../../control-plane/kubectl/patch-fields.ts'
import { complain, type Parsed, parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, takeOnlyTarget, type VerbGrammar } from './grammar.ts'
import type { Word } from './words.ts'

const TYPES = ['strategic', 'merge', 'json'] as const
const OPERATIONS = ['add', 'replace', 'remove', 'test'] as const

/** Source: kubectl pkg/cmd/patch/patch.go; RFC 7386 (merge), RFC 6902 (json). */
export const PATCH: VerbGrammar = {
  verb: 'patch',
  form: "patch KIND/NAME -p 'JSON' [--type=strategic|merge|json] [-n NAMESPACE]",
  flags: [flag('--patch', { short: '-p' }), flag('--type'), NAMESPACE_FLAG],
  read(split) {
    const target = takeOnlyTarget(split, () => true)
    if (!target.ok) return target
    const { kind, name, namespace, mention } = target.value
    const word = split.flag('patch')
    if (word === undefined) return split.complain('"patch" needs -p')
    const typeWord = split.flag('type')
    const type = TYPES.find((candidate) => candidate === (typeWord?.text ?? 'strategic'))
    if (type === undefined)
      return complain(`Cannot use "${typeWord!.text}" for --type`, { accepted: `one of ${TYPES.join(', ')}`, part: typeWord! })
    const json = parseJson(word)
    if (!json.ok) return json
    const reader = new PatchReader(kind.kind, word)
    const changes = type === 'json' ? reader.operations(json.value) : reader.merge(json.value, type)
    if (!changes.ok) return changes
    if (changes.value.length === 0) return complain('The patch changes nothing', { part: word })
    return parsed({ command: { verb: 'patch', kind: kind.kind, namespace, name: name.text, changes: changes.value }, mentions: [mention] })
  },
}

function parseJson(word: Word): Parsed<unknown> {
  try {
    return parsed(JSON.parse(word.text))
  } catch {
    return complain(`Cannot read the patch "${word.text}" as JSON`, { accepted: `a text such as '{"spec":{"replicas":3}}'`, part: word })
  }
}

/** A patch of one kind, field by field; what the model has no field for is refused. */
class PatchReader {
  readonly #kind: Kind
  readonly #word: Word

  constructor(kind: Kind, word: Word) {
    this.#kind = kind
    this.#word = word
  }

  merge(patch: unknown, type: 'strategic' | 'merge'): Parsed<PatchChange[]> {
    if (!isMap(patch)) return this.#complain('A merge patch is a map', `a text such as '{"spec":{"replicas":3}}'`)
    return this.#mergeMap(patch, [], null, type)
  }

  #mergeMap(
    patch: Record<string, unknown>,
    path: readonly string[],
    container: string | null,
    type: 'strategic' | 'merge',
  ): Parsed<PatchChange[]> {
    const changes: PatchChange[] = []
    for (const [step, value] of Object.entries(patch)) {
      const here = [...path, step]
      const more =
        Array.isArray(value) && here.join('.') === 'spec.template.spec.containers'
          ? this.#mergeContainers(value, here, type)
          : isMap(value)
            ? this.#mergeMap(value, here, container, type)
            : this.#leaf(value === null ? 'remove' : 'set', here, container, value)
      if (!more.ok) return more
      changes.push(...more.value)
    }
    return parsed(changes)
  }

  /** Lists of containers are merged by name. A merge patch would replace the whole list. Source: the API's own `patchMergeKey`. */
  #mergeContainers(list: readonly unknown[], path: readonly string[], type: 'strategic' | 'merge'): Parsed<PatchChange[]> {
    if (type === 'merge')
      return this.#complain(
        'A merge patch would replace the whole list of containers',
        '--type=strategic, which merges containers by name, or --type=json',
      )
    const changes: PatchChange[] = []
    for (const item of list) {
      if (!isMap(item) || typeof item.name !== 'string') return this.#complain('Each container of a strategic patch needs its "name"')
      const { name, ...rest } = item
      const more = this.#mergeMap(rest, [...path, '[]'], name, type)
      if (!more.ok) return more
      changes.push(...more.value)
    }
    return parsed(changes)
  }

  operations(patch: unknown): Parsed<PatchChange[]> {
    const accepted = `a list such as '[{"op":"replace","path":"/spec/replicas","value":3}]'`
    if (!Array.isArray(patch)) return this.#complain('A JSON patch is a list of operations', accepted)
    const changes: PatchChange[] = []
    for (const item of patch) {
      if (!isMap(item) || typeof item.path !== 'string' || !item.path.startsWith('/'))
        return this.#complain('Each operation needs an "op" and a "path"', accepted)
      const op = OPERATIONS.find((candidate) => candidate === item.op)
      if (op === undefined) return this.#complain(`Cannot use "${String(item.op)}" for "op"`, `one of ${OPERATIONS.join(', ')}`)
      const steps = item.path
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
      const index = steps[3] === 'containers' && /^\d{1,4}$/.test(steps[4] ?? '') ? Number(steps[4]) : null
      if (index !== null) steps[4] = '[]'
      const more = this.#leaf(op, steps, index, op === 'remove' ? null : item.value, true)
      if (!more.ok) return more
      changes.push(...more.value)
    }
    return parsed(changes)
  }

  #leaf(
    op: PatchChange['op'],
    path: readonly string[],
    container: string | number | null,
    value: unknown,
    mustExist = false,
  ): Parsed<PatchChange[]> {
    const fields = patchFields(this.#kind)
    const found = fields.find(({ steps }) => steps.length === path.length && steps.every((step, i) => step === path[i] || step === '*'))
    const text = path.join('.').replace('.[]', `[${container}]`)
    if (found === undefined)
      return this.#complain(`Cannot patch "${text}" of a ${this.#kind}`, `one of ${fields.map((field) => field.text).join(', ')}`)
    const isEntry = found.steps.at(-1) === '*'
    const key = isEntry ? path.at(-1)! : null
    if (op === 'remove' && !isEntry) return this.#complain(`Cannot remove "${text}": it always has a value`, formOf(found))
    const wrong = op === 'remove' ? null : complaintAbout(found, value)
    if (wrong !== null) return this.#complain(`Cannot use ${JSON.stringify(value)} for "${text}"`, wrong)
    const wrongKey = key === null ? [] : complaintsAboutQualifiedName(key)
    if (wrongKey.length > 0) return this.#complain(`Cannot use "${key}" as a key: it ${wrongKey.join(', and ')}`)
    return parsed([{ op, place: { field: found, key, container, mustExist, text }, value: value as PatchValue | null }])
  }

  #complain(message: string, accepted: string | null = null): Parsed<never> {
    return complain(message, { accepted, part: this.#word })
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function formOf({ form }: PatchField): string {
  if (form === 'count') return 'a whole number from 0'
  if (form === 'positive') return 'a whole number from 1'
  if (form === 'flag') return 'true or false'
  return form === 'label' ? "a text that can be a label's value" : 'a text'
}

function complaintAbout(field: PatchField, value: unknown): string | null {
  const fits =
    field.form === 'flag'
      ? typeof value === 'boolean'
      : field.form === 'count' || field.form === 'positive'
        ? Number.isInteger(value) && (value as number) >= (field.form === 'count' ? 0 : 1) && (value as number) <= 2_147_483_647
        : typeof value === 'string' &&
          (field.form !== 'text' || value !== '') &&
          (field.form !== 'label' || complaintsAboutLabelValue(value).length === 0)
  return fits ? null : formOf(field)
}
