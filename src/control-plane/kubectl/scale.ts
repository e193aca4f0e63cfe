import type { Kind } from '../../api/objects/index.ts'
import { objectKey } from '../object-key.ts'
import { withReplicas } from './kinds.ts'
import type { Target, VerbRunner } from './session.ts'

export interface ScaleCommand extends Target<Kind> {
  readonly verb: 'scale'
  readonly replicas: number
}

export const scale: VerbRunner<ScaleCommand> = {
  subject: ({ kind, namespace, name }) => objectKey(kind, namespace, name),
  *run({ kind, namespace, name, replicas }, session) {
    const { client, cause, told } = session
    if (!(yield* session.mayRead(kind, namespace, name))) return
    const because = { cause, why: `replicas: ${replicas}`, subresource: 'scale' }
    const response = yield* client.patch(kind, namespace, name, (current) => withReplicas(current, replicas), because)
    told(response, objectKey(kind, namespace, name))
  },
}
