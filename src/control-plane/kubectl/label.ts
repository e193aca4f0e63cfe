import type { Kind, KindMap, StringMap } from '../../api/objects/index.ts'
import { objectKey } from '../object-key.ts'
import type { Target, VerbRunner } from './session.ts'

/** `label` and `annotate`: they differ in nothing but the map that they change. */
export interface LabelCommand extends Target<Kind> {
  readonly verb: 'label' | 'annotate'
  /** By key; null removes it. */
  readonly changes: readonly { readonly key: string; readonly value: string | null }[]
  readonly overwrite: boolean
}

/**
 * Reads the object, and refuses by itself to change a value that is there already unless told to overwrite it.
 *
 * Source: kubectl pkg/cmd/label (validateNoOverwrites), pkg/cmd/annotate.
 */
export const label: VerbRunner<LabelCommand> = {
  subject: ({ kind, namespace, name }) => objectKey(kind, namespace, name),
  *run({ verb, kind, namespace, name, changes, overwrite }, session) {
    const { client, cause } = session
    const key = objectKey(kind, namespace, name)
    const field = verb === 'label' ? 'labels' : 'annotations'
    if (!(yield* session.mayRead(kind, namespace, name))) return
    const live = yield* client.get(kind, namespace, name)
    if (live !== undefined && !overwrite) {
      const held = changes.find((change) => change.value !== null && Object.hasOwn(live.metadata[field], change.key))
      if (held !== undefined) {
        session.failed(
          key,
          `${key} already has a value (${live.metadata[field][held.key]}) for "${held.key}", and --overwrite is not given`,
        )
        return
      }
    }
    const change = <K extends Kind>(current: KindMap[K]): KindMap[K] => {
      const before = current.metadata[field]
      const after = changed(before, changes)
      return after === before ? current : { ...current, metadata: { ...current.metadata, [field]: after } }
    }
    const why = changes.map(({ key: name, value }) => (value === null ? `${name}-` : `${name}=${value}`)).join(' ')
    session.told(yield* client.patch(kind, namespace, name, change, { cause, why }), key)
  },
}

function changed(before: StringMap, changes: LabelCommand['changes']): StringMap {
  const removed = new Set(changes.filter(({ value }) => value === null).map(({ key }) => key))
  const set = changes.filter(({ value }) => value !== null)
  const same = set.every(({ key, value }) => before[key] === value) && !Object.keys(before).some((key) => removed.has(key))
  if (same) return before
  return Object.fromEntries([
    ...Object.entries(before).filter(([key]) => !removed.has(key)),
    ...set.map(({ key, value }): [string, string] => [key, value!]),
  ])
}
