import { expect } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import { BLAME_PARTS } from '../../src/metrics/blame.ts'
import type { Cell, Table } from '../../src/metrics/table.ts'
import { type FileReader, memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import type { Scenario } from '../../src/scenario/scenario.ts'
import { randomScenario } from '../fuzz/random-scenario.ts'

export async function scenarioOf(file: string, files: FileReader = diskFiles): Promise<Scenario> {
  const loaded = await loadScenario(file, files)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return loaded.variants[0]!.scenario
}

export function randomScenarioOf(seed: string): Promise<Scenario> {
  return scenarioOf('scenario.yaml', memoryFiles(randomScenario(seed)))
}

export const texts = (table: Table): readonly string[] => [table.columns, ...table.rows].map((row) => JSON.stringify(row))

export interface Row {
  readonly traffic: string
  readonly request: number
  readonly kept: string
  readonly step: number
  readonly parent: number | null
  readonly name: string
  /** ns. */
  readonly started: number
  readonly ended: number
  readonly where: string
  readonly detail: string
}

const nanos = (seconds: Cell): number => Math.round((seconds as number) * 1e9)

/** The rows of `samples.csv`, one list a request. */
export function requestsOf(table: Table): readonly (readonly Row[])[] {
  const requests: Row[][] = []
  for (const [traffic, request, kept, step, parent, name, started, ended, where, detail] of table.rows) {
    if (step === 0) requests.push([])
    requests.at(-1)!.push({
      traffic: traffic as string,
      request: request as number,
      kept: kept as string,
      step: step as number,
      parent: parent as number | null,
      name: name as string,
      started: nanos(started!),
      ended: nanos(ended!),
      where: where as string,
      detail: detail as string,
    })
  }
  return requests
}

export const isPart = ({ name }: Row): boolean => name !== 'retries' && (BLAME_PARTS as readonly string[]).includes(name)

/** The parts straight below a step. */
export function partsBelow(rows: readonly Row[], step: number): readonly Row[] {
  return rows.filter((row) => row.parent === step && isPart(row))
}
