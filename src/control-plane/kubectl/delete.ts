import { type LabelSelector, matchesSelector } from '../../api/labels.ts'
import type { Kind } from '../../api/objects/index.ts'
import { objectKey } from '../object-key.ts'
import type { Propagation } from '../propagation.ts'
import type { VerbRunner } from './session.ts'

export interface DeleteCommand {
  readonly verb: 'delete'
  readonly kind: string
  readonly namespace: string
  /** One object, or every one of the kind in the namespace that the selector matches. */
  readonly name: string | { readonly selector: LabelSelector }
  /** null: what the object asks for. */
  readonly gracePeriodSeconds: number | null
  /** What becomes of dependents. Background when not given. */
  readonly propagation?: Propagation
}

/** Deletes one object, or all that a selector matches, one after another. */
export const remove: VerbRunner<DeleteCommand> = {
  subject: ({ kind, namespace, name }) => (typeof name === 'string' ? objectKey(kind, namespace, name) : ''),
  *run({ kind, namespace, name, gracePeriodSeconds, propagation = 'Background' }, session) {
    const { client, cause, told } = session
    let names: readonly string[]
    if (typeof name === 'string') names = [name]
    else {
      if (!(yield* session.mayRead(kind, namespace, ''))) return
      const live = yield* client.list(kind as Kind, namespace)
      names = live.filter((object) => matchesSelector(name.selector, object.metadata.labels)).map((object) => object.metadata.name)
      if (names.length === 0) session.said('', 'no resources found')
    }
    for (const each of names) {
      const response = yield* client.delete(kind, namespace, each, gracePeriodSeconds, { cause, why: 'delete' }, propagation)
      // That is what kubectl prints, also when the object is only marked and goes later.
      told(response.code < 400 ? { ...response, message: 'deleted' } : response, objectKey(kind, namespace, each))
    }
  },
}
