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
  *run({ kind, namespace, name, replicas }, { client, cause, told }) {
    const because = { cause, why: `replicas: ${replicas}` }
    const response = yield* client.patch(kind, namespace, name, (current) => withReplicas(current, replicas), because)
    told(response, objectKey(kind, namespace, name))
  },
}
