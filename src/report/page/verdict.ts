import { isMissing, passed } from '../run-summary.ts'
import { cards } from './cards.ts'
import { type PageContext, section } from './context.ts'
import { type Html, html, type Piece } from './html.ts'
import { thresholdTable } from './thresholds.ts'

/** The first thing to see: whether the run passed, by what, and in four numbers. */
export function verdictSection(context: PageContext): Html {
  const { result, words } = context
  const { summary } = result
  const judged = summary.variants.flatMap(({ thresholds }) => thresholds)
  const failed = judged.filter((threshold) => !threshold.passed).length
  const missing = summary.variants.flatMap(({ faults }) => faults.filter(isMissing)).length
  const ok = passed(summary)
  const reasons = [
    ...(judged.length === 0
      ? []
      : [failed === 0 ? words.verdict.thresholdsPassed(judged.length) : words.verdict.thresholdsFailed(failed, judged.length)]),
    ...(missing === 0 ? [] : [words.verdict.faultsMissing(missing)]),
  ]
  const kind = judged.length === 0 && missing === 0 ? 'unjudged' : ok ? 'passed' : 'failed'
  const mark = { unjudged: '•', passed: '✓', failed: '✗' }[kind]
  return section(
    'verdict',
    words.verdict.title,
    html`<p class="verdict ${kind}" data-verdict="${kind}"><span class="mark" aria-hidden="true">${mark}</span> <span><strong>${words.verdict[kind]}</strong>${
      reasons.length === 0 ? '' : `${words.colon}${reasons.join(words.listComma)}`
    }</span></p>
`,
    summary.variants.map(
      ({ variant, kubeProxy: { lateFirstSyncs } }): Piece =>
        lateFirstSyncs === undefined
          ? null
          : html`<p class="warn">${summary.variants.length === 1 ? '' : `${variant}${words.colon}`}${words.verdict.lateFirstSync(lateFirstSyncs)}</p>
`,
    ),
    cards(context),
    thresholdTable(context),
  )
}
