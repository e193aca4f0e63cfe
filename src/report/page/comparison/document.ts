import type { Comparison } from '../../../experiment/comparison/comparison.ts'
import type { LanguageCode } from '../../../scenario/story-language/index.ts'
import { LANGUAGES } from '../../language/index.ts'
import { PAGE_WORDS } from '../../language/page.ts'
import { printable } from '../../printable.ts'
import { html } from '../html.ts'
import { pageShell } from '../shell.ts'
import { pageStyle } from '../style.ts'
import type { ComparisonContext } from './context.ts'
import { differencesSection } from './differences.ts'
import { metricsSection } from './metrics-table.ts'
import { partingSection } from './parting.ts'
import { comparisonVerdict } from './verdict.ts'

/** The report of a comparison as one HTML file that needs nothing else, not even a script. The same comparison gives the same bytes. */
export function renderComparisonReport(comparison: Comparison, language: LanguageCode): string {
  const [words, said] = [PAGE_WORDS[language], LANGUAGES[language].compare]
  const context: ComparisonContext = { comparison, words, said, language }
  const { a, b, seed, kind, replications, tool } = comparison
  const sections = [
    { id: 'verdict', title: words.verdict.title, content: comparisonVerdict(context) },
    { id: 'differences', title: words.comparison.differences, content: differencesSection(context) },
    { id: 'metrics', title: words.comparison.metrics, content: metricsSection(context) },
    { id: 'parting', title: said.divergence.heading, content: partingSection(context) },
  ]
  const hashes = [...new Set([a.inputHash, b.inputHash])]
  return pageShell({
    words,
    version: tool.version,
    title: printable(a.scenario === b.scenario ? a.scenario : `${a.scenario} → ${b.scenario}`),
    about: [
      ...(kind === 'single' ? [] : [words.comparison.pairs(replications)]),
      `${words.about.seed} ${printable(seed)}`,
      `${words.about.version} ${tool.version}`,
    ],
    style: pageStyle(0),
    script: null,
    sections,
    footer: [`${words.footer.made} ${words.comparison.files}`, ...hashes.map((hash) => html`<code>${hash}</code>`)],
  })
}
