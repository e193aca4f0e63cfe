import { nearest } from '../api/did-you-mean.ts'
import { type LinkFault, type LinkSide, OUTSIDE } from '../faults/index.ts'
import type { LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { formatDistribution, parseDistribution } from './parse-distribution.ts'
import { formatHowMany, parseHowMany } from './parse-how-many.ts'
import { parseShare, SHARE_FORM } from './parse-share.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { FaultSpec } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type FaultDraft = Draft<NonNullable<Extract<NonNullable<ScenarioFile['spec']['timeline']>[number], { fault: unknown }>['fault']>>
export type LinkFaultDraft = Extract<FaultDraft, { from?: unknown }>
type SideDraft = NonNullable<LinkFaultDraft['from']>
type LinkFaultSpec = Extract<FaultSpec, { oneWay: boolean }>

/** In the place of a name. */
const WORDS = ['outside', 'control-plane', 'others'] as const
/** Names that a misspelt one is compared with. */
const NAMES_COMPARED = 1000

/** Reads a fault that does something to links; a mistake in it is reported. `machines`: names; null while they are not known. */
export function loadLinkFault(
  context: LoadContext,
  path: Path,
  draft: LinkFaultDraft,
  machines: readonly string[] | null,
): FaultSpec | undefined {
  const { kind, oneWay = DEFAULTS.links.oneWay } = draft
  const duration = draft.for === undefined ? null : context.duration([...path, 'for'], draft.for)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A fault of no length is none', 'a length of time above 0, or no "for" when it stays')
  const from = draft.from === undefined ? undefined : loadSide(context, [...path, 'from'], draft.from, machines)
  const to = loadSide(context, [...path, 'to'], draft.to ?? DEFAULTS.links.to, machines)
  if (from?.kind === 'others')
    context.mistake([...path, 'from'], 'There is nothing yet that others are apart from', 'machines, control-plane or outside')
  const isLink = from === undefined || from.kind === 'others' || to === undefined || !isSame(from, to)
  if (!isLink) context.mistake([...path, 'to'], 'There are no links between machines and themselves', 'others than those of "from"')
  const loss = kind === 'link-loss' ? loadLoss(context, [...path, 'loss'], (draft as { loss?: string | number }).loss) : 0
  const delay = kind === 'link-delay' ? context.read([...path, 'delay'], (draft as { delay?: string }).delay, parseDistribution) : null
  if (kind === undefined || from === undefined || to === undefined || duration === undefined) return undefined
  const common = { from, to, oneWay, duration }
  if (kind === 'link-loss') return loss === undefined ? undefined : { kind, ...common, loss }
  if (kind === 'link-delay') return delay === undefined || delay === null ? undefined : { kind, ...common, delay }
  return { kind, ...common }
}

function loadLoss(context: LoadContext, path: Path, draft: string | number | undefined): number | undefined {
  const loss = draft === undefined ? undefined : context.read(path, String(draft), parseShare)
  if (loss === 0) context.mistake(path, 'A link that loses nothing has no fault', `${SHARE_FORM}, above 0`)
  if (loss === 1) context.mistake(path, 'A link that loses everything is cut', 'the fault partition')
  return loss
}

function loadSide(context: LoadContext, path: Path, draft: SideDraft, machines: readonly string[] | null): LinkSide | undefined {
  if (typeof draft === 'string') {
    const word = WORDS.find((one) => one === draft)
    // A machine of that name is meant where there is one.
    if (word !== undefined && machines?.includes(draft) !== true) return { kind: word }
    return loadName(context, path, draft, machines) ? { kind: 'named', names: [draft] } : undefined
  }
  if (Array.isArray(draft)) {
    const names = (draft as readonly (string | undefined)[]).filter((name) => name !== undefined)
    const known = names.map((name, index) => loadName(context, [...path, index], name, machines))
    return known.includes(false) ? undefined : { kind: 'named', names }
  }
  const { selector: text, count: many } = draft as { readonly selector?: string; readonly count?: string | number }
  const selector = text === undefined ? null : context.selector([...path, 'selector'], text)
  const written = many ?? DEFAULTS.links.count
  const count = typeof written === 'number' ? written : context.read([...path, 'count'], written, parseHowMany)
  if (selector === undefined || count === undefined) return undefined
  return { kind: 'nodes', nodes: { selector, count, text: text?.trim() ?? 'the nodes' } }
}

function loadName(context: LoadContext, path: Path, name: string, machines: readonly string[] | null): boolean {
  if (machines === null || machines.includes(name)) return true
  const accepted = `${machines.length <= 4 ? machines.join(', ') : `${machines[0]} to ${machines.at(-1)}`}, ${WORDS.join(', ')}`
  context.mistake(path, `There is no machine "${name}"`, accepted, nearest(name, [...WORDS, ...machines.slice(0, NAMES_COMPARED)]))
  return false
}

function isSame(a: LinkSide, b: LinkSide): boolean {
  if (a.kind === 'named' && b.kind === 'named') return a.names.every((name) => b.names.includes(name)) && a.names.length === b.names.length
  return a.kind === b.kind && a.kind !== 'nodes'
}

/** The links that a fault is about, as reports call them. */
export function describeLinks({ from, to, oneWay, ...fault }: LinkFaultSpec): string {
  const loss = fault.kind === 'link-loss' ? ` ${Math.round(fault.loss * 1e6) / 1e4}%` : ''
  const delay = fault.kind === 'link-delay' ? ` ${formatDistribution(fault.delay)}` : ''
  return `${describeSide(from)} ${oneWay ? 'to' : 'and'} ${describeSide(to)}${loss}${delay}`
}

function describeSide(side: LinkFault['from']): string {
  if (side.kind === 'named') return side.names.length <= 3 ? side.names.join(', ') : `${side.names.length} machines`
  if (side.kind === 'nodes') return `${formatHowMany(side.nodes.count)} of ${side.nodes.text}`
  return side.kind === 'others' ? 'all others' : side.kind === OUTSIDE ? 'the outside' : 'the control plane'
}
