import type { CHARTS_IN_ENGLISH } from './charts.english.ts'

/** The words of charts. */
export type ChartWords = typeof CHARTS_IN_ENGLISH
