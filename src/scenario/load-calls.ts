import { type LabelSelector, matchesSelector, selectorOf, shortSelector } from '../api/labels.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { find } from './load-inventory.ts'
import { loadConnection, loadTarget } from './load-traffic.ts'
import { parseDuration } from './parse-duration.ts'
import { parseShare } from './parse-share.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { CallSpec, CallStep, TrafficSource, WorkloadSpec } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type CallsDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['workloads']>[number]['calls']>>
type StepDraft = NonNullable<CallsDraft[number]>
type CallDraft = NonNullable<NonNullable<StepDraft['parallel']>[number]>

/** Whose calls are read: which pods, the workloads before it, and the names that are taken. */
interface Caller {
  readonly selector: LabelSelector
  readonly workloads: readonly WorkloadSpec[]
  readonly names: Set<string>
}

/** Keys of a call, of which a group has none itself. */
const OF_A_CALL = ['to', 'name', 'probability', 'count', 'timeout', 'optional', 'connection'] as const

/** So many requests are made for one at most, on average: beyond that the calls go round in a circle, or multiply without bounds. */
const CALLS_MAX = 100_000
/** After so many rounds the average number of calls has settled, unless it grows for ever. */
const ROUNDS = 1000

/** What pods call while they serve, in the order of the file. */
export function loadCalls(
  context: LoadContext,
  path: Path,
  draft: CallsDraft | undefined,
  caller: Caller,
): readonly CallStep[] | undefined {
  if (draft === undefined) return undefined
  const steps: CallStep[] = []
  const loader = new CallLoader(context, caller)
  let before: StepDraft | null = null
  let at: number = DEFAULTS.callsAt
  for (const [index, entry] of draft.entries()) {
    if (entry === undefined) continue
    const here: Path = [...path, index]
    const share = context.read([...here, 'at'], entry.at === undefined ? undefined : String(entry.at), parseShare)
    if (share !== undefined && before !== null && share < at)
      context.mistake([...here, 'at'], `The calls before are made at ${at} of the service, and these would come earlier`, `${at} or more`)
    at = share ?? at
    const when = entry.when ?? 'always'
    if (when !== 'always') checkCondition(context, [...here, 'when'], when, before)
    const calls = loader.step(here, entry)
    if (calls.length > 0) steps.push({ at, when, parallel: entry.parallel !== undefined, calls })
    before = entry
  }
  return steps.length === 0 ? undefined : steps
}

function checkCondition(context: LoadContext, path: Path, when: 'failed' | 'succeeded', before: StepDraft | null): void {
  if (before === null) context.mistake(path, `There is no call before that could have ${when}`, 'no "when", or a call before it')
  else if (when === 'failed' && (before.parallel ?? [before]).every((call) => call?.optional !== true))
    context.mistake(
      path,
      'When the call before fails, so does the request, and this one is never made',
      'optional: true in the call before',
    )
}

class CallLoader {
  readonly #context: LoadContext
  readonly #caller: Caller
  readonly #from: TrafficSource

  constructor(context: LoadContext, caller: Caller) {
    this.#context = context
    this.#caller = caller
    this.#from = { kind: 'pods', namespace: '', selector: caller.selector }
  }

  step(path: Path, draft: StepDraft): readonly CallSpec[] {
    const context = this.#context
    if (draft.parallel === undefined) {
      if (draft.to !== undefined) return this.#call(path, { ...draft, to: draft.to })
      context.mistake(path, 'A call needs an address', 'to: the address of a Service, or parallel: a list of calls')
      return []
    }
    for (const key of OF_A_CALL) {
      if (draft[key] === undefined) continue
      context.mistake(
        [...path, key],
        `"${key}" belongs to one call, and "parallel" is a group of them`,
        `"${key}" in the calls of the group`,
      )
    }
    return draft.parallel.flatMap((call, index) => (call === undefined ? [] : this.#call([...path, 'parallel', index], call)))
  }

  #call(path: Path, draft: CallDraft): readonly CallSpec[] {
    const context = this.#context
    const target = loadTarget(context, [...path, 'to'], draft.to, this.#from, this.#caller.workloads)
    const probability = context.read(
      [...path, 'probability'],
      draft.probability === undefined ? undefined : String(draft.probability),
      parseShare,
    )
    const timeout = context.duration([...path, 'timeout'], draft.timeout ?? DEFAULTS.timeout)
    if (timeout === 0) context.mistake([...path, 'timeout'], 'A timeout of 0 would fail every call', 'a length of time above 0')
    const connection = draft.connection === undefined ? undefined : loadConnection(context, [...path, 'connection'], draft.connection)
    if (target?.protocol === 'UDP') context.mistake([...path, 'to'], 'Pods call over HTTP only', 'http://NAME.NAMESPACE.svc')
    if (target === undefined) return []
    return [
      {
        name: this.#name(path, draft.name, target.service),
        target,
        probability: probability ?? 1,
        count: draft.count ?? 1,
        timeout: timeout ?? certain(parseDuration(DEFAULTS.timeout)),
        optional: draft.optional ?? false,
        ...(connection === undefined ? {} : { connection }),
      },
    ]
  }

  /** The one given, or `frontend -> cart`, and `frontend -> cart (2)` for a second one. */
  #name(path: Path, given: string | undefined, service: string): string {
    const { names, selector } = this.#caller
    if (given !== undefined && names.has(given))
      this.#context.mistake([...path, 'name'], `Two entries of traffic or calls are called "${given}"`)
    const whole = shortSelector(selector)
    const base = given ?? `${/^[^,=!<>]+=([^,]+)$/.exec(whole)?.[1] ?? whole} -> ${service}`
    let name = base
    for (let count = 2; given === undefined && names.has(name); count++) name = `${base} (${count})`
    names.add(name)
    return name
  }
}

/**
 * Reports a workload whose requests make more calls than can be: round in a circle, each time as many or more. A circle of calls with
 * probabilities that let it end is none.
 */
export function checkCallGraph(context: LoadContext, workloads: readonly WorkloadSpec[]): void {
  const edges = workloads.map(({ calls }) =>
    (calls ?? []).flatMap(({ calls: group }) =>
      group.flatMap((call) => servedBy(context, workloads, call).map((to) => ({ to, mean: call.probability * call.count }))),
    ),
  )
  let sizes = workloads.map(() => 1)
  let settled = false
  for (let round = 0; round < ROUNDS && !settled; round++) {
    const next = edges.map((calls) => calls.reduce((sum, { to, mean }) => sum + Math.min(mean * sizes[to]!, CALLS_MAX), 1))
    settled = next.every((size, index) => size === sizes[index] || (size < CALLS_MAX && Math.abs(size - sizes[index]!) < 0.001))
    sizes = next
  }
  const endless = sizes.findIndex((size) => size >= CALLS_MAX)
  if (settled && endless < 0) return
  const start = workloads.findIndex((_, index) => circleFrom(edges, index) !== null)
  const circle = start < 0 ? null : circleFrom(edges, start)
  const name = (index: number): string => `"${shortSelector(workloads[index]!.selector)}"`
  if (circle === null) {
    context.mistake(
      ['spec', 'workloads', Math.max(endless, 0), 'calls'],
      `A request to ${name(Math.max(endless, 0))} makes more than ${CALLS_MAX} others on average`,
      'fewer calls',
    )
    return
  }
  context.mistake(
    ['spec', 'workloads', start, 'calls'],
    `The calls go round in a circle without end: ${circle.map(name).join(' calls ')}`,
    'no circle, or probabilities that make it end',
  )
}

/** The workloads of the pods behind the Service of a call, by index; several where they differ. */
function servedBy(context: LoadContext, workloads: readonly WorkloadSpec[], { target }: CallSpec): readonly number[] {
  const service = find(context.inventory.services, target.namespace, target.service)
  if (service === undefined || service.spec.selector === null) return []
  const pods = context.inventory.templatesMatching(selectorOf(service.spec.selector), target.namespace)
  return [...new Set(pods.map(({ labels }) => workloads.findIndex(({ selector }) => matchesSelector(selector, labels))))].filter(
    (index) => index >= 0,
  )
}

/** The shortest way from a workload back to itself, that workload at both ends; null when there is none. */
function circleFrom(edges: readonly (readonly { to: number; mean: number }[])[], start: number): readonly number[] | null {
  const ways: (readonly number[])[] = [[start]]
  const seen = new Set<number>()
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const { to, mean } of edges[way.at(-1)!]!) {
      if (mean === 0) continue
      if (to === start) return [...way, to]
      if (seen.has(to)) continue
      seen.add(to)
      ways.push([...way, to])
    }
  }
  return null
}
