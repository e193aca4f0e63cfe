import { invariant } from '../../invariant.ts'
import { recordedFiles } from '../../scenario/load-files.ts'
import { loadScenario } from '../../scenario/load-scenario.ts'
import { chooseRollout } from '../../scenario/rollout/find-rollout.ts'
import { type RolloutMeasurement, RolloutMeter } from '../../scenario/rollout/measure.ts'
import type { RolloutTask } from './task.ts'

/**
 * Measures replications of rolling updates from the texts of their scenario. The last scenario is remembered, with what its replications are without
 * the rollout.
 */
export class RolloutRunner {
  #last: { readonly key: string; readonly meter: RolloutMeter } | null = null

  async measure(task: RolloutTask): Promise<RolloutMeasurement> {
    return (await this.#meter(task)).measure(task.settings, task.replication)
  }

  async #meter({ input, variant, seed, choice }: RolloutTask): Promise<RolloutMeter> {
    const key = JSON.stringify([input, variant, seed, choice])
    if (this.#last?.key === key) return this.#last.meter
    const loaded = await loadScenario(input.path, recordedFiles(input.files))
    invariant(loaded.ok, 'the scenario of a rollout has been checked')
    const found = loaded.variants.find(({ name }) => name === variant)
    invariant(found !== undefined, 'the variant of a rollout is there')
    const chosen = chooseRollout({ ...found.scenario, seed }, choice)
    invariant(chosen.ok, 'the rollout has been found before')
    const meter = new RolloutMeter(chosen.scenario, chosen.rollout)
    this.#last = { key, meter }
    return meter
  }
}
