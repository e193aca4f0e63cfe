import { describe, expect, test } from 'vitest'
import * as names from '../../src/api/names.ts'
import { recordedCases } from './cases.ts'

/** What the validation functions of Kubernetes v1.36.2 said to the inputs of their own tests. */
interface NameCase {
  readonly id: string
  readonly category: string
  readonly value: string | number
  readonly valid: boolean
}

const TEXT_RULES: ReadonlyMap<string, names.NameRule> = new Map([
  ['labelValue', names.complaintsAboutLabelValue],
  ['qualifiedName', names.complaintsAboutQualifiedName],
  ['ip', names.complaintsAboutIp],
  ['cidr', names.complaintsAboutCidr],
  ['interfaceAddress', names.complaintsAboutInterfaceAddress],
  ['dns1035Label', names.complaintsAboutDns1035Label],
  ['dns1123Label', names.complaintsAboutDns1123Label],
  ['dns1123Subdomain', names.complaintsAboutDns1123Subdomain],
  ['dns1123SubdomainCaseless', names.complaintsAboutDns1123SubdomainCaseless],
  ['dns1123SubdomainWithUnderscore', names.complaintsAboutDns1123SubdomainWithUnderscore],
  ['wildcardDns1123Subdomain', names.complaintsAboutWildcardDns1123Subdomain],
  ['portName', names.complaintsAboutPortName],
  ['httpHeaderName', names.complaintsAboutHttpHeaderName],
  ['percent', names.complaintsAboutPercent],
  ['configMapKey', names.complaintsAboutConfigMapKey],
  ['fullyQualifiedDomainName', names.complaintsAboutFullyQualifiedDomainName],
  ['fullyQualifiedName', names.complaintsAboutFullyQualifiedName],
  ['domainPrefixedPath', names.complaintsAboutDomainPrefixedPath],
  ['domainPrefixedKey', names.complaintsAboutDomainPrefixedKey],
  ['relaxedEnvVarName', names.complaintsAboutRelaxedEnvVarName],
  ['cIdentifier', names.complaintsAboutCIdentifier],
  ['pathSegmentName', names.complaintsAboutPathSegmentName],
])

const NUMBER_RULES: ReadonlyMap<string, (value: number) => string[]> = new Map([
  ['portNumber', names.complaintsAboutPortNumber],
  ['userId', names.complaintsAboutUserId],
  ['groupId', names.complaintsAboutGroupId],
])

const recorded = recordedCases<NameCase>('names-and-labels-validation.json')
const categories = [...new Set(recorded?.cases.map((row) => row.category) ?? [])]

describe.skipIf(recorded === null)('names, labels and addresses as Kubernetes judges them', () => {
  test('every recorded category has a rule here', () => {
    expect(categories.filter((category) => !TEXT_RULES.has(category) && !NUMBER_RULES.has(category))).toEqual([])
    expect(categories.length).toBe(TEXT_RULES.size + NUMBER_RULES.size)
  })

  test.each(categories.length > 0 ? categories : ['labelValue'])('%s', (category) => {
    const cases = recorded?.cases.filter((row) => row.category === category) ?? []
    const wrong = cases.filter((row) => {
      const complaints = typeof row.value === 'number' ? NUMBER_RULES.get(category)?.(row.value) : TEXT_RULES.get(category)?.(row.value)
      return complaints === undefined || (complaints.length === 0) !== row.valid
    })
    expect(wrong).toEqual([])
  })
})
