import type { Pod, Toleration } from '../../api/objects/index.ts'
import type { Plugin } from './plugin.ts'

/** Kubernetes gives every pod 300 s on a node that is not ready or unreachable, unless the pod says otherwise. */
export const DEFAULT_TOLERATION_SECONDS = 300

/** Source: Kubernetes plugin/pkg/admission/defaulttolerationseconds/admission.go. */
export const TOLERATION_SECONDS: Plugin = {
  name: 'DefaultTolerationSeconds',
  admit(object) {
    if (object.kind !== 'Pod') return object
    const pod = object as Pod
    const added: Toleration[] = []
    for (const key of ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']) {
      const borne = pod.spec.tolerations.some((t) => (t.key === key || t.key === '') && (t.effect === 'NoExecute' || t.effect === ''))
      if (!borne) added.push({ key, operator: 'Exists', value: '', effect: 'NoExecute', tolerationSeconds: DEFAULT_TOLERATION_SECONDS })
    }
    if (added.length === 0) return object
    return { ...pod, spec: { ...pod.spec, tolerations: [...pod.spec.tolerations, ...added] } }
  },
}
