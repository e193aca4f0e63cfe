import type { Pod } from '../../api/objects/index.ts'
import { isMirror } from '../mirror-pod.ts'
import { objectKey } from '../object-key.ts'
import { forbidden, type Plugin } from './plugin.ts'

/** A pod needs the service account that it names; a mirror pod has none. Source: Kubernetes plugin/pkg/admission/serviceaccount/admission.go. */
export const SERVICE_ACCOUNT: Plugin = {
  name: 'ServiceAccount',
  admit(object, context, asked) {
    if (object.kind !== 'Pod' || isMirror(object as Pod)) return object
    const { metadata, spec } = object as Pod
    const { namespace } = metadata
    const name = spec.serviceAccountName
    if (context.get(objectKey('ServiceAccount', namespace, name)) !== undefined) return object
    const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`
    return { refuse: forbidden(object, why, asked) }
  },
}
