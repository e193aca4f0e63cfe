import { parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, takeOnlyTarget, type VerbGrammar } from './grammar.ts'

export const ROLLOUT_RESTART: VerbGrammar = {
  verb: 'rollout restart',
  form: 'rollout restart KIND/NAME [-n NAMESPACE]',
  flags: [NAMESPACE_FLAG],
  read(split) {
    // A ReplicaSet or ReplicationController replaces no pods, so there is nothing to restart.
    const target = takeOnlyTarget(split, (kind) => kind.templated && kind.kind !== 'ReplicaSet' && kind.kind !== 'ReplicationController')
    if (!target.ok) return target
    const { kind, name, namespace, mention } = target.value
    return parsed({ command: { verb: 'rollout restart', kind: kind.kind, namespace, name: name.text }, mentions: [mention] })
  },
}

export const ROLLOUT_UNDO: VerbGrammar = {
  verb: 'rollout undo',
  form: 'rollout undo deployment/NAME [--to-revision=N] [-n NAMESPACE]',
  flags: [flag('--to-revision'), NAMESPACE_FLAG],
  read(split) {
    const target = takeOnlyTarget(split, (kind) => kind.kind === 'Deployment')
    if (!target.ok) return target
    const toRevision = split.number('to-revision', 0, 0, 999_999_999)
    if (!toRevision.ok) return toRevision
    const { name, namespace, mention } = target.value
    const command = { verb: 'rollout undo', kind: 'Deployment', namespace, name: name.text, toRevision: toRevision.value } as const
    return parsed({ command, mentions: [mention] })
  },
}

function onDeployment(verb: 'rollout pause' | 'rollout resume'): VerbGrammar {
  return {
    verb,
    form: `${verb} deployment/NAME [-n NAMESPACE]`,
    flags: [NAMESPACE_FLAG],
    read(split) {
      const target = takeOnlyTarget(split, (kind) => kind.kind === 'Deployment')
      if (!target.ok) return target
      const { name, namespace, mention } = target.value
      return parsed({ command: { verb, kind: 'Deployment', namespace, name: name.text }, mentions: [mention] })
    },
  }
}

export const ROLLOUT_PAUSE = onDeployment('rollout pause')
export const ROLLOUT_RESUME = onDeployment('rollout resume')

export const ROLLOUT_STATUS: VerbGrammar = {
  verb: 'rollout status',
  form: 'rollout status deployment/NAME [--timeout=TIME] [-n NAMESPACE]',
  flags: [flag('--timeout'), NAMESPACE_FLAG],
  read(split) {
    const target = takeOnlyTarget(split, (kind) => kind.kind === 'Deployment')
    if (!target.ok) return target
    const timeout = split.seconds('timeout')
    if (!timeout.ok) return timeout
    const { name, namespace, mention } = target.value
    const command = { verb: 'rollout status', kind: 'Deployment', namespace, name: name.text, timeoutSeconds: timeout.value } as const
    return parsed({ command, mentions: [mention] })
  },
}
