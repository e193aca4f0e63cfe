import { formatCount } from '../format.ts'

const count = (number: number, noun: string): string => `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`

/** Words of the summary of a sweep in the terminal. */
export const SWEEP_IN_ENGLISH = {
  verdict: (name: string, { cells, combinations, failed }: { cells: number; combinations: number; failed: number }) =>
    `${name}: ${count(cells, 'cell')}, ${count(combinations, 'combination')}, and ${failed === 0 ? 'every threshold holds' : `in ${formatCount(failed)} of the cells a threshold fails`}`,
  missing: (cells: number) => `${count(cells, 'cell')} missing: the tables lack them.`,
  columns: { variant: 'variant', seeds: 'seeds', notPassed: 'not passed' },
  more: (rows: number) => `… and ${formatCount(rows)} more in sweep-summary.csv`,
  means: 'Means over the seeds, ± half of their 95 % t-interval',
  resultsIn: (folder: string) => `Results in ${folder}`,
}

export type SweepWords = typeof SWEEP_IN_ENGLISH
