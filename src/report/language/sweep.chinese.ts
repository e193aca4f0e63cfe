import { formatCount } from '../format.ts'
import type { SweepWords } from './sweep.english.ts'

export const SWEEP_IN_CHINESE: SweepWords = {
  verdict: (name, { cells, combinations, failed }) =>
    `${name}：${formatCount(combinations)} 种组合，共 ${formatCount(cells)} 次运行，${failed === 0 ? '阈值全部通过' : `其中 ${formatCount(failed)} 次有阈值未通过`}`,
  missing: (cells) => `缺少 ${formatCount(cells)} 次运行：表中没有它们。`,
  columns: { variant: '变体', seeds: '种子数', notPassed: '未通过' },
  more: (rows) => `…… 另有 ${formatCount(rows)} 行，见 sweep-summary.csv`,
  means: '各种子的均值，± 为 95 % t 置信区间的半宽',
  resultsIn: (folder) => `结果写入 ${folder}`,
}
