import { canonicalSelector, complaintsAboutSelector, type LabelSelector, matchesSelector, parseSelector } from '../../../src/api/labels.ts'
import type { StringMap } from '../../../src/api/objects/meta.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** What labels.Parse, Selector.Matches and LabelSelectorAsSelector of Kubernetes v1.36.2 answered. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  const labelSets: readonly StringMap[] = casesIn(file, 'labelSets')
  const bits = (selector: LabelSelector): string => labelSets.map((labels) => (matchesSelector(selector, labels) ? '1' : '0')).join('')
  for (const row of casesIn(file)) {
    tally.attempt(row.id, () => {
      if (row.labelSelector !== undefined) tally.same(row.id, answerToObject(row.labelSelector, bits), expectedOf(row))
      else if (row.labels !== undefined) checkMatch(row, tally)
      else tally.same(row.id, answerToText(row.selector, bits), expectedOf(row))
    })
  }
  return tally
}

type Answer = { readonly ok: false } | { readonly ok: true; readonly canonical: string; readonly matches: string }

function expectedOf(row: Case): Answer {
  return row.ok ? { ok: true, canonical: row.canonical, matches: row.matches } : { ok: false }
}

function answerToText(text: string, bits: (selector: LabelSelector) => string): Answer {
  const parsed = parseSelector(text)
  return parsed.ok ? { ok: true, canonical: parsed.canonical, matches: bits(parsed.selector) } : { ok: false }
}

function answerToObject(raw: Case, bits: (selector: LabelSelector) => string): Answer {
  const selector = {
    matchLabels: raw.matchLabels ?? {},
    matchExpressions: (raw.matchExpressions ?? []).map((requirement: Case) => ({ ...requirement, values: requirement.values ?? [] })),
  } as LabelSelector
  if (complaintsAboutSelector(selector).length > 0) return { ok: false }
  return { ok: true, canonical: canonicalSelector(selector), matches: bits(selector) }
}

/**
 * One upstream test asks a selector that has an uninitialised requirement in it. No text gives such a selector, and it prints as "", the
 * same as the selector of everything, which matches: such a row that says otherwise cannot be told from "" any more.
 */
function checkMatch(row: Case, tally: Tally): void {
  if (row.selector === '' && row.match === false) {
    tally.skip(row.id, 'a selector with an uninitialised requirement has no text of its own')
    return
  }
  const parsed = parseSelector(row.selector)
  tally.same(row.id, parsed.ok && matchesSelector(parsed.selector, row.labels), row.match)
}
