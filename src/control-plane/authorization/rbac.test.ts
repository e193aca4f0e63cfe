import { describe, expect, test } from 'vitest'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { controllerIdentity, type Identity, impersonated, SCHEDULER } from '../identity.ts'
import { keyOf } from '../object-key.ts'
import { type Attempt, attributesOf, forbiddenMessage } from './attributes.ts'
import { bootstrapRoles } from './bootstrap.ts'
import { RbacAuthorizer } from './rbac.ts'

const API_VERSION = 'rbac.authorization.k8s.io/v1'
type AnyRole = Role | ClusterRole | RoleBinding | ClusterRoleBinding

const rule = (verbs: string[], apiGroups: string[], resources: string[], resourceNames: string[] = []): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
  resourceNames,
})
const role = (name: string, ...rules: PolicyRule[]): Role => ({
  apiVersion: API_VERSION,
  kind: 'Role',
  metadata: emptyMeta(name, 'shop'),
  rules,
})
const clusterRole = (name: string, ...rules: PolicyRule[]): ClusterRole => ({
  apiVersion: API_VERSION,
  kind: 'ClusterRole',
  metadata: emptyMeta(name, ''),
  rules,
  aggregationRule: null,
})
const user = (name: string): Subject => ({ kind: 'User', name, namespace: '' })
const bind = (to: Role | ClusterRole, ...subjects: Subject[]): RoleBinding => ({
  apiVersion: API_VERSION,
  kind: 'RoleBinding',
  metadata: emptyMeta(`${to.metadata.name}-binding`, 'shop'),
  subjects,
  roleRef: { kind: to.kind, name: to.metadata.name },
})
const bindEverywhere = (to: ClusterRole, ...subjects: Subject[]): ClusterRoleBinding => ({
  apiVersion: API_VERSION,
  kind: 'ClusterRoleBinding',
  metadata: emptyMeta(`${to.metadata.name}-binding`, ''),
  subjects,
  roleRef: { kind: 'ClusterRole', name: to.metadata.name },
})

function authorizer(...objects: readonly AnyRole[]): RbacAuthorizer {
  const byKey = new Map(objects.map((object) => [keyOf(object), object]))
  const of = <K extends AnyRole['kind']>(kind: K) => objects.filter((object) => object.kind === kind)
  return new RbacAuthorizer({
    role: (key) => byKey.get(key) as Role | undefined,
    clusterRole: (key) => byKey.get(key) as ClusterRole | undefined,
    roleBindings: () => of('RoleBinding') as RoleBinding[],
    clusterRoleBindings: () => of('ClusterRoleBinding') as ClusterRoleBinding[],
  })
}

const pod: Attempt = { verb: 'get', kind: 'Pod', namespace: 'shop', name: 'web-0' }
const may = (rbac: RbacAuthorizer, identity: Identity, attempt: Attempt): boolean => rbac.decide(identity, attributesOf(attempt)).allowed

/** Cases after https://kubernetes.io/docs/reference/access-authn-authz/rbac/ and pkg/apis/rbac/v1/evaluation_helpers.go. */
describe('a rule', () => {
  const jane = impersonated('jane')
  test.each<[string, PolicyRule, Attempt, boolean]>([
    ['allows its verb', rule(['get', 'list'], [''], ['pods']), pod, true],
    ['allows no other verb', rule(['get', 'list'], [''], ['pods']), { ...pod, verb: 'delete' }, false],
    ['with * allows every verb', rule(['*'], [''], ['pods']), { ...pod, verb: 'delete' }, true],
    ['of another group allows nothing', rule(['*'], ['apps'], ['pods']), pod, false],
    ['of every group allows', rule(['*'], ['*'], ['pods']), pod, true],
    ['of every resource allows', rule(['*'], [''], ['*']), pod, true],
    ['of a resource does not allow its subresources', rule(['*'], [''], ['pods']), { ...pod, subresource: 'status' }, false],
    ['of a subresource allows it', rule(['get'], [''], ['pods/status']), { ...pod, subresource: 'status' }, true],
    ['of a subresource does not allow the resource', rule(['get'], [''], ['pods/status']), pod, false],
    [
      'of a subresource of every resource allows it',
      rule(['get'], ['*'], ['*/scale']),
      { verb: 'get', kind: 'Deployment', namespace: 'shop', name: 'web', subresource: 'scale' },
      true,
    ],
    ['with names allows those', rule(['get'], [''], ['pods'], ['web-0']), pod, true],
    ['with names allows no other', rule(['get'], [''], ['pods'], ['web-1']), pod, false],
    ['with names allows no create, whose path has no name', rule(['create'], [''], ['pods'], ['web-0']), { ...pod, verb: 'create' }, false],
    ['about bindings allows a bind', rule(['create'], [''], ['pods/binding']), { ...pod, verb: 'bind' }, true],
    ['about evictions allows one', rule(['create'], [''], ['pods/eviction']), { ...pod, verb: 'delete', subresource: 'eviction' }, true],
  ])('%s', (_what, given, attempt, allowed) => {
    const reader = role('reader', given)
    expect(may(authorizer(reader, bind(reader, user('jane'))), jane, attempt)).toBe(allowed)
  })
})

describe('a binding', () => {
  const reader = role('reader', rule(['get'], [''], ['pods']))
  const everywhere = clusterRole('reader', rule(['get'], [''], ['pods']))
  const elsewhere = { ...pod, namespace: 'bank' }

  test('of a role counts in its namespace only, of a cluster role too, and a cluster role binding everywhere', () => {
    const jane = impersonated('jane')
    for (const bound of [reader, everywhere]) {
      const rbac = authorizer(bound, bind(bound, user('jane')))
      expect([may(rbac, jane, pod), may(rbac, jane, elsewhere)]).toEqual([true, false])
    }
    const rbac = authorizer(everywhere, bindEverywhere(everywhere, user('jane')))
    expect([may(rbac, jane, pod), may(rbac, jane, elsewhere)]).toEqual([true, true])
  })

  test.each<[string, Subject, Identity, boolean]>([
    ['a user', user('jane'), impersonated('jane'), true],
    ['another user', user('jane'), impersonated('joe'), false],
    ['a group', { kind: 'Group', name: 'devs', namespace: '' }, impersonated('joe', ['devs']), true],
    ['everybody who is known', { kind: 'Group', name: 'system:authenticated', namespace: '' }, impersonated('joe'), true],
    ['a service account', { kind: 'ServiceAccount', name: 'ci', namespace: 'tools' }, impersonated('system:serviceaccount:tools:ci'), true],
    [
      'one of the own namespace',
      { kind: 'ServiceAccount', name: 'ci', namespace: '' },
      impersonated('system:serviceaccount:shop:ci'),
      true,
    ],
    [
      'one of another namespace',
      { kind: 'ServiceAccount', name: 'ci', namespace: 'x' },
      impersonated('system:serviceaccount:tools:ci'),
      false,
    ],
    [
      'all service accounts of a namespace',
      { kind: 'Group', name: 'system:serviceaccounts:tools', namespace: '' },
      impersonated('system:serviceaccount:tools:ci'),
      true,
    ],
  ])('means %s', (_what, subject, identity, allowed) => {
    expect(may(authorizer(reader, bind(reader, subject)), identity, pod)).toBe(allowed)
  })

  test('to a role that is not there gives nothing, and that is told', () => {
    const rbac = authorizer(bind(reader, user('jane')))
    expect(rbac.decide(impersonated('jane'), attributesOf(pod))).toEqual({
      allowed: false,
      reason: 'RBAC: role.rbac.authorization.k8s.io "reader" not found',
    })
  })

  test('that is new counts once what was decided before has been forgotten', () => {
    const bindings: RoleBinding[] = []
    const rbac = new RbacAuthorizer({
      role: () => reader,
      clusterRole: () => undefined,
      roleBindings: () => bindings,
      clusterRoleBindings: () => [],
    })
    const jane = impersonated('jane')
    expect(may(rbac, jane, pod)).toBe(false)
    bindings.push(bind(reader, user('jane')))
    rbac.forget()
    expect(may(rbac, jane, pod)).toBe(true)
  })
})

describe('the roles that are there from the start', () => {
  const rbac = authorizer(
    ...bootstrapRoles(),
    bind(clusterRole('view'), user('viewer')),
    bind(clusterRole('edit'), user('editor')),
    bind(clusterRole('admin'), user('owner')),
  )
  const deployment = (verb: Attempt['verb']): Attempt => ({ verb, kind: 'Deployment', namespace: 'shop', name: 'web' })
  const roles = (verb: Attempt['verb']): Attempt => ({ verb, kind: 'Role', namespace: 'shop', name: 'r' })
  const quota = (verb: Attempt['verb']): Attempt => ({ verb, kind: 'ResourceQuota', namespace: 'shop', name: 'q' })

  test.each<[string, Attempt, boolean]>([
    ['viewer', deployment('get'), true],
    ['viewer', deployment('patch'), false],
    ['viewer', { ...pod, kind: 'Secret' }, false],
    ['viewer', roles('get'), false],
    ['editor', deployment('patch'), true],
    ['editor', { ...deployment('patch'), subresource: 'scale' }, true],
    ['editor', { ...pod, kind: 'Secret' }, true],
    ['editor', quota('get'), true],
    ['editor', quota('create'), false],
    ['editor', roles('create'), false],
    ['owner', roles('create'), true],
    ['owner', deployment('delete'), true],
    ['owner', quota('create'), false],
    ['owner', { ...deployment('get'), namespace: 'bank' }, false],
  ])('%s: %o', (name, attempt, allowed) => {
    expect(may(rbac, impersonated(name), attempt)).toBe(allowed)
  })

  test.each<[string, Identity, Attempt, boolean]>([
    ['the scheduler binds pods', SCHEDULER, { ...pod, verb: 'bind' }, true],
    ['the scheduler changes no spec of a pod', SCHEDULER, { ...pod, verb: 'patch' }, false],
    ['the scheduler deletes no Deployment', SCHEDULER, deployment('delete'), false],
    ['the ReplicaSet controller creates pods', controllerIdentity('replicaset-controller'), { ...pod, verb: 'create' }, true],
    ['it creates no ReplicaSet', controllerIdentity('replicaset-controller'), { ...pod, kind: 'ReplicaSet', verb: 'create' }, false],
    [
      'the disruption controller writes a status',
      controllerIdentity('disruption-controller'),
      { ...pod, kind: 'PodDisruptionBudget', verb: 'update', subresource: 'status' },
      true,
    ],
    ['it changes no budget', controllerIdentity('disruption-controller'), { ...pod, kind: 'PodDisruptionBudget', verb: 'update' }, false],
  ])('%s', (_what, identity, attempt, allowed) => {
    expect(may(rbac, identity, attempt)).toBe(allowed)
  })
})

/** Texts as apiserver pkg/endpoints/handlers/responsewriters/errors.go and apimachinery's NewForbidden make them. */
test.each<[Attempt, string]>([
  [pod, 'pods "web-0" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "shop"'],
  [{ ...pod, verb: 'create' }, 'pods is forbidden: User "jane" cannot create resource "pods" in API group "" in the namespace "shop"'],
  [
    { verb: 'patch', kind: 'Deployment', namespace: 'shop', name: 'web', subresource: 'scale' },
    'deployments.apps "web" is forbidden: User "jane" cannot patch resource "deployments/scale" in API group "apps" in the namespace "shop"',
  ],
  [
    { verb: 'list', kind: 'Node', namespace: '', name: '' },
    'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
  ],
])('a refusal reads %o', (attempt, message) => {
  expect(forbiddenMessage('jane', attempt.kind, attributesOf(attempt), '')).toBe(message)
})
