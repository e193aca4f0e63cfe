import { objectKey } from '../object-key.ts'
import { forbidden, type Plugin } from './plugin.ts'

/**
 * Nothing is made in a namespace that is not there (404) or that is being deleted (403).
 *
 * Source: apiserver pkg/admission/plugin/namespace/lifecycle/admission.go.
 */
export const NAMESPACE_LIFECYCLE: Plugin = {
  name: 'NamespaceLifecycle',
  admit(object, context, asked) {
    const { namespace } = object.metadata
    if (namespace === '') return object
    const held = context.get(objectKey('Namespace', '', namespace))
    if (held === undefined) return { refuse: `namespaces "${namespace}" not found`, code: 404 }
    if (held.metadata.deletionTimestamp === null) return object
    return { refuse: forbidden(object, `unable to create new content in namespace ${namespace} because it is being terminated`, asked) }
  },
}
