import type { Kind, KindMap } from '../../api/objects/index.ts'
import { objectKey } from '../object-key.ts'
import { type FieldPlace, hasNoMap, read, written } from './patch-fields.ts'
import type { Target, VerbRunner } from './session.ts'

/** One field of a patch. Merge patches only `set` and `remove`; the others are operations of a JSON patch (RFC 6902). */
export interface PatchChange {
  readonly op: 'set' | 'remove' | 'add' | 'replace' | 'test'
  readonly place: FieldPlace
  readonly value: PatchValue | null
}

export type PatchValue = string | number | boolean

export interface PatchCommand extends Target<Kind> {
  readonly verb: 'patch'
  readonly changes: readonly PatchChange[]
}

/** Source: kubectl pkg/cmd/patch/patch.go; the server carries the patch out (apiserver pkg/endpoints/handlers/patch.go). */
export const patch: VerbRunner<PatchCommand> = {
  subject: ({ kind, namespace, name }) => objectKey(kind, namespace, name),
  *run({ kind, namespace, name, changes }, session) {
    const { client, cause } = session
    const key = objectKey(kind, namespace, name)
    const live = yield* client.get(kind, namespace, name)
    const checked = live === undefined ? null : patched(live, changes)
    if (checked !== null && !checked.ok) {
      session.failed(key, `422 ${checked.reason}`)
      return
    }
    const change = <K extends Kind>(current: KindMap[K]): KindMap[K] => {
      const result = patched(current, changes)
      return result.ok ? result.object : current
    }
    const why = changes.map(
      ({ op, place, value }) => `${place.text}${op === 'remove' ? ' removed' : op === 'test' ? ` is ${value}` : `: ${value}`}`,
    )
    session.told(yield* client.patch(kind, namespace, name, change, { cause, why: `patch: ${why.join(', ')}` }), key)
  },
}

type Patched<T> = { readonly ok: true; readonly object: T } | { readonly ok: false; readonly reason: string }

/** All of the changes, in order, or none. */
export function patched<T extends KindMap[Kind]>(object: T, changes: readonly PatchChange[]): Patched<T> {
  let current = object
  for (const { op, place, value } of changes) {
    const before = read(current, place)
    if (before === 'no container') return { ok: false, reason: `there is no container at ${place.text}` }
    if (op === 'test' && before.value !== value)
      return { ok: false, reason: `testing ${place.text}: ${String(before.value)} is not ${value}` }
    // A merge patch may remove what is not there; an operation may not, nor replace it.
    if ((op === 'replace' || (op === 'remove' && place.mustExist)) && before.value === undefined)
      return { ok: false, reason: `${op} of ${place.text}, which is not there` }
    // A map without entries is not there at all in the API's form.
    if (op === 'add' && hasNoMap(current, place)) return { ok: false, reason: `add to ${place.text}, whose map is not there` }
    if (op !== 'test' && before.value !== (op === 'remove' ? undefined : value))
      current = written(current, place, op === 'remove' ? null : value)
  }
  if (current.kind === 'HorizontalPodAutoscaler' && current.spec.maxReplicas < current.spec.minReplicas)
    return { ok: false, reason: `maxReplicas ${current.spec.maxReplicas} is below minReplicas ${current.spec.minReplicas}` }
  return { ok: true, object: current }
}
