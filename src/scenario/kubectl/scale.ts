import { parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, takeOnlyTarget, type VerbGrammar } from './grammar.ts'

/** A wish for more than a million replicas can only be a slip: Kubernetes is tested up to 150,000 pods. */
const REPLICAS_MAX = 1_000_000

export const SCALE: VerbGrammar = {
  verb: 'scale',
  form: 'scale KIND/NAME --replicas=N [-n NAMESPACE]',
  flags: [flag('--replicas'), NAMESPACE_FLAG],
  read(split) {
    const target = takeOnlyTarget(split, (kind) => kind.scales)
    if (!target.ok) return target
    const replicas = split.number('replicas', null, 0, REPLICAS_MAX)
    if (!replicas.ok) return replicas
    if (replicas.value === null) return split.complain('"scale" needs --replicas')
    const { kind, name, namespace, mention } = target.value
    return parsed({
      command: { verb: 'scale', kind: kind.kind, namespace, name: name.text, replicas: replicas.value },
      mentions: [mention],
    })
  },
}
