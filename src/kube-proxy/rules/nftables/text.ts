import { invariant } from '../../../invariant.ts'
import { joinHostPort } from '../../model/ip-address.ts'
import type { NftFamily } from './family.ts'
import type { Chain, Field, KeyPart, Match, NftMap, NftSet, Rule, Statement, VerdictStatement } from './ruleset.ts'

/** nftables' own words for the parts of the table: what follows `add rule ip kube-proxy CHAIN`, and so on. */

export function ruleText(rule: Rule, family: NftFamily): string {
  const parts = [
    ...rule.matches.map((match) => matchText(match, family)),
    ...rule.statements.map((statement) => statementText(statement, family)),
  ]
  return rule.comment === null ? parts.join(' ') : `${parts.join(' ')} comment "${rule.comment}"`
}

export function chainText({ base, comment }: Pick<Chain, 'base' | 'comment'>): string {
  const parts: string[] = []
  if (base !== null) parts.push(`type ${base.type} hook ${base.hook} priority ${base.priority} ;`)
  if (comment !== null) parts.push(`comment "${comment}" ;`)
  return parts.length === 0 ? '' : `{ ${parts.join(' ')} }`
}

export function setText({ key, comment, timeoutSeconds }: Pick<NftSet, 'key' | 'comment' | 'timeoutSeconds'>, family: NftFamily): string {
  const parts = [`type ${keyText(key, family)} ;`]
  if (timeoutSeconds !== null) parts.push('flags dynamic,timeout ;', `timeout ${timeoutSeconds}s ;`)
  if (comment !== null) parts.push(`comment "${comment}" ;`)
  return `{ ${parts.join(' ')} }`
}

export function mapText({ key, comment }: Pick<NftMap, 'key' | 'comment'>, family: NftFamily): string {
  return `{ type ${keyText(key, family)} : verdict ; comment "${comment}" ; }`
}

export function verdictText(verdict: VerdictStatement): string {
  return verdict.kind === 'goto' ? `goto ${verdict.chain}` : verdict.kind
}

function keyText(key: readonly KeyPart[], family: NftFamily): string {
  const types = { address: family === 'ip' ? 'ipv4_addr' : 'ipv6_addr', protocol: 'inet_proto', port: 'inet_service' }
  return key.map((part) => types[part]).join(' . ')
}

function fieldsText(fields: readonly Field[], family: NftFamily): string {
  const names = { saddr: `${family} saddr`, daddr: `${family} daddr`, protocol: 'meta l4proto', port: 'th dport' }
  return fields.map((field) => names[field]).join(' . ')
}

function matchText(match: Match, family: NftFamily): string {
  switch (match.kind) {
    case 'address': {
      const ranges = typeof match.ranges === 'string' ? match.ranges : `{ ${match.ranges.join(' , ')} }`
      return `${family} ${match.field} ${match.negated ? '!= ' : ''}${ranges}`
    }
    case 'in-set':
      return `${fieldsText(match.fields, family)} @${match.set}`
    case 'local':
      return `fib ${match.field} type local`
    case 'protocol':
      return `meta l4proto ${match.protocol}`
    case 'marked':
      return `mark and ${hex(match.mark)} != 0`
    case 'connection-new':
      return 'ct state new'
    case 'connection-translated':
      return 'ct status dnat'
  }
}

function statementText(statement: Statement, family: NftFamily): string {
  switch (statement.kind) {
    case 'jump':
      return `jump ${statement.chain}`
    case 'goto':
    case 'drop':
      return verdictText(statement)
    case 'reject':
      return 'reject'
    case 'mark':
      return `mark set mark ${statement.operation} ${hex(statement.mark)}`
    case 'masquerade':
      return 'masquerade fully-random'
    case 'vmap':
      return `${fieldsText(statement.fields, family)} vmap @${statement.map}`
    case 'spread':
      return `numgen random mod ${statement.chains.length} vmap { ${numbered(statement.chains.map((chain) => `goto ${chain}`))} }`
    case 'dnat':
      return `dnat to ${joinHostPort(statement.target.address, statement.target.port)}`
    case 'dnat-spread': {
      const targets = statement.targets.map(({ address, port }) => `${address} . ${port}`)
      return `dnat ${family} addr . port to numgen random mod ${targets.length} map { ${numbered(targets)} }`
    }
    case 'remember':
      return `update @${statement.set} { ${family} saddr }`
  }
}

function numbered(values: readonly string[]): string {
  invariant(values.length > 0, 'a choice among nothing')
  return values.map((value, index) => `${index} : ${value}`).join(' , ')
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`
}
