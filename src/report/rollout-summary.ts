import { FAILURE_CAUSES, type FailureCause } from '../metrics/failure-cause.ts'
import { formatCount, formatMilliseconds, formatPercent, threeDigits } from './format.ts'
import type { RolloutWords } from './language/rollout.english.ts'
import { printable } from './printable.ts'
import { losesNone, type RolloutAnswer, type SettingResult } from './rollout-answer.ts'
import { plainTable } from './terminal-layout.ts'
import type { TerminalOptions } from './terminal-summary.ts'

/** The answer for people: the verdict, the present settings beside the others, why each request was lost, what is claimed, and the patch. */
export function renderRollout(answer: RolloutAnswer, words: RolloutWords, options: TerminalOptions): string {
  const { colors, folder } = options
  const parts = [
    verdict(answer, words, options),
    table(answer, words, options),
    reasons(answer, words),
    claim(answer, words),
    patch(answer, words, options),
  ]
  if (folder !== null) parts.push(words.resultsIn(colors.cyan(printable(folder))))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function verdict(answer: RolloutAnswer, words: RolloutWords, { colors }: TerminalOptions): string {
  const { asItIs, withPatch, best, rollout, replications } = answer
  const name = colors.bold(printable(rollout.object))
  const settings = ({ preStopSeconds, minReadySeconds, terminationGracePeriodSeconds: grace }: SettingResult): string =>
    words.settings(preStopSeconds, minReadySeconds, grace === asItIs.terminationGracePeriodSeconds ? null : grace)
  const each = ({ lost, replications: rollouts }: SettingResult): string => threeDigits(lost / rollouts)
  const loses = words.loses(name, { lost: asItIs.lost, rollouts: replications, each: each(asItIs) })
  if (answer.verdict === 'loses-none') return `${colors.green('✓')} ${words.losesNone(name, replications, settings(asItIs))}`
  if (withPatch !== null) {
    const remark =
      withPatch.minReadySeconds < asItIs.minReadySeconds
        ? words.minReadyCanBe(withPatch.minReadySeconds)
        : answer.minReadySecondsMatters === true
          ? words.sleepNotEnough
          : words.minReadyNoMatter
    return `${colors.yellow('!')} ${loses}\n${colors.green('✓')} ${words.smallest(settings(withPatch), remark)}`
  }
  const least = best === null ? '' : `\n  ${words.best(each(best), settings(best))}`
  return `${colors.red('✗')} ${loses}\n  ${words.noneFound(answer.limitSeconds)}${least}`
}

function table(answer: RolloutAnswer, words: RolloutWords, { colors }: TerminalOptions): string {
  const { columns: names, rows: labels } = words
  const columns: { readonly name: string; readonly result: SettingResult }[] = [{ name: names.asItIs, result: answer.asItIs }]
  if (answer.withPatch !== null) columns.push({ name: names.withPatch, result: answer.withPatch })
  if (answer.best !== null && answer.best.preStopSeconds + answer.best.minReadySeconds > 0)
    columns.push({ name: names.best, result: answer.best })
  const results = columns.map(({ result }) => result)
  const causes = FAILURE_CAUSES.filter((cause) => results.some((one) => one.lostByCause[cause] !== undefined))
  const seconds = (value: number | null): string => (value === null ? '–' : formatMilliseconds(value * 1000))
  const time = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : formatMilliseconds(value))
  const rows: (readonly [string, (one: SettingResult) => string])[] = [
    [labels.preStop, (one) => `${one.preStopSeconds} s`],
    ['minReadySeconds', (one) => `${one.minReadySeconds} s`],
    ['terminationGracePeriodSeconds', (one) => `${one.terminationGracePeriodSeconds} s`],
    [labels.requests, (one) => formatCount(one.requests)],
    [labels.withLoss, (one) => words.of(one.rolloutsWithLoss, one.replications)],
    [labels.lost, (one) => threeDigits(one.lost / one.replications)],
    ...causes.map((cause) => [`  ${cause}`, (one: SettingResult) => perRollout(one, cause, words)] as const),
    ...Object.keys(answer.asItIs.p99Ms).map((name) => [`p99 ${printable(name)}`, (one: SettingResult) => time(one.p99Ms[name])] as const),
    [labels.rolledOut, (one) => seconds(one.rolledOutSeconds)],
    [labels.oldPodsGone, (one) => seconds(one.oldPodsGoneSeconds)],
    [labels.staleP50, (one) => time(one.stalenessMs.p50)],
    [labels.staleP99, (one) => time(one.stalenessMs.p99)],
  ]
  return plainTable({
    head: ['', ...columns.map(({ name }) => colors.bold(name))],
    rows: rows.map(([label, cell]) => [label, ...results.map(cell)]),
    texts: 1,
  })
}

function perRollout(one: SettingResult, cause: FailureCause, words: RolloutWords): string {
  const found = one.lostByCause[cause]
  if (found === undefined) return '0'
  const { mean, low, high } = found.perRollout
  return words.interval(threeDigits(mean), threeDigits(low), threeDigits(high))
}

/** Causes that nodes bring about which do not know yet that a pod is leaving. */
const STALE: ReadonlySet<FailureCause> = new Set(['refused', 'reset', 'connect-timeout', 'http-502', 'http-504'])

function reasons(answer: RolloutAnswer, words: RolloutWords): string {
  const shown = answer.best ?? answer.asItIs
  const causes = FAILURE_CAUSES.filter((cause) => shown.lostByCause[cause] !== undefined || answer.asItIs.lostByCause[cause] !== undefined)
  const lines = causes.map((cause) => `${cause}${words.colon}${words.why[cause]}`)
  const { p50, p99, max } = answer.asItIs.stalenessMs
  if (causes.some((cause) => STALE.has(cause)) && p50 !== null && p99 !== null && max !== null)
    lines.push(words.stale(formatMilliseconds(p50), formatMilliseconds(p99), formatMilliseconds(max)))
  if (shown.lostByCause.refused !== undefined && answer.withoutReadinessProbe.length > 0)
    lines.push(words.unprobed(words.listed(answer.withoutReadinessProbe)))
  if (shown.background > 0) lines.push(words.background(shown.background))
  if (shown.ownRequests > 0) lines.push(words.own(shown.ownRequests))
  if (answer.best !== null && answer.tried.some((one) => one.lost === 0 && !losesNone(one))) lines.push(words.unfinished)
  return lines.join('\n')
}

function claim({ claim: claimed, withPatch, asItIs }: RolloutAnswer, words: RolloutWords): string {
  if (claimed === null) return ''
  const { replications: rollouts, requests } = withPatch ?? asItIs
  const [ofRollouts, ofRequests] = [formatPercent(claimed.rolloutsThatLoseBelow), formatPercent(claimed.lossRateBelow)]
  return words.claim({ rollouts, requests, ofRollouts, ofRequests })
}

function patch(answer: RolloutAnswer, words: RolloutWords, { colors }: TerminalOptions): string {
  return answer.patch === null ? '' : `${colors.dim(words.patchNote)}\n\n${answer.patch.trimEnd()}`
}
