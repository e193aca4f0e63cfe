import type { MetricComparison } from '../../../experiment/comparison/comparison.ts'
import { THEMES, type Theme } from '../../charts/theme.ts'
import { type Tone, toneOf } from './tone.ts'

/** The colours of the page itself, so that one picture is right in light and dark. */
export const PAGE_THEME: Theme = {
  ...THEMES.light,
  background: 'var(--card)',
  ink: 'var(--ink)',
  quiet: 'var(--quiet)',
  axis: 'var(--line)',
  grid: 'var(--faint)',
  minorGrid: 'var(--faint)',
  border: 'var(--line)',
  shade: 'var(--shade)',
}

const COLORS: Readonly<Record<Tone, string>> = {
  bad: 'var(--bad)',
  warn: 'var(--warn)',
  good: 'var(--good)',
  told: 'var(--accent)',
  quiet: 'var(--quiet)',
}

export function colorOfMetric(metric: MetricComparison): string {
  return COLORS[toneOf(metric)]
}
