import { type AnyObject, DEFAULT_CLASS_ANNOTATION, type Ingress, type IngressClass } from '../../api/objects/index.ts'
import type { AdmissionContext, Plugin } from './plugin.ts'

/** An Ingress that names its class in the old way is left as it is. Source: as it was an annotation before networking.k8s.io/v1. */
const OLD_CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

/**
 * An Ingress without a class gets the default one; of several the newest, of equally new ones the first by name.
 *
 * Source: Kubernetes v1.36.2 plugin/pkg/admission/network/defaultingressclass/admission.go.
 */
export const DEFAULT_INGRESS_CLASS: Plugin = { name: 'DefaultIngressClass', admit: defaultIngressClass }

function defaultIngressClass(object: AnyObject, context: AdmissionContext): AnyObject {
  if (object.kind !== 'Ingress') return object
  const ingress = object as Ingress
  if (ingress.spec.ingressClassName !== '' || OLD_CLASS_ANNOTATION in ingress.metadata.annotations) return object
  let chosen: IngressClass | null = null
  for (const candidate of context.list('IngressClass') as Iterable<IngressClass>) {
    if (candidate.metadata.annotations[DEFAULT_CLASS_ANNOTATION] !== 'true') continue
    if (chosen === null || isPreferred(candidate, chosen)) chosen = candidate
  }
  return chosen === null ? object : { ...ingress, spec: { ...ingress.spec, ingressClassName: chosen.metadata.name } }
}

function isPreferred({ metadata }: IngressClass, other: IngressClass): boolean {
  if (metadata.creationTimestamp !== other.metadata.creationTimestamp) return metadata.creationTimestamp > other.metadata.creationTimestamp
  return metadata.name < other.metadata.name
}
