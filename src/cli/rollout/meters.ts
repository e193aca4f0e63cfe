import { Worker } from 'node:worker_threads'
import type { Rollout } from '../../scenario/rollout/find-rollout.ts'
import { type RolloutMeasurement, RolloutMeter } from '../../scenario/rollout/measure.ts'
import type { RolloutSettings } from '../../scenario/rollout/settings.ts'
import type { Scenario } from '../../scenario/scenario.ts'
import type { RolloutMeters } from './evaluate.ts'

/** What a thread that measures is started with. */
export interface MeterJob {
  readonly kind: 'rollout-meter'
  readonly scenario: Scenario
  readonly rollout: Rollout
}

/** One measurement that a thread is asked for. */
export interface MeterTask {
  readonly settings: RolloutSettings
  readonly replication: number
}

/** Measures in this thread, one after the other. */
export function metersHere(scenario: Scenario, rollout: Rollout): RolloutMeters {
  const meter = new RolloutMeter(scenario, rollout)
  return {
    workers: 1,
    measure: async (settings, replications) => replications.map((replication) => meter.measure(settings, replication)),
    close: () => {},
  }
}

/**
 * Measures in threads of its own. A replication always goes to the same thread, which remembers what it is without the rollout.
 *
 * `workerFile` is the program's entry file, as for the thread of a job.
 */
export function metersInThreads(scenario: Scenario, rollout: Rollout, workers: number, workerFile: string): RolloutMeters {
  if (workers === 1) return metersHere(scenario, rollout)
  const workerData: MeterJob = { kind: 'rollout-meter', scenario, rollout }
  const threads = Array.from({ length: workers }, () => new Worker(workerFile, { workerData }))
  const ask = (thread: Worker, task: MeterTask): Promise<RolloutMeasurement> =>
    new Promise((settle, fail) => {
      const done = (end: () => void): void => {
        thread.off('message', answered)
        thread.off('error', failed)
        end()
      }
      const answered = (measured: RolloutMeasurement): void => done(() => settle(measured))
      const failed = (error: unknown): void => done(() => fail(error))
      thread.on('message', answered)
      thread.on('error', failed)
      thread.postMessage(task)
    })
  const measure: RolloutMeters['measure'] = async (settings, replications) => {
    const answers = new Map<number, RolloutMeasurement>()
    await Promise.all(
      threads.map(async (thread, index) => {
        for (const replication of replications)
          if (replication % workers === index) answers.set(replication, await ask(thread, { settings, replication }))
      }),
    )
    return replications.map((replication) => answers.get(replication)!)
  }
  return {
    workers,
    measure,
    close: () => {
      for (const thread of threads) void thread.terminate()
    },
  }
}
