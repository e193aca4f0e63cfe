/**
 * Fields of stable APIs that are newer than the schemas at hand, which are those of Kubernetes 1.33: by the end of the path of the map that
 * has them, which begins with the kind; indexes are left out. What is in them is not checked.
 *
 * Source: kubernetes v1.36.2 staging/src/k8s.io/api (fields on by default or beta since 1.33); kubernetes-models 4.5.1 lacks them.
 */
const ADDED: readonly (readonly [parent: string, fields: readonly string[]])[] = [
  ['lifecycle', ['stopSignal']],
  ['containers', ['restartPolicyRules']],
  ['initContainers', ['restartPolicyRules']],
  ['Pod.spec', ['hostnameOverride', 'schedulingGroup', 'workloadRef']],
  ['template.spec', ['hostnameOverride', 'schedulingGroup', 'workloadRef']],
  ['valueFrom', ['fileKeyRef']],
  ['sources', ['podCertificate']],
  ['scaleUp', ['tolerance']],
  ['scaleDown', ['tolerance']],
  ['status', ['terminatingReplicas', 'declaredFeatures', 'features', 'observedGeneration', 'resize']],
  ['hints', ['forNodes']],
]

/** Fields that maps at this path have besides those of the schema. */
export function fieldsAddedSince(kind: string, names: readonly string[]): readonly string[] {
  const path = `.${[kind, ...names].join('.')}`
  return ADDED.filter(([parent]) => path.endsWith(`.${parent}`)).flatMap(([, fields]) => fields)
}
