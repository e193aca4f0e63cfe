import type { ChartKind } from '../../charts/chart.ts'
import type { Tables } from '../../charts/tables.ts'
import type { ChartWords } from '../../language/charts.ts'
import type { PageWords } from '../../language/page.ts'
import { inView, rowsOfChoice } from './chart-tables.ts'
import { byId, element } from './elements.ts'
import { Figure } from './figure.ts'
import { Overview } from './overview.ts'
import { currentTheme, onThemeChange } from './theme.ts'
import { shifted, type View, viewOf, zoomed } from './view.ts'

export interface ChartsOptions {
  readonly tables: Tables
  readonly kinds: readonly ChartKind[]
  readonly variants: readonly string[]
  /** Seconds of the run. */
  readonly seconds: number
  readonly words: { readonly page: PageWords; readonly charts: ChartWords }
}

/** All charts of the page: they share the range of time, the traffic and the choice of variants. */
export class Charts {
  readonly #options: ChartsOptions
  readonly #figures: readonly Figure[]
  readonly #overview: Overview
  readonly #from = byId<HTMLInputElement>('range-from')
  readonly #to = byId<HTMLInputElement>('range-to')
  #view: View
  #scheduled = false

  constructor(options: ChartsOptions) {
    this.#options = options
    this.#view = { from: 0, to: options.seconds }
    const { words, seconds, kinds } = options
    const show = (from: number, to: number): void => this.#show(viewOf(from, to, seconds))
    const drag = { chosen: show, whole: () => this.#show({ from: 0, to: seconds }) }
    this.#figures = kinds.map((kind) => new Figure(kind, words, drag))
    byId('figures').replaceChildren(...this.#figures.map(({ root }) => root))
    this.#overview = new Overview(byId('overview'), { end: seconds, label: words.page.charts.overview, chosen: show })
    this.#writeRange()
    this.#listen()
  }

  #listen(): void {
    const { seconds, words } = this.#options
    byId('chart-controls').hidden = false
    const click = (id: string, next: (view: View) => View): void => byId(id).addEventListener('click', () => this.#show(next(this.#view)))
    click('zoom-in', (view) => zoomed(view, 0.5, seconds))
    click('zoom-out', (view) => zoomed(view, 2, seconds))
    click('earlier', (view) => shifted(view, -0.5, seconds))
    click('later', (view) => shifted(view, 0.5, seconds))
    click('whole', () => ({ from: 0, to: seconds }))
    for (const input of [this.#from, this.#to]) {
      input.max = String(seconds)
      input.addEventListener('change', () => this.#show(viewOf(this.#from.valueAsNumber || 0, this.#to.valueAsNumber || seconds, seconds)))
    }
    const redraw = (): void => this.draw()
    document.getElementById('traffic')?.addEventListener('change', redraw)
    document.getElementById('only-chosen')?.addEventListener('change', redraw)
    for (const input of document.querySelectorAll('input[name="variant"]')) input.addEventListener('change', redraw)
    onThemeChange(redraw)
    addEventListener('resize', redraw)
    for (const row of document.querySelectorAll<HTMLElement>('tr[data-from]')) {
      const button = element('button', { type: 'button', className: 'show' }, words.page.events.zoom)
      button.setAttribute('aria-label', `${words.page.events.zoom}: ${row.querySelector('code')?.textContent ?? ''}`)
      button.addEventListener('click', () => {
        const [from, to] = [Number(row.dataset.from), Number(row.dataset.to)]
        const around = Math.max(5, (to - from) * 0.5)
        this.#show(viewOf(from - around, to + around, seconds))
        byId('charts').scrollIntoView()
      })
      row.querySelector('td.place')?.append(button)
    }
  }

  #show(view: View): void {
    this.#view = view
    // At once rather than with the next picture, which would undo what is typed into the other field by then.
    this.#writeRange()
    this.draw()
  }

  #writeRange(): void {
    this.#from.value = String(rounded(this.#view.from))
    this.#to.value = String(rounded(this.#view.to))
  }

  /** Draws everything anew, once before the next picture of the screen. */
  draw(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      this.#draw()
    })
  }

  #draw(): void {
    const { tables, variants, seconds, words } = this.#options
    const { from, to } = this.#view
    const traffic = (document.getElementById('traffic') as HTMLSelectElement | null)?.value ?? null
    const chosen = Number(document.querySelector<HTMLInputElement>('input[name="variant"]:checked')?.value ?? 0)
    const only = (document.getElementById('only-chosen') as HTMLInputElement | null)?.checked === true
    const shown = only ? [variants[chosen]!] : variants
    const theme = currentTheme()
    const whole = from <= 0 && to >= seconds
    const scene = { tables: whole ? tables : inView(tables, this.#view), variants: shown, traffic, theme }
    const requests = tables.get('requests')
    if (requests !== undefined) this.#overview.draw(rowsOfChoice(requests, shown, traffic), this.#view, theme)
    for (const figure of this.#figures) figure.draw(scene)
    byId('range-state').textContent = this.#state(scene.tables, shown[0]!, traffic, words.page)
  }

  /** Whether every row of the range is a point of its own, in words. */
  #state(tables: Tables, variant: string, traffic: string | null, { charts }: PageWords): string {
    const all = tables.get('requests')
    const rows = all === undefined ? null : rowsOfChoice(all, [variant], traffic)
    const { from, to } = this.#view
    const count = rows?.rows ?? 0
    byId('range-state').dataset.rows = String(count)
    if (rows === null || count === 0) return charts.empty
    const width = Math.max(280, byId('figures').clientWidth)
    const together = Math.ceil(count / width)
    const length = rows.numbers('interval_s').reduce((most, one) => Math.max(most, one), 0)
    const state = together === 1 ? charts.exact(String(rounded(length))) : charts.coarse(String(together))
    return `${charts.shown(String(count), String(rounded(to - from)))}; ${state}`
  }
}

/** To a millisecond. */
function rounded(seconds: number): number {
  return Number(seconds.toFixed(3))
}
