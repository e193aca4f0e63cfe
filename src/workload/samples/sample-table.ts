import { DROPPED, NO_RULE, REJECTED } from '../../kube-proxy/modes/mode.ts'
import {
  BLAME_PARTS,
  CALLS,
  CLIENT_QUEUE,
  DNS,
  PACKETS,
  POD_QUEUE,
  RULES,
  SERVICE,
  SOFTIRQ,
  THROTTLED,
  TLS,
  UPSTREAM,
} from '../../metrics/blame.ts'
import { FAILURE_CAUSES, OK } from '../../metrics/failure-cause.ts'
import type { Cell, Table } from '../../metrics/table.ts'
import type { Addresses } from '../../network/addresses.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { type Backends, HOST_CLIENTS } from '../backends.ts'
import { OUTSIDE } from '../connection-table.ts'
import { reasonsOf } from './choice.ts'
import { fromRouted } from './marks.ts'
import type { RequestSampler } from './request-sampler.ts'
import { CALL, GIVEN_UP, NOWHERE, QUERY, REQUEST, TRY, UNENDED, UPSTREAM_TRY } from './spans.ts'
import { type Step, stepsOf } from './steps.ts'

export const SAMPLE_COLUMNS = ['traffic', 'request', 'kept', 'step', 'parent_step', 'name', 'started_s', 'ended_s', 'where', 'detail']

export interface SampleTableOptions {
  readonly sampler: RequestSampler
  readonly backends: Backends
  readonly nodeNames: readonly string[]
  readonly addresses: Addresses
  /** One way between a client outside and a node. */
  readonly external: Nanos
}

/**
 * The requests that were kept, one row a step: the request itself first, then what it consists of, in the order of time and each below what
 * it belongs to.
 */
export function sampleTable(options: SampleTableOptions): Table {
  const { sampler } = options
  sampler.finish()
  const teller = new Teller(options)
  function* rows(): Generator<readonly Cell[]> {
    for (const root of sampler.kept()) yield* teller.rowsOf(root)
  }
  return { columns: SAMPLE_COLUMNS, rows: { [Symbol.iterator]: rows } }
}

/** A row without the request that it belongs to. */
interface Told {
  readonly name: string
  readonly started: Nanos
  readonly ended: Nanos
  readonly where: string
  readonly detail: string
  readonly below: readonly Told[]
}

class Teller {
  readonly #options: SampleTableOptions

  constructor(options: SampleTableOptions) {
    this.#options = options
  }

  *rowsOf(root: number): Generator<readonly Cell[]> {
    const { sampler } = this.#options
    const { spans } = sampler
    const children = new Map<number, number[]>()
    for (const span of spans.tree(root)) {
      const parent = spans.parents[span]!
      const of = children.get(parent)
      if (of === undefined) children.set(parent, [span])
      else of.push(span)
    }
    const request = [sampler.nameOf(spans.traffics[root]!), spans.numbers[root]!, reasonsOf(spans.reasons[root]!)]
    let step = 0
    function* below(told: Told, parent: number | null): Generator<readonly Cell[]> {
      const own = step++
      yield [...request, own, parent, told.name, told.started / SECOND, told.ended / SECOND, told.where, told.detail]
      for (const inner of told.below) yield* below(inner, own)
    }
    yield* below(this.#told(root, children), null)
  }

  #told(span: number, children: ReadonlyMap<number, readonly number[]>): Told {
    const { spans } = this.#options.sampler
    const [started, ended] = [spans.startedAt[span]!, spans.endedAt[span]!]
    const inner = (children.get(span) ?? []).map((child) => this.#told(child, children))
    const own = this.#isWish(span, children) ? this.#retries(span, children) : this.#stepsOf(span, started, ended)
    const below = [...own, ...inner].map((told, order) => ({ told, order }))
    below.sort((a, b) => a.told.started - b.told.started || a.order - b.order)
    return {
      name: NAMES[spans.kinds[span]!]!,
      started,
      ended,
      where: this.#client(span),
      detail: this.#outcome(span),
      below: below.map(({ told }) => told),
    }
  }

  /** It has tries, and each of these its own steps. */
  #isWish(span: number, children: ReadonlyMap<number, readonly number[]>): boolean {
    const { kinds } = this.#options.sampler.spans
    return (children.get(span) ?? []).some((child) => kinds[child] === TRY)
  }

  /** What went by before the try that was answered was sent. */
  #retries(span: number, children: ReadonlyMap<number, readonly number[]>): Told[] {
    const { startedAt, causes } = this.#options.sampler.spans
    const won = (children.get(span) ?? []).find((child) => causes[child] === OK)
    if (won === undefined || causes[span] !== OK || startedAt[won] === startedAt[span]) return []
    return [{ name: 'retries', started: startedAt[span]!, ended: startedAt[won]!, where: '', detail: '', below: [] }]
  }

  #stepsOf(span: number, started: Nanos, ended: Nanos): Told[] {
    const { sampler, external } = this.#options
    const { spans } = sampler
    const isOutside = spans.clients[span] === OUTSIDE
    const oneWay = spans.clients[span] === NOWHERE ? 0 : spans.oneWay[span]!
    const steps = stepsOf(spans.marks.of(span), { started, ended, oneWay, external: isOutside ? external : 0 })
    let node = -1
    return steps.map((step) => {
      if (step.part < 0) node = fromRouted(step.extra).node
      return this.#toldStep(span, step, node)
    })
  }

  #toldStep(span: number, { part, started, ended, extra }: Step, routedBy: number): Told {
    if (part < 0) {
      const { node, verdict } = fromRouted(extra)
      return { name: 'routed', started, ended, where: this.#node(node), detail: this.#verdict(verdict), below: [] }
    }
    const { nodes, clients } = this.#options.sampler.spans
    const isKnown = clients[span] !== NOWHERE
    let where = ''
    if (AT_NODE.has(part)) where = this.#node(routedBy >= 0 ? routedBy : isKnown ? nodes[span]! : -1)
    else if (AT_POD.has(part)) where = this.#backend(span)
    else if (AT_CLIENT.has(part)) where = this.#client(span)
    return { name: BLAME_PARTS[part]!, started, ended, where, detail: '', below: [] }
  }

  #outcome(span: number): string {
    const { sampler } = this.#options
    const { spans } = sampler
    const cause = spans.causes[span]!
    const kind = spans.kinds[span]!
    const details: string[] = []
    if (kind === CALL) details.push(`traffic ${sampler.nameOf(spans.traffics[span]!)}`)
    if (kind === UPSTREAM_TRY) details.push(`to ${this.#options.addresses.endpointName(spans.endpoints[span]!)}`)
    if (cause === OK) details.push('ok')
    else if (cause === UNENDED) details.push('on its way')
    else details.push(cause === GIVEN_UP ? 'given up' : `failed: ${FAILURE_CAUSES[cause]}`)
    if (kind === UPSTREAM_TRY || spans.clients[span] !== NOWHERE) {
      if (spans.isKept[span] === 1) details.push('on a kept connection')
      const repeats = spans.repeats[span]!
      if (repeats > 0) details.push(`${repeats} ${repeats === 1 ? 'SYN' : 'SYNs'} repeated`)
    }
    return details.join('; ')
  }

  #client(span: number): string {
    const { clients, clientAddresses, kinds, parents, nodes } = this.#options.sampler.spans
    if (kinds[span] === UPSTREAM_TRY) {
      const parent = parents[span]!
      return clients[parent] === NOWHERE ? this.#node(nodes[span]!) : this.#backend(parent)
    }
    if (clients[span] === NOWHERE) {
      // A request that may be tried again is where its tries are.
      const { spans } = this.#options.sampler
      for (const one of spans.tree(spans.roots[span]!))
        if (parents[one] === span && clients[one] !== NOWHERE && kinds[one] === TRY) return this.#client(one)
      return ''
    }
    if (clients[span] === OUTSIDE) return `client ${dotted(clientAddresses[span]!)}`
    return this.#pod(clients[span]!)
  }

  /** The pod that has the request; empty where none is known to have had it. */
  #backend(span: number): string {
    const { clients, backends, kinds } = this.#options.sampler.spans
    if (kinds[span] !== UPSTREAM_TRY && clients[span] === NOWHERE) return ''
    return backends[span]! < 0 ? '' : this.#pod(backends[span]!)
  }

  #pod(pod: number): string {
    const { namespace, podName } = this.#options.backends.specOf(pod)
    return namespace === HOST_CLIENTS ? podName : `${namespace}/${podName}`
  }

  #node(node: number): string {
    return this.#options.nodeNames[node] ?? ''
  }

  #verdict(verdict: number): string {
    if (verdict === REJECTED) return 'rejected: no endpoint'
    if (verdict === DROPPED) return 'dropped: no endpoint on the node'
    if (verdict === NO_RULE) return 'no rule'
    return `to ${this.#options.addresses.endpointName(verdict)}`
  }
}

const NAMES: Readonly<Record<number, string>> = {
  [REQUEST]: 'request',
  [TRY]: 'try',
  [CALL]: 'call',
  [QUERY]: 'dns query',
  [UPSTREAM_TRY]: 'upstream try',
}

const AT_NODE = new Set([RULES, PACKETS, SOFTIRQ])
const AT_POD = new Set([POD_QUEUE, SERVICE, UPSTREAM, CALLS, THROTTLED, TLS])
const AT_CLIENT = new Set([CLIENT_QUEUE, DNS])

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.')
}
