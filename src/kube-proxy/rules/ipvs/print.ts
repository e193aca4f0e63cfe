import { joinHostPort } from '../../model/ip-address.ts'
import type { ServiceProtocol } from '../../model/service-port.ts'
import type { IpvsRules } from './build.ts'
import type { FirewallRule, Match, Table, Target } from './firewall-rule.ts'
import { CHAINS } from './firewall-rules.ts'
import { IP_SET_NAMES } from './ip-sets.ts'

const SERVICE_OPTION: Readonly<Record<ServiceProtocol, string>> = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' }

/** The virtual servers as `ipvsadm -R` reads them; loading them in this order gives IPVS the same lists. `-m` is masquerading (NAT). */
export function print(rules: IpvsRules): string {
  const lines: string[] = []
  for (const server of rules.virtualServers.values()) {
    const service = `${SERVICE_OPTION[server.protocol]} ${joinHostPort(server.address, server.port)}`
    const persistence = server.persistentTimeout > 0 ? ` -p ${server.persistentTimeout}` : ''
    const flags = server.sourcePort ? ` -b ${server.scheduler}-port` : ''
    lines.push(`-A ${service} -s ${server.scheduler}${persistence}${flags}`)
    for (const { address, port, weight } of server.realServers) {
      lines.push(`-a ${service} -r ${joinHostPort(address, port)} -m -w ${weight}`)
    }
  }
  return text(lines)
}

/**
 * The sets as `ipset restore` reads them: all of them, empty ones too, since rules may name them.
 *
 * Sizes: kubernetes v1.36.2 pkg/proxy/ipvs/ipset (hashsize 1024, maxelem 65536, ports 0 to 65535).
 */
export function printIpSets(rules: IpvsRules): string {
  const family = rules.sets['KUBE-IPVS-IPS'].name.startsWith('KUBE-6-') ? 'inet6' : 'inet'
  return text(
    IP_SET_NAMES.flatMap((name) => {
      const set = rules.sets[name]
      const create = set.type === 'bitmap:port' ? 'range 0-65535' : `family ${family} hashsize 1024 maxelem 65536`
      return [`create ${set.name} ${set.type} ${create}`, ...set.members().map((member) => `add ${set.name} ${member}`)]
    }),
  )
}

/** The rules as `iptables-restore --noflush` reads them, with the jumps out of the kernel's own chains. */
export function printIptables(rules: IpvsRules): string {
  const tables: readonly Table[] = ['filter', 'nat']
  return text(
    tables.flatMap((table) => [
      `*${table}`,
      ...CHAINS[table].map((chain) => `:${chain} - [0:0]`),
      ...rules.firewall.rules.filter((rule) => rule.table === table).map(ruleText),
      'COMMIT',
    ]),
  )
}

function ruleText({ chain, comment, matches, target }: FirewallRule): string {
  // A protocol stands before the comment, everything else behind it.
  const protocols = matches.filter(({ kind }) => kind === 'protocol')
  const others = matches.filter(({ kind }) => kind !== 'protocol')
  const words = [
    `-A ${chain}`,
    ...protocols.map(matchText),
    ...(comment === null ? [] : [`-m comment --comment "${comment}"`]),
    ...others.map(matchText),
    targetText(target),
  ]
  return words.join(' ')
}

function matchText(match: Match): string {
  switch (match.kind) {
    case 'source':
      return `${match.negated ? '! ' : ''}-s ${match.network}`
    case 'protocol':
      return `-p ${match.protocol.toLowerCase()}`
    case 'set':
      return `-m set --match-set ${match.set.name} ${match.directions}`
    case 'local-destination':
      return '-m addrtype --dst-type LOCAL'
    case 'source-not-local':
      return '-m addrtype ! --src-type LOCAL'
    case 'not-bridged':
      return '-m physdev ! --physdev-is-in'
    case 'new-connection':
      return '-m conntrack --ctstate NEW'
    case 'established':
      return '-m conntrack --ctstate RELATED,ESTABLISHED'
    case 'mark':
      return `-m mark ${match.negated ? '! ' : ''}--mark ${hex(match.mark)}/${hex(match.mark)}`
    case 'virtual-server':
      return `-m ipvs --vaddr ${match.address} --vproto ${match.protocol.toLowerCase()} --vport ${match.port}`
  }
}

function targetText(target: Target): string {
  switch (target.kind) {
    case 'jump':
      return `-j ${target.chain}`
    case 'MASQUERADE':
      return `-j MASQUERADE${target.randomFully ? ' --random-fully' : ''}`
    case 'or-mark':
      return `-j MARK --or-mark ${hex(target.mark)}`
    case 'xor-mark':
      return `-j MARK --xor-mark ${hex(target.mark)}`
    default:
      return `-j ${target.kind}`
  }
}

function hex(mark: number): string {
  return `0x${mark.toString(16)}`
}

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}
