import type { Table } from '../metrics/table.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { parametersOf } from './parameters-of.ts'

/** The parameters in force, a row each. */
export function parametersTable(scenario: Scenario): Table {
  return {
    columns: ['parameter', 'value', 'unit', 'provenance', 'source'],
    rows: parametersOf(scenario).map(({ name, value, unit, provenance, source }) => [
      name,
      typeof value === 'boolean' ? String(value) : value,
      unit,
      provenance,
      source,
    ]),
  }
}
