import { REQUEST_WORDS } from '../../scenario/story-language/request-words.ts'
import { type PageContext, scrollingTable, section } from './context.ts'
import { type Html, html, type Piece } from './html.ts'

/** Where numbers come from, in the order of how little is known: what is assumed deserves the reader's doubt first. */
const PROVENANCES = ['assumed', 'measured', 'cited', 'given'] as const
type Provenance = (typeof PROVENANCES)[number]

/** Parameters of a provenance that are shown, and signs of a value; what is left out is said. */
const ROWS_MAX = 600
const SIGNS_MAX = 300

interface Value {
  readonly variant: string
  readonly value: string
  readonly unit: string
  readonly provenance: string
  readonly source: string
}

interface Parameter {
  readonly name: string
  /** One a variant that has it, in their order. */
  readonly values: readonly Value[]
  /** Not all variants that have it have it alike. */
  readonly differs: boolean
  /** It has an effect in every variant. */
  readonly everywhere: boolean
}

/** Every number in force and where it comes from: how many of each provenance, and a list of each that opens. */
export function provenanceSection(context: PageContext): Html {
  const { words, result } = context
  const all = parametersOf(context)
  const variants = result.summary.variants.map(({ variant }) => variant)
  const { title, intro, provenance, kinds, meanings, caption } = words.provenance
  const count = (variant: string, kind: Provenance): number =>
    all.filter(({ values }) => values.some((own) => own.variant === variant && own.provenance === kind)).length
  return section(
    'provenance',
    title,
    html`<p>${intro}</p>
`,
    scrollingTable(
      caption,
      html`<table class="provenances">
<caption>${caption}</caption>
<thead><tr><th scope="col">${provenance}</th>${variants.map((variant) => html`<th scope="col" class="number">${variant}</th>`)}<th scope="col">${words.provenance.meaning}</th></tr></thead>
<tbody>
${PROVENANCES.map(
  (
    kind,
  ) => html`<tr><th scope="row">${kinds[kind]}</th>${variants.map((variant) => html`<td class="number">${count(variant, kind)}</td>`)}<td>${meanings[kind]}</td></tr>
`,
)}</tbody>
</table>`,
    ),
    PROVENANCES.map((kind) =>
      list(
        context,
        kind,
        all.filter(({ values }) => values.some((own) => own.provenance === kind)),
      ),
    ),
  )
}

function parametersOf({ result }: PageContext): readonly Parameter[] {
  const { variants } = result.summary
  const table = result.parameters
  const column = (name: string): ((row: number) => string) => {
    const { texts, places } = table.texts(name)
    return (row) => texts[places[row]!]!
  }
  const [variant, parameter, value, unit, provenance, source] = ['variant', 'parameter', 'value', 'unit', 'provenance', 'source'].map(
    column,
  )
  const byName = new Map<string, Value[]>()
  for (let row = 0; row < table.length; row++) {
    const one = {
      variant: variant!(row),
      value: value!(row),
      unit: unit!(row),
      provenance: provenance!(row),
      source: source!(row),
    }
    const known = byName.get(parameter!(row))
    if (known === undefined) byName.set(parameter!(row), [one])
    else known.push(one)
  }
  return [...byName].map(([name, values]) => ({
    name,
    values,
    differs: new Set(values.map((own) => JSON.stringify([own.value, own.unit]))).size > 1,
    everywhere: new Set(values.map((own) => own.variant)).size === variants.length,
  }))
}

function list({ words, language }: PageContext, kind: Provenance, parameters: readonly Parameter[]): Piece {
  if (parameters.length === 0) return null
  const { kinds, parameter, value, source, differing, more, counted } = words.provenance
  const differ = parameters.filter(({ differs }) => differs).length
  const shown = parameters.slice(0, ROWS_MAX)
  const label = `${kinds[kind]}${words.colon}${counted(parameters.length)}`
  return html`<details class="chapter"><summary>${kinds[kind]} <span class="quiet">${counted(parameters.length)}${differ === 0 ? '' : `${REQUEST_WORDS[language].comma}${differing(differ)}`}</span></summary>
${scrollingTable(
  label,
  html`<table class="parameters">
<caption class="hidden-caption">${label}</caption>
<thead><tr><th scope="col">${parameter}</th><th scope="col">${value}</th><th scope="col">${source}</th></tr></thead>
<tbody>
${shown.map((one) => row(words, kind, one))}</tbody>
</table>`,
)}${
  parameters.length > shown.length &&
  html`<p class="note">${more(parameters.length - shown.length)}</p>
`
}</details>
`
}

function row(words: PageContext['words'], kind: Provenance, { name, values, differs, everywhere }: Parameter): Html {
  const own = values.filter(({ provenance }) => provenance === kind)
  const mixed = own.length < values.length
  const marks = [
    differs && html`<span class="mark warn">≠ ${words.provenance.differs}</span>`,
    !everywhere && html`<span class="mark quiet">${words.provenance.only(values.map(({ variant }) => variant))}</span>`,
  ]
  const one = ({ variant, value, unit, provenance }: Value): Html =>
    html`<div><span class="quiet">${variant}${words.colon}</span>${shownValue(value)}${unit === '' ? '' : ` ${unit}`}${
      provenance === kind ? '' : html` <span class="quiet">(${words.provenance.kinds[provenance] ?? provenance})</span>`
    }</div>`
  const first = own[0]!
  const sources = [...new Set(own.map(({ source }) => source))]
  return html`<tr${differs ? html` class="differs"` : ''}><th scope="row"><code>${name}</code>${marks}</th><td>${
    differs || mixed ? values.map(one) : [shownValue(first.value), first.unit === '' ? '' : ` ${first.unit}`]
  }</td><td>${sources.map((source) => html`<div>${source}</div>`)}</td></tr>
`
}

function shownValue(value: string): string {
  if (value === '') return '–'
  return value.length > SIGNS_MAX ? `${value.slice(0, SIGNS_MAX)}…` : value
}
