import { CHARTS_IN_CHINESE } from './charts.chinese.ts'
import { COMPARE_IN_CHINESE } from './compare.chinese.ts'
import type { Language } from './index.ts'
import { ROLLOUT_IN_CHINESE } from './rollout.chinese.ts'
import { SUMMARY_IN_CHINESE } from './summary.chinese.ts'
import { SWEEP_IN_CHINESE } from './sweep.chinese.ts'

export const CHINESE: Language = {
  charts: CHARTS_IN_CHINESE,
  compare: COMPARE_IN_CHINESE,
  rollout: ROLLOUT_IN_CHINESE,
  summary: SUMMARY_IN_CHINESE,
  sweep: SWEEP_IN_CHINESE,
}
