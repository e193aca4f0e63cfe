import Table from 'cli-table3'
import { FAILURE_CAUSES, type FailureCause } from '../metrics/failure-cause.ts'
import { formatCount, formatMilliseconds, formatPercent, threeDigits } from './format.ts'
import { printable } from './printable.ts'
import { losesNone, type RolloutAnswer, type SettingResult } from './rollout-answer.ts'
import { PLAIN, type TerminalOptions } from './terminal-summary.ts'

/** The answer for people: the verdict, the present settings beside the others, why each request was lost, what is claimed, and the patch. */
export function renderRollout(answer: RolloutAnswer, options: TerminalOptions): string {
  const parts = [verdict(answer, options), table(answer, options), reasons(answer), claim(answer), patch(answer, options)]
  if (options.folder !== null) parts.push(`Results in ${options.colors.cyan(printable(options.folder))}`)
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function count(number: number, noun: string): string {
  return `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`
}

function settingsText({ preStopSeconds, minReadySeconds, terminationGracePeriodSeconds }: SettingResult, present: SettingResult): string {
  const grace =
    terminationGracePeriodSeconds === present.terminationGracePeriodSeconds
      ? ''
      : `, terminationGracePeriodSeconds ${terminationGracePeriodSeconds}`
  return `preStop sleep ${preStopSeconds} s, minReadySeconds ${minReadySeconds}${grace}`
}

function verdict(answer: RolloutAnswer, { colors }: TerminalOptions): string {
  const { asItIs, withPatch, best, rollout, replications } = answer
  const name = colors.bold(printable(rollout.object))
  const runs = count(replications, 'rollout')
  const loses = `${name} loses ${count(asItIs.lost, 'request')} in ${runs}, ${threeDigits(asItIs.lost / asItIs.replications)} each.`
  if (answer.verdict === 'loses-none') return `${colors.green('✓')} ${name} loses no request in ${runs} (${settingsText(asItIs, asItIs)}).`
  if (withPatch !== null) {
    const other =
      withPatch.minReadySeconds < asItIs.minReadySeconds
        ? `minReadySeconds can be ${withPatch.minReadySeconds}`
        : answer.minReadySecondsMatters === true
          ? 'a sleep alone is not enough'
          : 'minReadySeconds makes no difference'
    return `${colors.yellow('!')} ${loses}\n${colors.green('✓')} The smallest that loses none: ${settingsText(withPatch, asItIs)}; ${other}.`
  }
  const least =
    best === null
      ? ''
      : `\n  The best of those tried still loses ${threeDigits(best.lost / best.replications)} each (${settingsText(best, asItIs)}).`
  return `${colors.red('✗')} ${loses}\n  No preStop sleep and minReadySeconds up to ${answer.limitSeconds} s loses none.${least}`
}

function table(answer: RolloutAnswer, { colors }: TerminalOptions): string {
  const columns: { readonly name: string; readonly result: SettingResult }[] = [{ name: 'as it is', result: answer.asItIs }]
  if (answer.withPatch !== null) columns.push({ name: 'with the patch', result: answer.withPatch })
  if (answer.best !== null && answer.best.preStopSeconds + answer.best.minReadySeconds > 0)
    columns.push({ name: 'best tried', result: answer.best })
  const results = columns.map(({ result }) => result)
  const causes = FAILURE_CAUSES.filter((cause) => results.some((one) => one.lostByCause[cause] !== undefined))
  const seconds = (value: number | null): string => (value === null ? '–' : formatMilliseconds(value * 1000))
  const time = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : formatMilliseconds(value))
  const rows: (readonly [string, (one: SettingResult) => string])[] = [
    ['preStop sleep', (one) => `${one.preStopSeconds} s`],
    ['minReadySeconds', (one) => `${one.minReadySeconds} s`],
    ['terminationGracePeriodSeconds', (one) => `${one.terminationGracePeriodSeconds} s`],
    ['requests', (one) => formatCount(one.requests)],
    ['rollouts that lose some', (one) => `${one.rolloutsWithLoss} of ${one.replications}`],
    ['lost a rollout', (one) => threeDigits(one.lost / one.replications)],
    ...causes.map((cause) => [`  ${cause}`, (one: SettingResult) => perRollout(one, cause)] as const),
    ...Object.keys(answer.asItIs.p99Ms).map((name) => [`p99 ${printable(name)}`, (one: SettingResult) => time(one.p99Ms[name])] as const),
    ['rolled out after', (one) => seconds(one.rolledOutSeconds)],
    ['last old pod gone after', (one) => seconds(one.oldPodsGoneSeconds)],
    ['stale for, p50', (one) => time(one.stalenessMs.p50)],
    ['stale for, p99', (one) => time(one.stalenessMs.p99)],
  ]
  const drawn = new Table({
    head: ['', ...columns.map(({ name }) => colors.bold(name))],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: ['left', ...columns.map((): 'right' => 'right')],
    chars: PLAIN,
  })
  for (const [label, cell] of rows) drawn.push([label, ...results.map(cell)])
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

function perRollout(one: SettingResult, cause: FailureCause): string {
  const found = one.lostByCause[cause]
  if (found === undefined) return '0'
  const { mean, low, high } = found.perRollout
  return `${threeDigits(mean)} (${threeDigits(low)} to ${threeDigits(high)})`
}

/** How a rollout brings each cause about; `stale`: by nodes that do not know yet that a pod is leaving. */
const WHY: Readonly<Record<FailureCause, { readonly text: string; readonly stale: boolean }>> = {
  refused: { text: 'sent to a pod whose process no longer accepts (or whose node did not know yet that it is leaving)', stale: true },
  reset: { text: 'accepted by a pod whose process ended before the answer', stale: true },
  'connect-timeout': { text: 'sent to the address of a pod that is gone', stale: true },
  timeout: { text: 'answered too late: too few pods for the load, or a pod that ended silently', stale: false },
  'queue-full': { text: 'too few pods for the load: their queues were full', stale: false },
  'no-endpoints': { text: 'no pod was ready: more were taken away than had come', stale: false },
  'no-client': { text: 'no pod was there to send it', stale: false },
  'conntrack-full': { text: 'a connection tracking table was full', stale: false },
  'http-404': { text: 'an ingress controller had no route', stale: false },
  'http-500': { text: 'a pod answered with an error', stale: false },
  'http-502': { text: 'an ingress controller still sent to a pod that was leaving', stale: true },
  'http-503': { text: 'an ingress controller had no ready endpoint', stale: false },
  'dns-failed': { text: 'the name could not be looked up', stale: false },
  'policy-denied': { text: 'a NetworkPolicy did not let it through, or a node did not know the pod yet', stale: false },
  'snat-exhausted': { text: 'a node had no source port left for it', stale: false },
  'http-504': { text: 'an ingress controller met silence', stale: true },
  'http-308': { text: 'an ingress controller sent the client to https', stale: false },
  'call-failed': { text: 'a pod could not get what it needs of another Service', stale: false },
}

function reasons(answer: RolloutAnswer): string {
  const shown = answer.best ?? answer.asItIs
  const causes = FAILURE_CAUSES.filter((cause) => shown.lostByCause[cause] !== undefined || answer.asItIs.lostByCause[cause] !== undefined)
  const lines = causes.map((cause) => `${cause}: ${WHY[cause].text}`)
  const { p50, p99, max } = answer.asItIs.stalenessMs
  if (causes.some((cause) => WHY[cause].stale) && p50 !== null && p99 !== null && max !== null)
    lines.push(
      `Nodes went on sending new connections to a pod for ${formatMilliseconds(p50)} (p50), ${formatMilliseconds(p99)} (p99), at most ${formatMilliseconds(max)} after its deletion.`,
    )
  if (shown.lostByCause.refused !== undefined && answer.withoutReadinessProbe.length > 0)
    lines.push(
      `The container ${answer.withoutReadinessProbe.join(', ')} has no readinessProbe: new pods get requests before they listen, which neither a sleep nor minReadySeconds prevents.`,
    )
  if (shown.background > 0)
    lines.push(
      `${count(shown.background, 'request')} failed in the same seconds without the rollout too: what differs there by chance also counts as lost.`,
    )
  if (shown.ownRequests > 0)
    lines.push(`${count(shown.ownRequests, 'request')} of the replaced pods themselves ended with them; they are not counted.`)
  if (answer.best !== null && answer.tried.some((one) => one.lost === 0 && !losesNone(one)))
    lines.push('With some settings nothing was lost, but the run ended before the rollout was over: a longer spec.duration may find one.')
  return lines.join('\n')
}

function claim({ claim: claimed, withPatch, asItIs }: RolloutAnswer): string {
  if (claimed === null) return ''
  const proven = withPatch ?? asItIs
  return [
    `None lost in ${count(proven.replications, 'rollout')} and ${count(proven.requests, 'request')}. At 95 %: fewer than ${formatPercent(claimed.rolloutsThatLoseBelow)} of such rollouts lose a request`,
    `(1 − 0.05^(1/rollouts)); as far as requests are independent, fewer than ${formatPercent(claimed.lossRateBelow)} of them are lost (3/requests).`,
  ].join('\n')
}

function patch(answer: RolloutAnswer, { colors }: TerminalOptions): string {
  if (answer.patch === null) return ''
  const note = 'The pods that are replaced when the patch itself is applied do not have it yet: that rollout still loses requests.'
  return `${colors.dim(note)}\n\n${answer.patch.trimEnd()}`
}
