import { NEW_POD_STATUS } from '../../api/convert/pod.ts'
import type { KubernetesObject, Pod, PodSpec, PodTemplate, StringMap } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'

/** A pod of that template, owned by the object; what a kind of owner adds comes last. */
export function podFromTemplate(
  owner: KubernetesObject,
  template: PodTemplate,
  own: {
    /** Ends in `-` for a generated name. */
    readonly name: string
    readonly labels?: StringMap
    readonly annotations?: StringMap
    readonly finalizers?: readonly string[]
    readonly spec?: Partial<PodSpec>
  },
): Pod {
  const { kind, metadata } = owner
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...emptyMeta(own.name, metadata.namespace),
      labels: { ...template.labels, ...own.labels },
      annotations: { ...template.annotations, ...own.annotations },
      ownerReferences: [{ kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }],
      finalizers: own.finalizers ?? [],
    },
    spec: { ...template.spec, ...own.spec },
    status: NEW_POD_STATUS,
  }
}
