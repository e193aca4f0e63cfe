import * as names from '../../../src/api/names.ts'
import { casesIn, type Outcome, Tally } from './outcome.ts'

export const TEXT_RULES: ReadonlyMap<string, names.NameRule> = new Map([
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

export const NUMBER_RULES: ReadonlyMap<string, (value: number) => string[]> = new Map([
  ['portNumber', names.complaintsAboutPortNumber],
  ['userId', names.complaintsAboutUserId],
  ['groupId', names.complaintsAboutGroupId],
])

/** What the validation functions of Kubernetes v1.36.2 said to the inputs of their own tests. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const { id, category, value, valid } of casesIn(file)) {
    const rule = NUMBER_RULES.get(category) ?? TEXT_RULES.get(category)
    if (rule === undefined) tally.skip(id, `no rule for "${category}"`)
    else tally.attempt(id, () => void tally.same(id, rule(value as never).length === 0, valid, `valid, of ${JSON.stringify(value)}`))
  }
  return tally
}
