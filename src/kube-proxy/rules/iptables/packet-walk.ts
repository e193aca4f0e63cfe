import { invariant } from '../../../invariant.ts'
import { rangeContains } from '../../model/ip-address.ts'
import type { Packet } from '../../model/packet.ts'
import type { ConntrackState, Match, Rule, Table } from './rule.ts'

/** Which clients the lists of `recent` remember. */
export interface RecentClients {
  /** Whether the list has seen the address within so many seconds. */
  seen(list: string, address: string, seconds: number): boolean
}

/** No client has come before. */
export const NO_RECENT_CLIENTS: RecentClients = { seen: () => false }

/** What matches are asked of, besides the packet's own fields. */
export interface WalkContext {
  readonly localAddresses: ReadonlySet<string>
  readonly conntrack: readonly ConntrackState[]
  readonly recent: RecentClients
}

/** A packet on its way through one table. */
export interface Walker {
  readonly packet: Packet
  readonly mark: number
  /** The chance that the packet comes this way: 1 until a rule matches at random. */
  readonly share: number
  /** Rules looked at so far. */
  readonly examined: number
  /** The list that remembers the packet's source from now on; null: none. */
  readonly remembers: string | null
}

/** How a walk ends. */
export interface WalkEnd extends Walker {
  /** none: the last rule was passed, or a rule returned to whoever called the first chain. */
  readonly kind: 'dnat' | 'accept' | 'drop' | 'reject' | 'masquerade' | 'none'
  /** `ip:port` after dnat; '' otherwise. */
  readonly endpoint: string
}

interface Frame {
  readonly rules: readonly Rule[]
  readonly index: number
}

interface Branch {
  readonly walker: Walker
  /** The chain walked now is last; before it those that jumped. */
  readonly stack: readonly Frame[]
}

/**
 * Walks a packet through a chain, rule by rule; where a rule matches at random it goes both ways. The ends come in the order of the rules
 * that they turned off at, and their shares sum to the walker's.
 */
export function walk(table: Table, chain: string, walker: Walker, context: WalkContext): WalkEnd[] {
  const ends: WalkEnd[] = []
  const open: Branch[] = [{ walker, stack: [{ rules: rulesOf(table, chain), index: 0 }] }]
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) ends.push(...follow(branch, table, context, open))
  return ends
}

function rulesOf(table: Table, chain: string): readonly Rule[] {
  const rules = table.chains.get(chain)
  invariant(rules !== undefined, `There is no chain ${chain}`)
  return rules
}

/** Follows one branch to its end; the other ways at random matches are left in `open`. */
function follow(start: Branch, table: Table, context: WalkContext, open: Branch[]): WalkEnd[] {
  let { walker } = start
  const stack = [...start.stack]
  for (let frame = stack.pop(); frame !== undefined; frame = stack.pop()) {
    const rule = frame.rules[frame.index]
    if (rule === undefined) continue
    const next = { rules: frame.rules, index: frame.index + 1 }
    walker = { ...walker, examined: walker.examined + 1 }
    const oneOf = chanceOf(rule, walker, context)
    if (oneOf !== NEVER) {
      if (oneOf > 1) {
        open.push({ walker: { ...walker, share: (walker.share * (oneOf - 1)) / oneOf }, stack: [...stack, next] })
        walker = { ...walker, share: walker.share / oneOf }
      }
      walker = remembering(rule, walker)
      const { target } = rule
      switch (target?.kind) {
        case undefined:
          break
        case 'jump':
          stack.push(next, { rules: rulesOf(table, target.chain), index: 0 })
          continue
        case 'return':
          continue
        case 'mark':
          walker = { ...walker, mark: target.operation === 'or' ? walker.mark | target.mark : walker.mark ^ target.mark }
          break
        case 'dnat':
          return [{ ...walker, kind: 'dnat', endpoint: target.endpoint }]
        default:
          return [{ ...walker, kind: target!.kind, endpoint: '' }]
      }
    }
    stack.push(next)
  }
  return [{ ...walker, kind: 'none', endpoint: '' }]
}

const NEVER = 0

/** One packet of how many matches: 1 all, {@link NEVER} none. */
function chanceOf(rule: Rule, walker: Walker, context: WalkContext): number {
  let oneOf = 1
  for (const match of rule.matches) {
    if (match.kind === 'random') oneOf = match.oneOf
    else if (!matches(match, walker, context)) return NEVER
  }
  return oneOf
}

function remembering(rule: Rule, walker: Walker): Walker {
  const setter = rule.matches.find((match) => match.kind === 'recent-set')
  return setter === undefined ? walker : { ...walker, remembers: setter.list }
}

function matches(match: Exclude<Match, { kind: 'random' }>, { packet, mark }: Walker, context: WalkContext): boolean {
  switch (match.kind) {
    case 'comment':
    case 'accounting':
    case 'recent-set':
      return true
    case 'protocol':
      return packet.protocol === match.protocol
    case 'source':
      return isWithin(packet.sourceIP, match.range) !== match.negated
    case 'destination':
      return isWithin(packet.destIP, match.range) !== match.negated
    case 'destination-port':
      return packet.destPort === match.port
    case 'local-address':
      return isLocal(match.of === 'source' ? packet.sourceIP : packet.destIP, context.localAddresses)
    case 'conntrack':
      return match.states.some((state) => context.conntrack.includes(state)) !== match.negated
    case 'mark':
      return ((mark & match.mark) === match.mark) !== match.negated
    case 'recent-check':
      return context.recent.seen(match.list, packet.sourceIP, match.seconds)
  }
}

/** Addresses are in canonical form, so that a single one is compared as text: most rules have one. */
function isWithin(address: string, range: string): boolean {
  return range.includes('/') ? rangeContains(range, address) : range === address
}

/** All of 127.0.0.0/8 is local, not the node's one address of it alone. */
function isLocal(address: string, localAddresses: ReadonlySet<string>): boolean {
  return localAddresses.has(address) || rangeContains('127.0.0.0/8', address)
}
