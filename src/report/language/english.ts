import { CHARTS_IN_ENGLISH } from './charts.english.ts'
import { COMPARE_IN_ENGLISH } from './compare.english.ts'
import { ROLLOUT_IN_ENGLISH } from './rollout.english.ts'
import { SUMMARY_IN_ENGLISH } from './summary.english.ts'
import { SWEEP_IN_ENGLISH } from './sweep.english.ts'

export const ENGLISH = {
  charts: CHARTS_IN_ENGLISH,
  compare: COMPARE_IN_ENGLISH,
  rollout: ROLLOUT_IN_ENGLISH,
  summary: SUMMARY_IN_ENGLISH,
  sweep: SWEEP_IN_ENGLISH,
}
