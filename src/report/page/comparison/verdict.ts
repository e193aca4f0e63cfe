import type { MetricVerdict } from '../../../experiment/comparison/comparison.ts'
import { countVerdicts, headline, howMany, sideNames } from '../../comparison/describe.ts'
import { printable } from '../../printable.ts'
import { section } from '../context.ts'
import { type Html, html } from '../html.ts'
import type { ComparisonContext } from './context.ts'

/** Verdicts that say that something differs, and not by chance. */
const DIFFERS: readonly MetricVerdict[] = ['regression', 'lost', 'worse', 'different', 'better', 'negligible', 'gained']

/** The first thing to see: whether B is worse than it may be, what was found, and what was compared. */
export function comparisonVerdict({ comparison, words, said }: ComparisonContext): Html {
  const { verdict, metrics, warnings, kind } = comparison
  const counts = countVerdicts(metrics)
  const measured = metrics.length - counts.unmeasured - counts['only-a'] - counts['only-b']
  const found = said.counts(counts)
  const nothing = DIFFERS.every((one) => counts[one] === 0)
  const plain = !nothing
    ? found
    : counts.identical === measured
      ? words.comparison.allIdentical(measured)
      : words.comparison.noneFound(measured)
  const look = { regression: 'failed', passed: 'passed', 'not-judged': 'unjudged' }[verdict]
  const mark = { regression: '✗', passed: '✓', 'not-judged': '•' }[verdict]
  const [a, b] = sideNames(comparison)
  return section(
    'verdict',
    words.verdict.title,
    html`<p class="verdict ${look}" data-verdict="${verdict}"><span class="mark" aria-hidden="true">${mark}</span> <strong>${verdict === 'not-judged' ? plain : headline(comparison, said)}</strong></p>
<p>${verdict === 'not-judged' ? words.comparison.notJudged : plain}</p>
${warnings.map(
  (warning) => html`<p class="warn">${printable(said.warning(warning))}</p>
`,
)}<dl class="sides"><dt>A</dt><dd><code>${a}</code></dd><dt>B</dt><dd><code>${b}</code></dd></dl>
<p class="note">${howMany(comparison, said)}${kind === 'single' ? html`<br>${said.singleRun}` : ''}</p>
`,
  )
}
