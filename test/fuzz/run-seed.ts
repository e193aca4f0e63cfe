import { InvariantError } from '../../src/invariant.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { runUntil } from '../../src/scenario/run-until.ts'
import { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import type { Violation } from './invariant.ts'
import { INVARIANTS } from './invariants/index.ts'
import { randomScenario } from './random-scenario.ts'

/** What the model states of itself as it runs, wherever it says `invariant`. */
export const OWN_INVARIANTS = 'the model’s own invariants hold'

/** So many violations of one invariant are kept. */
const KEPT = 3

export interface SeedResult {
  readonly files: Readonly<Record<string, string>>
  readonly violations: readonly Violation[]
  readonly events: number
}

/** Runs the random scenario of a seed with every invariant on. `plant` may break the cluster before it starts, to see whether it is noticed. */
export async function runSeed(seed: string, plant: (cluster: SimulatedCluster) => void = () => {}): Promise<SeedResult> {
  return await runFiles(randomScenario(seed), plant)
}

/** The same with given files, of which `scenario.yaml` is the scenario. An `InvariantError` of the model itself counts as a violation. */
export async function runFiles(
  files: Readonly<Record<string, string>>,
  plant: (cluster: SimulatedCluster) => void = () => {},
): Promise<SeedResult> {
  const loaded = await loadScenario('scenario.yaml', memoryFiles(files))
  if (!loaded.ok) {
    const violations = loaded.problems.map(({ file, line, message }) => ({
      invariant: 'random scenarios are valid',
      detail: `${file}:${line} ${message}`,
    }))
    return { files, violations, events: 0 }
  }
  const { scenario } = loaded.variants[0]!
  const violations: Violation[] = []
  const cluster = new SimulatedCluster(scenario)
  plant(cluster)
  const atRest = INVARIANTS.map(({ name, attach }) => {
    let count = 0
    return attach(cluster, (detail) => {
      if (++count <= KEPT) violations.push({ invariant: name, detail })
    })
  })
  try {
    cluster.start()
    runUntil(cluster, scenario.duration, scenario.duration)
    cluster.dataPlane.endInterval(scenario.duration)
    for (const check of atRest) check()
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error
    violations.push({ invariant: OWN_INVARIANTS, detail: error.message })
  }
  return { files, violations, events: cluster.sim.eventsExecuted }
}
