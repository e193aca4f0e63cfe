import { BLAME_PARTS, type BlamePart } from '../../metrics/blame.ts'
import { REQUEST_WORDS } from '../../scenario/story-language/request-words.ts'
import { formatMilliseconds } from '../format.ts'
import { type ChosenRequest, chosenRequests, type SampledStep } from './chosen-requests.ts'
import { type PageContext, perVariant, scrollingTable, section } from './context.ts'
import { type Html, html } from './html.ts'

/** Steps of all variants together, of one request, and indents; what is left out is said. */
const STEPS_MAX = 3000
const REQUEST_STEPS_MAX = 80
const DEPTH_MAX = 6

/** Units of a picture across, and of the thinnest bar in it. */
const WIDTH = 400
const THINNEST = 1.5

/** Requests step by step, each as a waterfall: of each traffic the slowest, one of each cause of failure, and a typical one. */
export function samplesSection(context: PageContext): Html {
  const { words, result } = context
  const { title, intro, absent, none, left } = words.samples
  if (result.samples === null)
    return section(
      'samples',
      title,
      html`<p>${absent} <code>towtank run FILE --report --samples 3</code></p>
`,
    )
  const samples = result.samples
  const room = Math.floor(STEPS_MAX / result.summary.variants.length)
  return section(
    'samples',
    title,
    html`<p>${intro}</p>
`,
    perVariant(context, (variant) => {
      const traffics = chosenRequests(samples, variant)
      if (traffics.length === 0)
        return html`<p>${none}</p>
`
      let used = 0
      let leftOut = 0
      const fits = (request: ChosenRequest): boolean => {
        const steps = Math.min(request.steps.length, REQUEST_STEPS_MAX)
        const fit = used + steps <= room
        if (fit) used += steps
        else leftOut++
        return fit
      }
      const shown = traffics.map(({ traffic, requests }) => ({ traffic, requests: requests.filter(fits) }))
      return [
        shown.map(
          ({ traffic, requests }) =>
            requests.length > 0 &&
            html`<h4>${traffic}</h4>
${requests.map((request, index) => waterfall(context, traffic, request, index === 0))}`,
        ),
        leftOut > 0 &&
          html`<p class="note">${left(leftOut)}</p>
`,
      ]
    }),
  )
}

function waterfall(context: PageContext, traffic: string, { number, why, steps }: ChosenRequest, open: boolean): Html {
  const { words, language } = context
  const { request, reasons, failed, at, took, step, where, detail, picture, cut } = words.samples
  const [root] = steps
  const from = Math.min(...steps.map(({ started }) => started))
  const length = Math.max(...steps.map(({ ended }) => ended)) - from
  const kind = why
    .map((reason) => (reason.startsWith('failed') ? failed(reason.slice('failed '.length)) : reasons[reason]))
    .join(words.listComma)
  const label = `${kind}${words.colon}${request(number, traffic)}`
  const shown = steps.slice(0, REQUEST_STEPS_MAX)
  return html`<details class="chapter"${open ? html` open` : ''}><summary>${kind} <span class="quiet">${request(number, traffic)}${REQUEST_WORDS[language].comma}${formatMilliseconds((root!.ended - root!.started) / 1e6)}</span></summary>
${scrollingTable(
  label,
  html`<table class="waterfall">
<caption class="hidden-caption">${label}</caption>
<thead><tr><th scope="col">${step}</th><th scope="col" class="number">${at}</th><th scope="col" class="number">${took}</th><th scope="col">${picture}</th><th scope="col">${where}</th><th scope="col">${detail}</th></tr></thead>
<tbody>
${shown.map(
  (
    one,
  ) => html`<tr><th scope="row" class="depth-${Math.min(one.depth, DEPTH_MAX)}">${stepName(context, one)}</th><td class="number">${elapsed(one.started - root!.started)}</td><td class="number">${one.ended === one.started ? '–' : formatMilliseconds((one.ended - one.started) / 1e6)}</td><td>${bar(one, from, length)}</td><td>${one.where}</td><td>${REQUEST_WORDS[language].detail(one.detail)}</td></tr>
`,
)}</tbody>
</table>`,
)}${
  steps.length > shown.length &&
  html`<p class="note">${cut(steps.length - shown.length)}</p>
`
}</details>
`
}

/** ns since the request was to be sent. */
function elapsed(nanos: number): string {
  return nanos < 0 ? `−${formatMilliseconds(-nanos / 1e6)}` : `+${formatMilliseconds(nanos / 1e6)}`
}

function stepName({ words }: PageContext, { name }: SampledStep): string {
  return words.samples.steps[name] ?? words.blame.parts[name as BlamePart] ?? name
}

/** An instant is a thin line. */
function bar({ name, started, ended }: SampledStep, from: number, length: number): Html {
  const scale = length === 0 ? 0 : (WIDTH - THINNEST) / length
  const x = (started - from) * scale
  const width = Math.max((ended - started) * scale, THINNEST)
  const part = BLAME_PARTS.indexOf(name as BlamePart)
  return html`<svg class="step" viewBox="0 0 ${WIDTH} 12" preserveAspectRatio="none" aria-hidden="true"><rect class="${part < 0 ? 'span-whole' : `tint-${part}`}" x="${x.toFixed(2)}" y="${part < 0 ? 4 : 1}" width="${width.toFixed(2)}" height="${part < 0 ? 4 : 10}"/></svg>`
}
