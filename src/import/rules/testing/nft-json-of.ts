import type { Match, Rule, Ruleset, Statement, VerdictStatement } from '../../../kube-proxy/rules/nftables/ruleset.ts'

/**
 * What `nft -j list ruleset` prints of a table, as nft 1.0.6 does; handles are left out. A test holds it to a recorded one.
 */
export function nftJsonOf(rules: Ruleset): { nftables: unknown[] } {
  const { family } = rules
  const of = { family, table: 'kube-proxy' }
  const types = { address: family === 'ip' ? 'ipv4_addr' : 'ipv6_addr', protocol: 'inet_proto', port: 'inet_service' }
  const type = (key: readonly ('address' | 'protocol' | 'port')[]) => (key.length === 1 ? types[key[0]!] : key.map((part) => types[part]))
  const entries: unknown[] = [{ table: { family, name: 'kube-proxy' } }]
  for (const chain of rules.chains.values()) entries.push({ chain: { ...of, name: chain.name } })
  for (const set of rules.sets.values()) {
    const elem = [...set.elements].map(keyValue)
    const comment = set.comment === null ? {} : { comment: set.comment }
    const timeout = set.timeoutSeconds === null ? {} : { size: 65_535, flags: ['timeout'], timeout: set.timeoutSeconds }
    entries.push({
      set: {
        family,
        name: set.name,
        table: 'kube-proxy',
        type: type(set.key),
        ...comment,
        ...timeout,
        ...(elem.length === 0 ? {} : { elem }),
      },
    })
  }
  for (const map of rules.maps.values()) {
    const elem = [...map.elements].map(([key, { verdict, comment }]) => [
      comment === null ? keyValue(key) : { elem: { val: keyValue(key), comment } },
      verdictOf(verdict),
    ])
    entries.push({
      map: {
        family,
        name: map.name,
        table: 'kube-proxy',
        type: type(map.key),
        comment: map.comment,
        map: 'verdict',
        ...(elem.length === 0 ? {} : { elem }),
      },
    })
  }
  for (const chain of rules.chains.values()) {
    for (const rule of chain.rules) {
      const comment = rule.comment === null ? {} : { comment: rule.comment }
      entries.push({ rule: { ...of, chain: chain.name, ...comment, expr: expressionsOf(rule, family) } })
    }
  }
  return { nftables: entries }
}

function keyValue(key: string): unknown {
  const parts = key.split(' . ').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  return parts.length === 1 ? parts[0] : { concat: parts }
}

function verdictOf(verdict: VerdictStatement): unknown {
  return verdict.kind === 'goto' ? { goto: { target: verdict.chain } } : { drop: null }
}

function expressionsOf(rule: Rule, family: string): unknown[] {
  return [...rule.matches.map((match) => matchOf(match, family)), ...rule.statements.map((statement) => statementOf(statement, family))]
}

function fieldOf(field: 'saddr' | 'daddr' | 'protocol' | 'port', family: string): unknown {
  if (field === 'protocol') return { meta: { key: 'l4proto' } }
  return { payload: field === 'port' ? { protocol: 'th', field: 'dport' } : { protocol: family, field } }
}

function fieldsOf(fields: readonly ('saddr' | 'daddr' | 'protocol' | 'port')[], family: string): unknown {
  const all = fields.map((field) => fieldOf(field, family))
  return all.length === 1 ? all[0] : { concat: all }
}

function matchOf(match: Match, family: string): unknown {
  const compare = (op: string, left: unknown, right: unknown) => ({ match: { op, left, right } })
  switch (match.kind) {
    case 'address': {
      const one = (range: string): unknown => {
        const [addr, len] = range.split('/')
        return len === undefined || len === '32' ? addr : { prefix: { addr, len: Number(len) } }
      }
      const ranges = typeof match.ranges === 'string' ? [match.ranges] : match.ranges
      const right = ranges.length === 1 ? one(ranges[0]!) : { set: ranges.map(one) }
      return compare(match.negated ? '!=' : '==', fieldOf(match.field, family), right)
    }
    case 'in-set':
      return compare('==', fieldsOf(match.fields, family), `@${match.set}`)
    case 'local':
      return compare('==', { fib: { result: 'type', flags: [match.field] } }, 'local')
    case 'protocol':
      return compare('==', { meta: { key: 'l4proto' } }, match.protocol)
    case 'marked':
      return compare('!=', { '&': [{ meta: { key: 'mark' } }, match.mark] }, 0)
    case 'connection-new':
      return compare('in', { ct: { key: 'state' } }, 'new')
    case 'connection-translated':
      return compare('in', { ct: { key: 'status' } }, 'dnat')
  }
}

function statementOf(statement: Statement, family: string): unknown {
  const numgen = (values: readonly unknown[]) => ({
    key: { numgen: { mode: 'random', mod: values.length, offset: 0 } },
    data: { set: values.map((value, index) => [index, value]) },
  })
  switch (statement.kind) {
    case 'goto':
    case 'drop':
      return verdictOf(statement)
    case 'jump':
      return { jump: { target: statement.chain } }
    case 'reject':
      return { reject: { type: 'icmp', expr: 'port-unreachable' } }
    case 'mark':
      return {
        mangle: {
          key: { meta: { key: 'mark' } },
          value: { [statement.operation === 'or' ? '|' : '^']: [{ meta: { key: 'mark' } }, statement.mark] },
        },
      }
    case 'masquerade':
      return { masquerade: { flags: 'fully-random' } }
    case 'vmap':
      return { vmap: { key: fieldsOf(statement.fields, family), data: `@${statement.map}` } }
    case 'spread':
      return { vmap: numgen(statement.chains.map((target) => ({ goto: { target } }))) }
    case 'dnat':
      return { dnat: { addr: statement.target.address, port: statement.target.port } }
    case 'dnat-spread':
      return { dnat: { family, addr: { map: numgen(statement.targets.map(({ address, port }) => ({ concat: [address, port] }))) } } }
    case 'remember':
      return { set: { op: 'update', elem: fieldOf('saddr', family), set: `@${statement.set}` } }
  }
}
