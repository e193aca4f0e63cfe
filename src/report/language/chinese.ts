import { CHARTS_IN_CHINESE } from './charts.chinese.ts'
import type { Language } from './index.ts'

export const CHINESE: Language = { charts: CHARTS_IN_CHINESE }
