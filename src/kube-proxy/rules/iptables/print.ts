import { invariant } from '../../../invariant.ts'
import type { IptablesRules, Match, Rule, Table, Target } from './rule.ts'

/** The text that kube-proxy hands to iptables-restore --noflush (ip6tables-restore for IPv6). Chains one after the other. */
export function print(rules: IptablesRules): string {
  return `${[...tableLines('filter', rules.filter), ...tableLines('nat', rules.nat)].join('\n')}\n`
}

function tableLines(name: string, { chains, deletedChains }: Table): string[] {
  return [
    `*${name}`,
    // A chain that is named here is made if it is not there, and emptied if it is.
    ...[...chains.keys(), ...deletedChains].map((chain) => `:${chain} - [0:0]`),
    ...[...chains].flatMap(([chain, rules]) => rules.map((rule) => printRule(chain, rule))),
    ...deletedChains.map((chain) => `-X ${chain}`),
    'COMMIT',
  ]
}

export function printRule(chain: string, { matches, target }: Rule): string {
  const words = [`-A ${chain}`, ...matches.map(printMatch)]
  if (target !== null) words.push(`-j ${printTarget(target)}`)
  return words.join(' ')
}

function printMatch(match: Match): string {
  switch (match.kind) {
    case 'comment':
      return `-m comment --comment ${match.text.includes(' ') ? `"${match.text}"` : match.text}`
    case 'protocol': {
      const name = match.protocol.toLowerCase()
      return `-m ${name} -p ${name}`
    }
    case 'source':
      return `${not(match)}-s ${match.range}`
    case 'destination':
      return `${not(match)}-d ${match.range}`
    case 'destination-port':
      return `--dport ${match.port}`
    case 'local-address':
      return `-m addrtype --${match.of === 'source' ? 'src' : 'dst'}-type LOCAL`
    case 'conntrack':
      return `-m conntrack ${not(match)}--ctstate ${match.states.join(',')}`
    case 'mark':
      return `-m mark ${not(match)}--mark ${hex(match.mark)}/${hex(match.mark)}`
    case 'accounting':
      return `-m nfacct --nfacct-name ${match.counter}`
    case 'recent-check':
      return `-m recent --name ${match.list} --rcheck --seconds ${match.seconds} --reap`
    case 'recent-set':
      return `-m recent --name ${match.list} --set`
    case 'random':
      return `-m statistic --mode random --probability ${printProbability(match.oneOf)}`
  }
}

function not({ negated }: { readonly negated: boolean }): string {
  return negated ? '! ' : ''
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`
}

/**
 * 1 / n with ten decimals. A tie goes to the even digit, as C and Go print; of all n, 2048 alone gives one (0.00048828125), since only
 * powers of two have an exact reciprocal.
 */
export function printProbability(n: number): string {
  invariant(n >= 2, `A choice among ${n} needs no chance`)
  return n === 2048 ? '0.0004882812' : (1 / n).toFixed(10)
}

function printTarget(target: Target): string {
  switch (target.kind) {
    case 'jump':
      return target.chain
    case 'mark':
      return `MARK --${target.operation}-mark ${hex(target.mark)}`
    case 'masquerade':
      return target.randomFully ? 'MASQUERADE --random-fully' : 'MASQUERADE'
    case 'dnat':
      return `DNAT --to-destination ${target.endpoint}`
    default:
      return target.kind.toUpperCase()
  }
}
