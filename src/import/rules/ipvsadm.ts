import type { ServiceProtocol } from '../../kube-proxy/model/service-port.ts'
import { forEachLine } from '../lines.ts'
import { Problems } from '../problems.ts'
import { parseEndpoint, type RuleEndpoint } from './rule-dump.ts'

/** A virtual server as `ipvsadm -Sn` writes it. */
export interface DumpedVirtualServer {
  readonly protocol: ServiceProtocol
  readonly address: string
  readonly port: number
  readonly scheduler: string
  /** Seconds; 0 without persistence. */
  readonly persistenceSeconds: number
  /** In the order of the dump, which is the order in which they would be added again. */
  readonly realServers: RuleEndpoint[]
  readonly line: number
}

const PROTOCOL_OPTIONS: Readonly<Record<string, ServiceProtocol>> = {
  ...{ '-t': 'TCP', '--tcp-service': 'TCP', '-u': 'UDP', '--udp-service': 'UDP', '--sctp-service': 'SCTP' },
}

/** Options without a value. The others that may stand in a dump take one. */
const BARE = new Set(['-m', '-g', '-i', '-o', '--ops'])
const VALUED = new Set(['-s', '-p', '-M', '-b', '-r', '-w', '-x', '-y', '--pe', '--tun-type', '--tun-port', '--tun-nocsum', '--tun-csum'])

/** Source: ipvsadm(8), -p without a value. */
const PERSISTENCE_DEFAULT = 300

const ACCEPTED = '-A -t ADDRESS:PORT -s SCHEDULER, or -a -t ADDRESS:PORT -r ADDRESS:PORT -m -w WEIGHT'

/** Reads the output of `ipvsadm -Sn`, a virtual server or a real server a line. */
export function readIpvsadm(file: string, text: string): { servers: DumpedVirtualServer[]; fwmarks: number; problems: Problems } {
  const problems = new Problems(file)
  const servers = new Map<string, DumpedVirtualServer>()
  let fwmarks = 0
  forEachLine(text, (line, number) => {
    if (line.trim() === '' || line.startsWith('#')) return
    const words = line.trim().split(/\s+/)
    const complain = (word: string | undefined, message: string, accepted = ACCEPTED): void => {
      const column = word === undefined ? 1 : Math.max(0, line.indexOf(word)) + 1
      problems.add({ line: number, column, length: Math.max(1, word?.length ?? line.length) }, { message, accepted })
    }
    const [verb, option = '', service = ''] = words
    if (verb !== '-A' && verb !== '-a') {
      complain(undefined, `Cannot read "${line.slice(0, 60)}" as a line of ipvsadm -Sn`)
      return
    }
    if (option === '-f' || option === '--fwmark-service') {
      if (verb === '-A') fwmarks += 1
      return
    }
    const protocol = Object.hasOwn(PROTOCOL_OPTIONS, option) ? PROTOCOL_OPTIONS[option]! : null
    const at = parseEndpoint(service)
    if (protocol === null || at === null) {
      if (protocol === null) complain(option, `Cannot read "${option}" as the protocol of a virtual server`)
      else
        complain(
          service,
          `Cannot use "${service}" as the address of a virtual server`,
          'ADDRESS:PORT in digits, as ipvsadm -Sn (with n) prints it',
        )
      return
    }
    const values = optionsOf(words.slice(3))
    if (typeof values === 'string') {
      complain(values, `Cannot read "${values}" in a line of ipvsadm -Sn`)
      return
    }
    const key = `${protocol} ${service}`
    if (verb === '-A') {
      const persistence = values.get('-p')
      if (servers.has(key)) complain(service, `The virtual server ${service} is there twice`, 'each virtual server once')
      servers.set(key, {
        ...{ protocol, ...at, scheduler: values.get('-s') ?? 'wlc', realServers: [], line: number },
        persistenceSeconds: persistence === undefined ? 0 : persistence === '' ? PERSISTENCE_DEFAULT : Number(persistence),
      })
      return
    }
    const real = parseEndpoint(values.get('-r') ?? '')
    const weight = values.get('-w') ?? '1'
    const server = servers.get(key)
    if (real === null) complain(values.get('-r'), `Cannot use "${values.get('-r') ?? ''}" as a real server`, '-r ADDRESS:PORT in digits')
    else if (!/^\d{1,5}$/.test(weight)) complain(weight, `Cannot use "${weight}" as a weight`, 'a whole number from 0 to 65535')
    else if (server === undefined)
      complain(service, `There is no virtual server ${service} before this line`, `-A ${option} ${service} before it`)
    else server.realServers.push({ ...real, weight: Number(weight) })
  })
  return { servers: [...servers.values()], fwmarks, problems }
}

/** Options by name, with their values; or the word that is none. `-p` may stand without a value. */
function optionsOf(words: readonly string[]): Map<string, string> | string {
  const values = new Map<string, string>()
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!
    if (BARE.has(word)) continue
    if (!VALUED.has(word)) return word
    const next = words[index + 1]
    const isBare = word === '-p' && (next === undefined || next.startsWith('-'))
    if (!isBare && next === undefined) return word
    if (word === '-p' && !isBare && !/^\d{1,9}$/.test(next!)) return next!
    values.set(word, isBare ? '' : next!)
    if (!isBare) index += 1
  }
  return values
}
