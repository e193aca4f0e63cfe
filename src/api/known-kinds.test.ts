import { describe, expect, test } from 'vitest'
import { apiVersionsOf, isBuiltInGroup, isPreRelease, kindsIn, knownKind, knownKindNames } from './known-kinds.ts'
import { runSchema } from './schema-validator.ts'

const ALL = knownKindNames().flatMap((kind) => apiVersionsOf(kind).map((apiVersion) => knownKind(apiVersion, kind)!))

describe('the kinds that Kubernetes serves', () => {
  test.each(ALL.map((known) => [`${known.apiVersion} ${known.kind}`, known] as const))(
    '%s has a schema of just that name',
    async (_name, known) => {
      const { errors, lookups } = await runSchema(known, { apiVersion: 'wrong/v9', kind: 'Wrong', metadata: {} })
      expect([...lookups[0]!.fields]).toEqual(expect.arrayContaining(['apiVersion', 'kind', 'metadata']))
      const allowed = new Map(errors.map((error) => [error.instancePath, error.params.allowedValues]))
      expect(allowed.get('/apiVersion')).toEqual([known.apiVersion])
      expect(allowed.get('/kind')).toEqual([known.kind])
    },
  )

  test('names have the rule of their kind', () => {
    const accepts = (apiVersion: string, kind: string, name: string): boolean => knownKind(apiVersion, kind)!.nameRule(name).length === 0
    expect(accepts('v1', 'Pod', 'a.b')).toBe(true)
    expect(accepts('v1', 'Service', '1a')).toBe(false)
    expect(accepts('v1', 'Namespace', 'a.b')).toBe(false)
    expect(accepts('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:node')).toBe(true)
    expect(accepts('batch/v1', 'CronJob', 'a'.repeat(53))).toBe(false)
  })

  test('groups of others are not Kubernetes own, even if they look alike', () => {
    expect(isBuiltInGroup('v1')).toBe(true)
    expect(isBuiltInGroup('extensions/v1beta1')).toBe(true)
    expect(isBuiltInGroup('gateway.networking.k8s.io/v1')).toBe(false)
    expect(isPreRelease('storage.k8s.io/v1beta1')).toBe(true)
    expect(isPreRelease('storage.k8s.io/v1')).toBe(false)
    expect(kindsIn('batch/v1')).toEqual(['CronJob', 'Job'])
    expect(knownKind('v1', 'constructor')).toBeNull()
  })
})
