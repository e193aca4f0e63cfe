import { CHARTS_IN_ENGLISH } from './charts.english.ts'

export const ENGLISH = { charts: CHARTS_IN_ENGLISH }
