import { join } from 'node:path'
import { nearest } from '../../api/did-you-mean.ts'
import { upperBoundOfNone } from '../../experiment/statistics/none-seen.ts'
import { losesNone, type RolloutAnswer, type SettingResult } from '../../report/rollout-answer.ts'
import { writeRolloutFiles } from '../../report/rollout-files.ts'
import { rolloutPatch } from '../../report/rollout-patch.ts'
import { SUMMARY_SCHEMA_VERSION } from '../../report/run-summary.ts'
import { RecordingFiles } from '../../scenario/load-files.ts'
import { loadScenario } from '../../scenario/load-scenario.ts'
import { chooseRollout, type Rollout, templateOf, textOf } from '../../scenario/rollout/find-rollout.ts'
import { graceFor, presentSettings, type RolloutSettings } from '../../scenario/rollout/settings.ts'
import type { Scenario } from '../../scenario/scenario.ts'
import { SECOND } from '../../units.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { JobTools, RolloutJob } from '../jobs.ts'
import type { RolloutTask } from '../pool/task.ts'
import { ResultFolder } from '../result-folder.ts'
import { withSeed } from '../run-job.ts'
import { Evaluations, type RolloutMeters } from './evaluate.ts'
import { smallest } from './smallest.ts'

export type RolloutTools = Pick<JobTools, 'files' | 'tell'> & {
  readonly meters: (wanted: WantedMeters) => RolloutMeters | Promise<RolloutMeters>
}

export interface WantedMeters {
  readonly scenario: Scenario
  readonly rollout: Rollout
  readonly workers: number
  /** The same as plain data, for other machines. */
  readonly task: Omit<RolloutTask, 'settings' | 'replication'>
}

/** Finds out what a rolling update loses, and the smallest settings with which it loses nothing. */
export async function rolloutJob(job: RolloutJob, tools: RolloutTools): Promise<ExitCode> {
  const { tell } = tools
  const files = new RecordingFiles(tools.files)
  const refuse = (reason: string): ExitCode => {
    tell({ kind: 'refused', reason })
    return EXIT.wrongInput
  }
  const loaded = await loadScenario(job.file, files)
  if (loaded.warnings.length > 0) tell({ kind: 'warnings', warnings: loaded.warnings })
  if (!loaded.ok) {
    tell({ kind: 'problems', problems: loaded.problems })
    return EXIT.wrongInput
  }
  const variant = withSeed(loaded.variants, job.seed).find(({ name }) => job.variant === null || name === job.variant)
  if (variant === undefined) {
    const names = loaded.variants.map(({ name }) => name)
    const near = nearest(job.variant ?? '', names)
    return refuse(
      `There is no variant "${job.variant}": expected one of ${names.join(', ')}${near === null ? '' : `. Did you mean "${near}"?`}`,
    )
  }
  const choice = { object: job.object, restart: job.restart, at: job.at }
  const chosen = chooseRollout(variant.scenario, choice)
  if (!chosen.ok) return refuse(chosen.reason)
  const { scenario, rollout } = chosen
  if (scenario.traffic.length === 0) return refuse('The scenario has no traffic, so that no request can be lost: expected spec.traffic')
  const place = ResultFolder.choose(job.out ?? join('results', `${scenario.name}-rollout`))
  if (!place.ok) return refuse(place.reason)
  const { folder } = place
  let done = 0
  const progress = (): void => {
    done++
    // How many there will be is not known: each setting halves what is thought to be left.
    const fraction = done / (done + 2 * job.replications)
    tell({ kind: 'progress', scenario: scenario.name, variant: `rolling update, ${done} runs`, fraction })
  }
  const input = { path: job.file, files: files.contents }
  const meters = await tools.meters({
    scenario,
    rollout,
    workers: Math.min(job.workers, job.replications),
    task: { input, variant: variant.name, seed: scenario.seed, choice },
  })
  try {
    const evaluations = new Evaluations(meters, { replications: job.replications, progress })
    const asItIs = await evaluations.full(presentSettings(scenario, rollout))
    const why = whyNotJudged(asItIs, rollout, scenario)
    if (why !== null) return refuse(why)
    const found = losesNone(asItIs) ? null : await search(evaluations, scenario, rollout, job.limitSeconds)
    const best = found !== null && found.settings === null ? await evaluations.full(leastLossy(evaluations.tried)) : null
    const withPatch = found?.settings == null ? null : await evaluations.full(found.settings)
    const proven = withPatch ?? (losesNone(asItIs) ? asItIs : null)
    const answer: RolloutAnswer = {
      schemaVersion: SUMMARY_SCHEMA_VERSION,
      tool: { name: 'towtank', version: job.version },
      command: 'rollout',
      scenario: scenario.name,
      variant: variant.name,
      seed: scenario.seed,
      inputHash: loaded.inputHash,
      rollout: { object: textOf(rollout), atSeconds: rollout.at / SECOND, commands: rollout.commands },
      verdict: proven === null ? 'none-found' : withPatch === null ? 'loses-none' : 'patch-found',
      replications: job.replications,
      limitSeconds: job.limitSeconds,
      asItIs,
      withPatch,
      best,
      minReadySecondsMatters: found === null ? null : found.minReadyMatters,
      withoutReadinessProbe: unprobed(scenario, rollout),
      claim:
        proven === null
          ? null
          : {
              rolloutsThatLoseBelow: upperBoundOfNone(proven.replications),
              lossRateBelow: upperBoundOfNone(proven.requests),
            },
      patch:
        withPatch === null
          ? null
          : rolloutPatch(templateOf(scenario, rollout)!, presentSettings(scenario, rollout), withPatch, scenario.cluster.version),
      tried: evaluations.tried,
    }
    tell({ kind: 'writing', out: folder.shown })
    writeRolloutFiles(folder.begin(), answer)
    folder.commit()
    tell({ kind: 'rollout', answer, folder: folder.shown })
    return proven === null ? EXIT.thresholdFailed : EXIT.passed
  } finally {
    await meters.close()
    folder.discard()
  }
}

function whyNotJudged(asItIs: SettingResult, rollout: Rollout, scenario: Scenario): string | null {
  if (asItIs.finished === asItIs.replications) return null
  const commands = rollout.commands.map((command) => `"${command}"`).join(', ')
  if (asItIs.stalenessMs.count === 0 && asItIs.oldPodsGoneSeconds === null && asItIs.rolledOutSeconds === null)
    return `The rolling update of ${textOf(rollout)} by ${commands} replaces no pod before the run ends at ${scenario.duration / SECOND} s: expected a command that changes the template, and enough time`
  return `The rolling update of ${textOf(rollout)} is not over when the run ends at ${scenario.duration / SECOND} s, in ${asItIs.replications - asItIs.finished} of ${asItIs.replications} runs: expected a longer spec.duration, or a rollout that can end`
}

/** Containers that are reached and are ready as soon as they run, whether they listen yet or not. */
function unprobed(scenario: Scenario, rollout: Rollout): readonly string[] {
  const { containers } = templateOf(scenario, rollout)!.spec.template.spec
  return containers.filter(({ ports, readinessProbe }) => ports.length > 0 && readinessProbe === null).map(({ name }) => name)
}

interface Found {
  /** null: none up to the limit. */
  readonly settings: RolloutSettings | null
  readonly minReadyMatters: boolean
}

/** The smallest sleep with the present minReadySeconds, then the smallest minReadySeconds with that; the other way round where no sleep is enough. */
async function search(evaluations: Evaluations, scenario: Scenario, rollout: Rollout, limit: number): Promise<Found> {
  const present = presentSettings(scenario, rollout)
  const settings = (preStopSeconds: number, minReadySeconds: number): RolloutSettings => ({
    preStopSeconds,
    minReadySeconds,
    terminationGracePeriodSeconds: graceFor(scenario, rollout, preStopSeconds),
  })
  const holds = async (preStop: number, minReady: number): Promise<boolean> =>
    losesNone(await evaluations.untilLoss(settings(preStop, minReady)))
  const preStop = await smallest(limit, (seconds) => holds(seconds, present.minReadySeconds))
  if (preStop !== null) {
    const minReady = present.minReadySeconds === 0 ? 0 : await smallest(present.minReadySeconds, (seconds) => holds(preStop, seconds))
    const needed = minReady ?? present.minReadySeconds
    return { settings: settings(preStop, needed), minReadyMatters: needed > 0 }
  }
  // A progressDeadlineSeconds that is not longer than minReadySeconds is refused by the API server.
  const { progressDeadlineSeconds = Number.POSITIVE_INFINITY } = templateOf(scenario, rollout)!.spec
  const minReady = await smallest(Math.min(limit, progressDeadlineSeconds - 1), (seconds) => holds(limit, seconds))
  if (minReady === null) return { settings: null, minReadyMatters: false }
  const shorter = await smallest(limit, (seconds) => holds(seconds, minReady))
  return { settings: settings(shorter ?? limit, minReady), minReadyMatters: true }
}

/** The first of those that lose the fewest a rollout, among those that were over in time wherever there is one. */
function leastLossy(tried: readonly SettingResult[]): RolloutSettings {
  const rate = (one: SettingResult): number => one.lost / one.replications + (one.finished < one.replications ? 1e9 : 0)
  return tried.reduce((best, one) => (rate(one) < rate(best) ? one : best))
}
