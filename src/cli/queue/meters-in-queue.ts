import type { RolloutMeasurement } from '../../scenario/rollout/measure.ts'
import type { RolloutTask } from '../pool/task.ts'
import type { RolloutMeters } from '../rollout/evaluate.ts'
import { Refusal } from '../system-refusal.ts'
import type { TaskQueue } from './task-queue.ts'

/**
 * Measures on the workers of a queue, which is closed with the meters. The settings of a search come one after the other; of each, all replications are asked
 * for at once, also where the first that loses a request would have been enough.
 */
export function metersInQueue(
  queue: TaskQueue,
  task: Omit<RolloutTask, 'settings' | 'replication'>,
  replications: number,
  signal?: AbortSignal,
): RolloutMeters {
  return {
    workers: replications,
    async measure({ preStopSeconds, minReadySeconds, terminationGracePeriodSeconds }, wanted) {
      // What was measured with the settings may come with them.
      const settings = { preStopSeconds, minReadySeconds, terminationGracePeriodSeconds }
      const tasks = wanted.map((replication) => [replication, { kind: 'rollout', ...task, settings, replication }] as const)
      const measured = new Map<number, RolloutMeasurement>()
      for await (const outcome of queue.run(tasks, signal)) {
        if (!outcome.ok) {
          const text = `Replication ${outcome.key} with ${JSON.stringify(settings)}: ${outcome.stack}`
          throw outcome.lost ? new Refusal(text) : new Error(text)
        }
        measured.set(outcome.key, outcome.result as RolloutMeasurement)
      }
      signal?.throwIfAborted()
      return wanted.map((replication) => measured.get(replication)!)
    },
    close: () => queue.close(),
  }
}
