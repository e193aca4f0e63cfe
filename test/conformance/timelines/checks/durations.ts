import type { Change } from '../recording.ts'
import { type Comparison, id, median } from './comparison.ts'
import { hasSpentBurst, SPENT } from './spent-burst.ts'

/** A latency that a machine sets is right within this factor. */
const ORDER_OF_MAGNITUDE = 10
/** Shorter medians are noise of two clocks, ms. */
const FLOOR_MS = 1
/** What a machine adds to a time that a rule sets, ms. */
const RULE_SLACK_MS = 700

/** The longest that was recorded, ms. */
const ROUND_MS = 1_210

/** What depends on how many pods start together. */
const AT_START: readonly string[] = ['created to bound', 'bound to running']

interface Pod {
  readonly created: number
  bound?: number
  running?: number
  marked?: number
  terminal?: number
  gone?: number
}

/** Times from one step of a pod to the next, at the median of all pods. */
export function checkDurations(comparison: Comparison): void {
  const expected = durations(comparison.recorded)
  const got = durations(comparison.model)
  const preStopMs = 1000 * Number(comparison.recording.meta.preStopSleep ?? comparison.recording.meta.pre ?? 0)
  for (const [name, times] of expected) {
    const ours = got.get(name)
    const theirs = median(times)
    if (name === 'bound to running' && comparison.recording.meta.token === true) {
      comparison.tally.skip(id(comparison, name), 'volumes of these pods waited for a token, an artefact of the recording')
    } else if (AT_START.includes(name) && hasSpentBurst(comparison)) comparison.tally.skip(id(comparison, name), SPENT)
    else if (ours === undefined) comparison.tally.fail(id(comparison, name), `recorded ${Math.round(theirs)} ms, the model has none`)
    else if (name === 'marked to terminated' && preStopMs > 0) checkRule(comparison, name, median(ours), theirs)
    else if (name === 'terminated to gone') checkRound(comparison, name, ours)
    else checkFactor(comparison, name, median(ours), theirs)
  }
}

/** The end of a round of the kubelet: chance where in it a pod ends. 720 recorded pods took 9 to 1,207 ms, evenly spread over a second. */
function checkRound(comparison: Comparison, name: string, ours: readonly number[]): void {
  const longest = Math.max(...ours)
  if (longest <= ROUND_MS) comparison.tally.pass()
  else comparison.tally.fail(id(comparison, name), `recorded at most ${ROUND_MS} ms anywhere, model ${Math.round(longest)} ms`)
}

function checkRule(comparison: Comparison, name: string, ours: number, theirs: number): void {
  if (Math.abs(ours - theirs) <= RULE_SLACK_MS) comparison.tally.pass()
  else comparison.tally.fail(id(comparison, name), `recorded ${Math.round(theirs)} ms, model ${Math.round(ours)} ms`)
}

function checkFactor(comparison: Comparison, name: string, ours: number, theirs: number): void {
  const factor = Math.max(ours, FLOOR_MS) / Math.max(theirs, FLOOR_MS)
  if (factor <= ORDER_OF_MAGNITUDE && factor >= 1 / ORDER_OF_MAGNITUDE) comparison.tally.pass()
  else
    comparison.tally.fail(
      id(comparison, name),
      `recorded ${theirs.toFixed(1)} ms, model ${ours.toFixed(1)} ms: factor ${factor.toFixed(2)}`,
    )
}

/** Every duration that the log has, ms. */
export function durations(changes: readonly Change[]): Map<string, number[]> {
  const pods = new Map<string, Pod>()
  for (const { t, kind, event, name, delta } of changes) {
    if (kind !== 'pod') continue
    if (event === 'A') pods.set(name, { created: t })
    const pod = pods.get(name)
    if (pod === undefined) continue
    if (event === 'D') pod.gone ??= t
    else if (delta.node !== undefined) pod.bound ??= t
    if (delta.ph === 'Running') pod.running ??= t
    if (delta.del !== undefined) pod.marked ??= t
    if (delta.ph === 'Succeeded' || delta.ph === 'Failed') pod.terminal ??= t
  }
  const found = new Map<string, number[]>()
  const note = (name: string, from: number | undefined, to: number | undefined): void => {
    if (from === undefined || to === undefined || to < from) return
    const list = found.get(name)
    if (list === undefined) found.set(name, [to - from])
    else list.push(to - from)
  }
  for (const pod of pods.values()) {
    note('created to bound', pod.created, pod.bound)
    note('bound to running', pod.bound, pod.running)
    note('marked to terminated', pod.marked, pod.terminal)
    // A finished pod of a Job stays until somebody removes it.
    if (pod.marked !== undefined && pod.terminal !== undefined && pod.marked <= pod.terminal)
      note('terminated to gone', pod.terminal, pod.gone)
  }
  return found
}
