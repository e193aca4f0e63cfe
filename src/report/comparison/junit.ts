import type { Comparison, MetricComparison } from '../../experiment/comparison/comparison.ts'
import type { CompareWords } from '../language/compare.ts'
import { divergenceLines, headline, howMany, metricName, remark, sideNames } from './describe.ts'
import { formatDifference, formatInterval, formatP, formatValue } from './values.ts'

/**
 * The comparison as JUnit XML, which every CI shows: a suite for each pair of variants, a test case for each metric.
 *
 * A metric beyond its tolerance fails. One without a tolerance, or that was measured on neither side, is skipped: nothing has been judged.
 *
 * The form is that of Jenkins' junit-10.xsd, which knows no times here: a run in a simulator says nothing by how long it takes.
 */
export function renderJunit(comparison: Comparison, words: CompareWords): string {
  const { variants, metrics } = comparison
  const suites = variants.map(({ variantA, variantB, divergence }, index) => {
    const own = metrics.filter((metric) => metric.variantA === variantA && metric.variantB === variantB)
    const failures = own.filter(isFailure).length
    const skipped = own.filter(isSkipped).length
    const name = variants.length === 1 ? comparison.b.scenario : `${comparison.b.scenario} ${variantA}`
    const parting = divergenceLines(divergence, words).join('\n')
    return [
      `  <testsuite name="${xml(name)}" id="${index}" tests="${own.length}" failures="${failures}" errors="0" skipped="${skipped}">`,
      ...own.map((metric) => testCase(metric, comparison, words)),
      `    <system-out>${xml(`${about(comparison, words)}\n${words.divergence.heading}\n${parting}`)}</system-out>`,
      '  </testsuite>',
    ].join('\n')
  })
  const failures = metrics.filter(isFailure).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="towtank compare" tests="${metrics.length}" failures="${failures}" errors="0">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function isFailure({ toleranceVerdict }: MetricComparison): boolean {
  return toleranceVerdict === 'beyond'
}

function isSkipped({ toleranceVerdict }: MetricComparison): boolean {
  return toleranceVerdict === null
}

function testCase(metric: MetricComparison, comparison: Comparison, words: CompareWords): string {
  const open = `    <testcase classname="${xml(`${comparison.b.scenario}.${metric.variantB}`)}" name="${xml(metricName(metric, comparison.variants))}"`
  const said = remark(metric, words)
  if (isFailure(metric))
    return `${open}>\n      <failure type="${xml(metric.verdict)}" message="${xml(said)}">${xml(numbers(metric, words))}</failure>\n    </testcase>`
  if (isSkipped(metric)) return `${open}>\n      <skipped message="${xml(said)}"/>\n    </testcase>`
  return `${open}>\n      <system-out>${xml(`${said}\n${numbers(metric, words)}`)}</system-out>\n    </testcase>`
}

function numbers(metric: MetricComparison, { headings, methods }: CompareWords): string {
  const { a, b, unit, difference, pHolm, method, pairs } = metric
  const interval = formatInterval(metric)
  return [
    `${headings.a} ${formatValue(a, unit)}`,
    `${headings.b} ${formatValue(b, unit)}`,
    `${headings.difference} ${formatDifference(difference, unit)}`,
    ...(interval === '' ? [] : [`${headings.interval} ${interval}`]),
    ...(pHolm === null ? [] : [`${headings.p} ${formatP(pHolm)}`]),
    ...(method === null ? [] : [`${headings.method} ${methods[method]}`]),
    `${headings.pairs} ${pairs}`,
  ].join('\n')
}

function about(comparison: Comparison, words: CompareWords): string {
  const [a, b] = sideNames(comparison)
  return [headline(comparison, words), `A: ${a}`, `B: ${b}`, howMany(comparison, words)].join('\n')
}

/** Text for XML 1.0, which has no way to write most control characters, and none for half a character. */
export function xml(text: string): string {
  return Buffer.from(text)
    .toString()
    .replace(NOT_IN_XML, '\uFFFD')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_IN_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g
