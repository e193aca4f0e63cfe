import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import { FAILURE_CAUSES } from '../metrics/failure-cause.ts'
import type { RolloutAnswer } from './rollout-answer.ts'

/** Every file that `towtank rollout` writes beside `summary.json`; the patch only when there is one. */
export const ROLLOUT_FILES = ['rollout.csv', 'patch.yaml'] as const

export const ROLLOUT_COLUMNS: readonly string[] = [
  'pre_stop_s',
  'min_ready_s',
  'termination_grace_s',
  'replications',
  'finished',
  'requests',
  'rollouts_with_loss',
  'lost',
  ...FAILURE_CAUSES.map((cause) => `lost_${cause.replaceAll('-', '_')}`),
  'background',
  'own_requests',
  'rolled_out_s_mean',
  'old_pods_gone_s_mean',
  'staleness_ms_p50',
  'staleness_ms_p99',
]

/** Writes the answer into a folder that is empty. */
export function writeRolloutFiles(folder: string, answer: RolloutAnswer): void {
  const rows = answer.tried.map((one) => [
    one.preStopSeconds,
    one.minReadySeconds,
    one.terminationGracePeriodSeconds,
    one.replications,
    one.finished,
    one.requests,
    one.rolloutsWithLoss,
    one.lost,
    ...FAILURE_CAUSES.map((cause) => one.lostByCause[cause]?.lost ?? 0),
    one.background,
    one.ownRequests,
    one.rolledOutSeconds,
    one.oldPodsGoneSeconds,
    one.stalenessMs.p50,
    one.stalenessMs.p99,
  ])
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { flag: 'wx' })
  write('rollout.csv', stringify([ROLLOUT_COLUMNS, ...rows], { cast: { number: String } }))
  if (answer.patch !== null) write('patch.yaml', answer.patch)
  write('summary.json', `${JSON.stringify(answer, null, 2)}\n`)
}
