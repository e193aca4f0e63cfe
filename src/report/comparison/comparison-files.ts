import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'
import type { Comparison } from '../../experiment/comparison/comparison.ts'
import { finite } from '../finite.ts'

export const COMPARISON_FILE = 'compare.json'

/** Every file of a comparison. */
export const COMPARISON_FILES: readonly string[] = [COMPARISON_FILE, 'compare.csv']

/** Of `compare.csv`: a row is one metric in one pair of runs. */
export const COMPARISON_COLUMNS = ['variant_a', 'variant_b', 'metric', 'unit', 'replication', 'seed', 'a', 'b', 'difference'] as const

/** Writes a comparison into a folder that is empty. */
export function writeComparisonFiles(folder: string, comparison: Comparison): void {
  const { kind, seed, a, b } = comparison
  // Two results may have been run with different seeds.
  const single = a.seed === b.seed ? a.seed : null
  const rows = comparison.metrics.flatMap(({ variantA, variantB, name, unit, valuesA, valuesB }) =>
    Array.from({ length: Math.max(valuesA.length, valuesB.length) }, (_, index) => {
      const [valueA, valueB] = [valuesA[index] ?? null, valuesB[index] ?? null]
      const difference = valueA === null || valueB === null ? null : valueB - valueA
      return [variantA, variantB, name, unit, index + 1, kind === 'single' ? single : `${seed}/${index + 1}`, valueA, valueB, difference]
    }),
  )
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { flag: 'wx' })
  write('compare.csv', stringify([COMPARISON_COLUMNS, ...rows], { cast: { number: (value) => String(finite('', value)) } }))
  write(COMPARISON_FILE, `${JSON.stringify(comparison, finite, 2)}\n`)
}
