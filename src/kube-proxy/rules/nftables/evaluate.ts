import { invariant } from '../../../invariant.ts'
import { canonicalAddress, joinHostPort, rangeContains } from '../../model/ip-address.ts'
import { NO_VERDICT, type Packet, type Verdict } from '../../model/packet.ts'
import { elementKey, type Field, type Hook, type Match, type Rule, type Ruleset, type Statement, type Target } from './ruleset.ts'

/** A packet on its way; every step makes a new one. */
interface Travelling {
  readonly saddr: string
  readonly daddr: string
  readonly protocol: string
  readonly port: number
  readonly mark: number
  /** Where its destination was rewritten to. */
  readonly target: Target | null
  readonly masquerade: boolean
}

/** Where one of a packet's possible ways through a chain ends. `passed`: at the chain's end. */
interface Way {
  readonly packet: Travelling
  readonly end: 'passed' | 'accepted' | 'dropped' | 'rejected'
}

/**
 * Walks the table for the first packet of a connection, by every way that a random choice allows; sets that rules fill are as they stand
 * in the table (empty after {@link build}).
 *
 * ```text
 * from elsewhere   prerouting ─► forward ─┬─► postrouting
 *                       └──► (to node) input
 * from the node    output ─► (to node: input) ─► postrouting
 * ```
 *
 * `masq` tells what the table asks for: the postrouting hook is asked for packets to the node itself too, which the kernel lets by.
 */
export function evaluate(rules: Ruleset, packet: Packet): Verdict {
  const source = canonicalAddress(packet.sourceIP)
  const destination = canonicalAddress(packet.destIP)
  invariant(source !== null && destination !== null, `no addresses: "${packet.sourceIP}", "${packet.destIP}"`)
  const fromNode = rules.localAddresses.has(source)
  const arriving: Way = {
    packet: {
      saddr: source,
      daddr: destination,
      protocol: packet.protocol.toLowerCase(),
      port: packet.destPort,
      mark: 0,
      target: null,
      masquerade: false,
    },
    end: 'passed',
  }
  const walk = new TableWalk(rules)
  let ways = walk.through(fromNode ? 'output' : 'prerouting', [arriving])
  ways = ways.flatMap((way) => {
    if (rules.localAddresses.has(way.packet.daddr)) return walk.through('input', [way])
    return fromNode ? [way] : walk.through('forward', [way])
  })
  return verdictOf(walk.through('postrouting', ways))
}

/** Ways that end well tell the endpoints; where none does, how the first ends is the verdict. */
function verdictOf(ways: readonly Way[]): Verdict {
  const delivered = ways.filter(({ end }) => end === 'passed')
  if (delivered.length === 0) return { ...NO_VERDICT, kind: ways[0]!.end === 'rejected' ? 'reject' : 'drop' }
  const masq = delivered.some(({ packet }) => packet.masquerade)
  const targets = delivered.map(({ packet }) => packet.target).filter((target) => target !== null)
  if (targets.length === 0) return { ...NO_VERDICT, masq }
  return { kind: 'dnat', endpoints: [...new Set(targets.map(({ address, port }) => joinHostPort(address, port)))], masq }
}

class TableWalk {
  readonly #rules: Ruleset

  constructor(rules: Ruleset) {
    this.#rules = rules
  }

  /** Through the base chains of a hook, by priority. What was dropped or rejected stays so. */
  through(hook: Hook, ways: readonly Way[]): readonly Way[] {
    let current = ways
    for (const name of this.#baseChains(hook)) {
      current = current.flatMap((way) => (way.end === 'passed' ? this.#chain(name, way.packet).map(accepted) : [way]))
    }
    return current
  }

  /** Base chains stand before all others in a table that kube-proxy wrote. */
  #baseChains(hook: Hook): readonly string[] {
    const chains: { readonly name: string; readonly priority: number }[] = []
    for (const { name, base } of this.#rules.chains.values()) {
      if (base === null) break
      if (base.hook === hook) chains.push({ name, priority: base.priority })
    }
    return chains.sort((a, b) => a.priority - b.priority).map(({ name }) => name)
  }

  #chain(name: string, packet: Travelling, from = 0): readonly Way[] {
    const chain = this.#rules.chains.get(name)
    invariant(chain !== undefined, `there is no chain "${name}"`)
    let current = packet
    for (let index = from; index < chain.rules.length; index++) {
      const rule = chain.rules[index]!
      if (!rule.matches.every((match) => this.#matches(match, current))) continue
      const outcome = this.#statements(rule, current)
      if (outcome.kind === 'continue') {
        current = outcome.packet
        continue
      }
      if (outcome.kind === 'goto') return outcome.ways
      // After a jump the ways that passed go on with the next rule, each with its own packet.
      return outcome.ways.flatMap((way) => (way.end === 'passed' ? this.#chain(name, way.packet, index + 1) : [way]))
    }
    return [{ packet: current, end: 'passed' }]
  }

  #statements(rule: Rule, packet: Travelling): Outcome {
    let current = packet
    for (const statement of rule.statements) {
      const outcome = this.#statement(statement, current)
      if (outcome.kind !== 'continue') return outcome
      current = outcome.packet
    }
    return { kind: 'continue', packet: current }
  }

  #statement(statement: Statement, packet: Travelling): Outcome {
    switch (statement.kind) {
      case 'jump':
        return { kind: 'jump', ways: this.#chain(statement.chain, packet) }
      case 'goto':
        return { kind: 'goto', ways: this.#chain(statement.chain, packet) }
      case 'drop':
        return { kind: 'goto', ways: [{ packet, end: 'dropped' }] }
      case 'reject':
        return { kind: 'goto', ways: [{ packet, end: 'rejected' }] }
      case 'mark': {
        const mark = statement.operation === 'or' ? packet.mark | statement.mark : packet.mark ^ statement.mark
        return { kind: 'continue', packet: { ...packet, mark } }
      }
      case 'masquerade':
        return { kind: 'goto', ways: [{ packet: { ...packet, masquerade: true }, end: 'accepted' }] }
      case 'vmap': {
        const element = this.#rules.maps.get(statement.map)?.elements.get(keyOf(statement.fields, packet))
        return element === undefined ? { kind: 'continue', packet } : this.#statement(element.verdict, packet)
      }
      case 'spread':
        return { kind: 'goto', ways: statement.chains.flatMap((chain) => this.#chain(chain, packet)) }
      case 'dnat':
        return { kind: 'goto', ways: [translated(packet, statement.target)] }
      case 'dnat-spread':
        return { kind: 'goto', ways: statement.targets.map((target) => translated(packet, target)) }
      case 'remember':
        return { kind: 'continue', packet }
    }
  }

  #matches(match: Match, packet: Travelling): boolean {
    switch (match.kind) {
      case 'address': {
        const ranges = typeof match.ranges === 'string' ? [match.ranges] : match.ranges
        return ranges.some((range) => rangeContains(range, packet[match.field])) !== match.negated
      }
      case 'in-set':
        return this.#rules.sets.get(match.set)?.elements.has(keyOf(match.fields, packet)) === true
      case 'local':
        return this.#rules.localAddresses.has(packet[match.field])
      case 'protocol':
        return packet.protocol === match.protocol
      case 'marked':
        return (packet.mark & match.mark) !== 0
      case 'connection-new':
        return true
      case 'connection-translated':
        return packet.target !== null
    }
  }
}

/** `continue`: with the next statement or rule; `jump`: ways that passed go on in this chain; `goto`: this chain is left for good. */
type Outcome =
  | { readonly kind: 'continue'; readonly packet: Travelling }
  | { readonly kind: 'jump' | 'goto'; readonly ways: readonly Way[] }

/** The end of a base chain, and an accept in it, let the packet pass to the next. */
function accepted(way: Way): Way {
  return way.end === 'accepted' ? { ...way, end: 'passed' } : way
}

function translated(packet: Travelling, target: Target): Way {
  return { packet: { ...packet, daddr: target.address, port: target.port, target }, end: 'accepted' }
}

function keyOf(fields: readonly Field[], packet: Travelling): string {
  return elementKey(...fields.map((field) => packet[field]))
}
