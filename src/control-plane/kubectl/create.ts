import type { AnyObject } from '../../api/objects/index.ts'
import { keyOf } from '../object-key.ts'
import type { VerbRunner } from './session.ts'

export interface CreateCommand {
  readonly verb: 'create'
  readonly objects: readonly AnyObject[]
}

/** Creates each object; one that exists already is refused with 409. */
export const create: VerbRunner<CreateCommand> = {
  subject: ({ objects }) => (objects.length === 1 ? keyOf(objects[0]!) : ''),
  *run({ objects }, { client, cause, told }) {
    for (const object of objects) told(yield* client.create(object, { cause, why: 'create' }), keyOf(object))
  },
}
