import type { Change, Fields, Recording } from './recording.ts'

/** Something that was done to the cluster, at `t` ms. */
export type Action =
  | { readonly t: number; readonly do: 'create'; readonly kind: string; readonly name: string; readonly replicas: number }
  | { readonly t: number; readonly do: 'scale'; readonly kind: string; readonly name: string; readonly replicas: number }
  | { readonly t: number; readonly do: 'template'; readonly kind: string; readonly name: string; readonly version: string }
  | { readonly t: number; readonly do: 'delete'; readonly kind: string; readonly name: string }
  /** The n-th pod that was created (0-based). */
  | { readonly t: number; readonly do: 'delete pod'; readonly rank: number; readonly name: string }
  | { readonly t: number; readonly do: 'unready pod'; readonly rank: number }
  | { readonly t: number; readonly do: 'kill node' | 'start node'; readonly name: string }

/** What the model has to be made of. */
export interface SetUp {
  readonly nodes: readonly string[]
  /** Nodes without a kubelet: somebody else writes the status of their pods. */
  readonly drivenNodes: readonly string[]
  /** ms from running to ready; null when pods have no readiness gate. */
  readonly gate: number | null
  /** ms within a minute of the wall clock at which t = 0 was. */
  readonly minuteMs: number
  readonly actions: readonly Action[]
}

/** A recording that asks what the model has no means for. */
export class NotReplayable extends Error {}

const TOP = new Set(['svc', 'deploy', 'sts', 'ds', 'job', 'cj'])

/** From the records alone: what was there before the first command, and what the commands say. */
export function setUpOf(recording: Recording): SetUp {
  const { meta, changes, commands } = recording
  const pods = changes.filter(({ kind, event }) => kind === 'pod' && event === 'A').map(({ name }) => name)
  const firstCommand = commands[0]?.t ?? Number.POSITIVE_INFINITY
  const actions: Action[] = []
  const seen = new Map<string, Change>()
  for (const change of changes) {
    const { t, kind, event, name, delta, state } = change
    const key = `${kind}/${name}`
    if (kind === 'pod' && conditionsOf(delta)['lab/ready'] === 'False') {
      actions.push({ t, do: 'unready pod', rank: pods.indexOf(name) })
    }
    if (!TOP.has(kind) || state.own !== undefined) continue
    const before = seen.get(key)
    seen.set(key, change)
    if (t >= firstCommand) continue
    if (event === 'A') actions.push({ t, do: 'create', kind, name, replicas: Number(state.n ?? 0) })
    else if (event === 'D') actions.push({ t, do: 'delete', kind, name })
    else if (before !== undefined && typeof delta.n === 'number') actions.push({ t, do: 'scale', kind, name, replicas: delta.n })
    else if (typeof delta.v === 'string') actions.push({ t, do: 'template', kind, name, version: delta.v })
  }
  for (const { t, text } of commands) {
    const action = commandOf(t, text, recording, pods)
    if (action !== null) actions.push(action)
  }
  return { ...nodesOf(recording), gate: gateOf(meta, changes), minuteMs: minuteOf(recording), actions: actions.sort((a, b) => a.t - b.t) }
}

function conditionsOf(fields: Fields): Record<string, string> {
  return (fields.c ?? {}) as Record<string, string>
}

/** The object of a kind that the commands speak of: the only one, or the one that a Deployment of the recording has. */
function subject(recording: Recording, kinds: readonly string[]): Change {
  const found = recording.changes.find(({ kind, event, state }) => kinds.includes(kind) && event === 'A' && state.own === undefined)
  if (found === undefined) throw new NotReplayable(`no object of kind ${kinds.join(' or ')} to which the command could be given`)
  return found
}

const SCALABLE = ['deploy', 'sts']
const KIND_WORDS: ReadonlyMap<string, string> = new Map([
  ['deployment', 'deploy'],
  ['statefulset', 'sts'],
  ['daemonset', 'ds'],
  ['job', 'job'],
  ['cronjob', 'cj'],
])

function commandOf(t: number, text: string, recording: Recording, pods: readonly string[]): Action | null {
  const post = /^POST (deployment|statefulset|daemonset|job|cronjob)(?: (?:replicas=)?(\d+))?$/.exec(text)
  if (post !== null) {
    const kind = KIND_WORDS.get(post[1]!)!
    const { name, state } = subject(recording, [kind])
    return { t, do: 'create', kind, name, replicas: Number(post[2] ?? state.n ?? 0) }
  }
  if (text === 'POST returned') return null
  const template = /^PATCH template v=(\S+)$/.exec(text) ?? /^kubectl rollout undo \(template back to v=(\S+)\)$/.exec(text)
  if (template !== null) {
    const { kind, name } = subject(recording, [...SCALABLE, 'ds'])
    return { t, do: 'template', kind, name, version: template[1]! }
  }
  const scale = /^scale (?:\d+ -> |to )?(\d+)$/.exec(text)
  if (scale !== null) {
    const { kind, name } = subject(recording, SCALABLE)
    return { t, do: 'scale', kind, name, replicas: Number(scale[1]) }
  }
  const remove = /^DELETE (\w+) (\S+)/.exec(text)
  if (remove?.[1] === 'pod') return { t, do: 'delete pod', rank: pods.indexOf(remove[2]!), name: remove[2]! }
  const kind = KIND_WORDS.get(remove?.[1] ?? '')
  if (remove !== null && kind !== undefined) return { t, do: 'delete', kind, name: remove[2]! }
  const node = /^(kill -9|restart) hollow node (\S+)$/.exec(text)
  if (node !== null) return { t, do: node[1] === 'restart' ? 'start node' : 'kill node', name: node[2]! }
  throw new NotReplayable(`the command "${text}" has no counterpart in the model`)
}

/** As many nodes as the recording says; those that it names keep their names. */
function nodesOf({ meta, changes, commands }: Recording): { nodes: string[]; drivenNodes: string[] } {
  const named = new Set<string>()
  for (const { kind, state } of changes) if (kind === 'pod' && typeof state.node === 'string') named.add(state.node)
  for (const { text } of commands) {
    const node = /hollow node (\S+)$/.exec(text)
    if (node !== null) named.add(node[1]!)
  }
  const driven = typeof meta.podModel === 'string' || changes.some(({ kind }) => kind === 'cj')
  const names = [...named].sort()
  // Pods of driven nodes never went to others: the other nodes do not take part.
  const wanted = driven ? names.length : Math.max(Number(meta.nodes ?? 5), names.length)
  for (let i = 0; names.length < wanted; i++) if (!names.includes(`n${i}`)) names.push(`n${i}`)
  return { nodes: names, drivenNodes: driven ? names : [] }
}

/** The stated time, or the median from running to the gate's opening. */
function gateOf(meta: Fields, changes: readonly Change[]): number | null {
  const running = new Map<string, number>()
  const waits: number[] = []
  for (const { t, kind, name, delta } of changes) {
    if (kind !== 'pod') continue
    if (delta.ph === 'Running') running.set(name, t)
    const since = running.get(name)
    if (conditionsOf(delta)['lab/ready'] === 'True' && since !== undefined) waits.push(t - since)
  }
  if (typeof meta.gate === 'number') return meta.gate
  return waits.length === 0 ? null : waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)]!
}

/** From events with a time of their own, which came in a little later; from the recording's start where it has none. */
function minuteOf({ meta, changes }: Recording): number {
  let zero = Number.NEGATIVE_INFINITY
  for (const { t, kind, delta } of changes) {
    if (kind === 'event' && typeof delta.et === 'string' && delta.et.includes('.')) zero = Math.max(zero, Date.parse(delta.et) - t)
  }
  if (zero === Number.NEGATIVE_INFINITY) zero = Number(meta.startedUnixMs ?? 0)
  return ((zero % 60_000) + 60_000) % 60_000
}
