import { splitKey } from '../control-plane/object-key.ts'
import { type Hop, type HopId, NO_CAUSE, type Trace } from '../engine/trace.ts'
import { MILLISECOND, type Nanos, SECOND } from '../units.ts'
import { ENGLISH } from './story-language/english.ts'
import type { StoryLanguage } from './story-language/language.ts'

export { type Hop, type HopId, NO_CAUSE, splitKey, type Trace }

/** Hops in the order of recording, each with an earlier one as its cause: a {@link Trace}, or what was read back from a table of hops. */
export interface Hops {
  readonly length: number
  hop(id: HopId): Hop
}

export interface StoryOptions {
  /** Tell every hop as it was recorded. Otherwise pods that go the same way are counted, and requests are told in one line. */
  readonly all: boolean
}

/** A hop as it is told: the stages of one request at the API server and etcd make one hop, which ends where the last of them does. */
export interface ToldHop extends Hop {
  readonly stages?: readonly Hop[]
}

/** What one cause from outside led to, in time order. */
export interface Chapter {
  /** What began it, such as a kubectl command. */
  readonly beginning: Hop
  readonly hops: readonly ToldHop[]
  /** Pods whose hops were left out, since they went the same way. */
  readonly otherPods: number
  readonly leftOut: number
}

/** Kinds whose objects stand for themselves in a chapter, each told in full. */
const TOLD_KINDS = new Set(['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'Service', 'Node', ''])

/**
 * The life of one object, as chapters: each begins with something from outside the chain of causes (a kubectl command, a
 * silence that was noticed, a reboot) and holds all that followed from it, as far as it touches the object.
 *
 * Of several pods that go the same way one is told in full: the one on the way to the last hop of the chapter, so the chapter
 * is the critical path from the command to the last node programmed.
 */
export function storyOf(trace: Hops, key: string, options: StoryOptions): Chapter[] {
  const chapterOf: HopId[] = []
  const members = new Map<HopId, Hop[]>()
  const concerned = new Set<HopId>()
  for (let id = 0; id < trace.length; id++) {
    const hop = trace.hop(id)
    const chapter = beginsChapter(trace, hop) ? id : chapterOf[hop.cause]!
    chapterOf.push(chapter)
    const hops = members.get(chapter)
    if (hops === undefined) members.set(chapter, [hop])
    else hops.push(hop)
    if (hop.subject === key) concerned.add(chapter)
  }
  return [...members].filter(([id]) => concerned.has(id)).map(([id, hops]) => chapterFrom(trace, id, hops, key, options))
}

/** A hop without a cause begins one, and so does each object of an `apply` of several. */
function beginsChapter(trace: Hops, hop: Hop): boolean {
  if (hop.cause === NO_CAUSE) return true
  return hop.actor === 'kubectl' && trace.hop(hop.cause).action === 'started' && trace.hop(hop.cause).subject === ''
}

function chapterFrom(trace: Hops, id: HopId, hops: readonly Hop[], key: string, options: StoryOptions): Chapter {
  const told = options.all ? hops : dropUnread(condense(hops.filter(isTold(trace, hops, key))))
  const pods = new Set<string>()
  for (const hop of hops) if (kindOf(hop) === 'Pod' && !hop.subject.endsWith('-')) pods.add(hop.subject)
  for (const hop of told) pods.delete(hop.subject)
  const first = trace.hop(id)
  const beginning = first.cause === NO_CAUSE ? first : trace.hop(first.cause)
  return { beginning, hops: told, otherPods: pods.size, leftOut: hops.length - told.length }
}

/**
 * Tells the object itself, what stands between it and its pods, when these come to users and leave them, and the way to its own last hop, to the
 * last node programmed, or to an Ingress' other endpoints.
 */
function isTold(trace: Hops, hops: readonly Hop[], key: string): (hop: Hop) => boolean {
  const path = new Set<HopId>()
  const last = hops.findLast((hop) => hop.action === 'programmed') ?? hops[hops.length - 1]!
  const own = hops.findLast((hop) => hop.subject === key) ?? last
  const ends = [last, own, ...hops.filter((hop) => hop.action === 'updated upstream' && hop.subject === key)]
  for (const end of ends) for (let id = end.id; id !== NO_CAUSE && !path.has(id); id = trace.hop(id).cause) path.add(id)
  const pods = new Set<string>()
  for (const id of path) if (kindOf(trace.hop(id)) === 'Pod') pods.add(trace.hop(id).subject)
  const turns = new Set<HopId>()
  for (const hop of hops) {
    const isStage = turns.has(hop.cause) && STAGES.has(hop.action)
    if (isStage || (changesReadiness(hop) && pods.has(trace.hop(hop.cause).subject))) turns.add(hop.id)
  }
  return (hop) =>
    hop.subject === key ||
    path.has(hop.id) ||
    turns.has(hop.id) ||
    TOLD_KINDS.has(kindOf(hop)) ||
    pods.has(hop.subject) ||
    (hop.action === 'programmed' && hop.cause === last.cause)
}

/** The write of a slice after which users are sent to more or fewer pods. */
function changesReadiness(hop: Hop): boolean {
  const counts = kindOf(hop) === 'EndpointSlice' ? /^endpoints: (\d+) of \d+ ready before, (\d+) of/.exec(hop.detail) : null
  return counts !== null && counts[1] !== counts[2]
}

/** What the API server and etcd do to one request, in their order. */
const STAGES = new Set(['authenticated', 'authorised', 'admitted', 'committed', 'removed', 'conflict', 'refused'])

/**
 * Makes one hop of the stages of each request, and leaves out what is book-keeping: ReplicaSets' own status, and writes that lost a race
 * (they are made again).
 */
function condense(hops: readonly Hop[]): ToldHop[] {
  const requests = new Map<HopId, Hop[]>()
  const requestOf = new Map<HopId, HopId>()
  for (const hop of hops) {
    if (!STAGES.has(hop.action)) continue
    const request = requestOf.get(hop.cause) ?? hop.cause
    requestOf.set(hop.id, request)
    const stages = requests.get(request)
    if (stages === undefined) requests.set(request, [hop])
    else stages.push(hop)
  }
  const kept: ToldHop[] = []
  const byId = new Map(hops.map((hop) => [hop.id, hop]))
  const lost = (request: HopId): boolean => requests.get(request)?.at(-1)?.action === 'conflict'
  for (const hop of hops) {
    const isStage = STAGES.has(hop.action)
    const request = requestOf.get(hop.id)
    if (!isStage) {
      if (!isReplicaSetStatus(hop) && !lost(hop.id)) kept.push(hop)
      continue
    }
    const stages = requests.get(request!)!
    if (hop !== stages[stages.length - 1] || lost(request!)) continue
    const sender = byId.get(request!)
    if (sender === undefined || !isReplicaSetStatus(sender)) kept.push(joined(stages))
  }
  return kept
}

function isReplicaSetStatus(hop: Hop): boolean {
  return hop.actor === 'replicaset-controller' && hop.action === 'update' && hop.detail.startsWith('status:')
}

/** The stages of one request as one hop, which ends where the last does. */
function joined(stages: readonly Hop[]): ToldHop {
  const last = stages[stages.length - 1]!
  const actor = last.actor === 'etcd' ? 'kube-apiserver, etcd' : last.actor
  return { ...last, started: stages[0]!.started, actor, detail: '', stages }
}

/** Leaves out who saw something and did nothing for it that is told, and tells once what somebody saw once and did several things for. */
function dropUnread(hops: readonly ToldHop[]): ToldHop[] {
  const causes = new Set(hops.map((hop) => hop.cause))
  const seen = new Set<string>()
  return hops.filter(({ action, actor, subject, revision, time, id }) => {
    if (action !== 'observed') return true
    const sight = `${time} ${actor} ${subject} ${revision}`
    if (!causes.has(id) || seen.has(sight)) return false
    seen.add(sight)
    return true
  })
}

function kindOf(hop: Hop): string {
  return hop.subject === '' ? '' : splitKey(hop.subject).kind
}

/** The story as text, one hop a line: simulated time, how long it took, who, did what, to which object, at which revision, why. */
export function tellStory(chapters: readonly Chapter[], language: StoryLanguage = ENGLISH): string[] {
  const lines: string[] = []
  for (const [i, chapter] of chapters.entries()) {
    if (i > 0) lines.push('')
    lines.push(`${i + 1}. ${chapterTitle(chapter, language)}`, '')
    const width = Math.max(...chapter.hops.map((hop) => hop.actor.length))
    for (const hop of chapter.hops) {
      const { at, took, actor, what, why } = hopWords(hop, language)
      lines.push(`${at.padStart(10)} s ${took.padStart(10)}  ${actor.padEnd(width)}  ${what}${why === '' ? '' : `${language.colon}${why}`}`)
    }
    if (chapter.leftOut > 0) lines.push('', `${' '.repeat(25)}${language.notTold(chapter.leftOut, chapter.otherPods)}`)
  }
  return lines
}

/** A hop in words. */
export interface HopWords {
  /** When it ended, in seconds of simulated time. */
  readonly at: string
  /** How long it took, such as `+2.0 ms`; empty for what takes no time. */
  readonly took: string
  readonly actor: string
  /** What was done, to which object, at which revision. */
  readonly what: string
  /** Empty where there is nothing to say. */
  readonly why: string
}

export function hopWords(hop: ToldHop, language: StoryLanguage): HopWords {
  const action = actionOf(hop, language)
  const revision = hop.revision === 0 ? '' : ` @${hop.revision}`
  return {
    at: (hop.time / SECOND).toFixed(4),
    took: hop.time === hop.started ? '' : `+${milliseconds(hop.time - hop.started)}`,
    actor: hop.actor,
    what: hop.subject === '' ? action : `${action} ${hop.subject}${revision}`,
    why: hop.detail === '' ? '' : language.detail(hop.detail),
  }
}

/** What began a chapter. */
export function chapterTitle({ beginning: { actor, action, detail } }: Chapter, language: StoryLanguage): string {
  if (actor === 'kubectl') return language.detail(detail)
  return `${actor}${language.colon}${language.action(action)}${language.comma}${language.detail(detail)}`
}

function actionOf(hop: ToldHop, language: StoryLanguage): string {
  if (hop.stages === undefined) return language.action(hop.action)
  return hop.stages.map((stage) => stageText(stage, language)).join(language.comma)
}

function stageText({ action, detail }: Hop, language: StoryLanguage): string {
  const done = language.action(action)
  if (action === 'refused') return `${done}${language.colon}${language.detail(detail)}`
  const told = action === 'authenticated' || (action === 'admitted' && detail !== 'unchanged')
  return told ? language.withDetail(done, language.detail(detail)) : done
}

/** With one digit below 10 ms, and no more than a person reads. */
function milliseconds(time: Nanos): string {
  const ms = time / MILLISECOND
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
