import type { Node } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { objectKey } from '../object-key.ts'
import type { Session, VerbRunner } from './session.ts'

export interface CordonCommand {
  readonly verb: 'cordon' | 'uncordon'
  readonly node: string
}

export const cordon: VerbRunner<CordonCommand> = {
  subject: ({ node }) => objectKey('Node', '', node),
  *run({ verb, node }, session) {
    yield* setUnschedulable(session, node, verb === 'cordon')
  },
}

/** Sets `spec.unschedulable`. True when granted. */
export function* setUnschedulable(session: Session, name: string, unschedulable: boolean): Generator<Wait, boolean, unknown> {
  if (!(yield* session.mayRead('Node', '', name))) return false
  const change = (current: Node): Node =>
    current.spec.unschedulable === unschedulable ? current : { ...current, spec: { ...current.spec, unschedulable } }
  const because = { cause: session.cause, why: unschedulable ? 'cordoned' : 'uncordoned' }
  return session.told(yield* session.client.patch('Node', '', name, change, because), objectKey('Node', '', name))
}
