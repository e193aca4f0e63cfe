import type { PickedObject, PickedPolicyRules } from '../modelled-fields.ts'
import type { PolicyRule, RoleRef, Subject } from '../objects/rbac.ts'

export function policyRules(rules: PickedPolicyRules | undefined): PolicyRule[] {
  return (rules ?? []).map((rule) => ({
    verbs: rule.verbs ?? [],
    apiGroups: rule.apiGroups ?? [],
    resources: rule.resources ?? [],
    resourceNames: rule.resourceNames ?? [],
  }))
}

export function binding({ subjects, roleRef }: PickedObject<'RoleBinding'>): { subjects: Subject[]; roleRef: RoleRef } {
  return {
    subjects: (subjects ?? []).map((subject) => ({
      kind: subject.kind as Subject['kind'],
      name: subject.name ?? '',
      namespace: subject.namespace ?? '',
    })),
    roleRef: { kind: roleRef?.kind as RoleRef['kind'], name: roleRef?.name ?? '' },
  }
}
