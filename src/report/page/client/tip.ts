import { element } from './elements.ts'

/** What echarts tells of a point under the mouse. */
interface Told {
  readonly axisValueLabel?: string
  readonly axisValue?: number | string
  readonly seriesName?: string
  readonly seriesType?: string
  readonly color?: unknown
  readonly value?: unknown
  readonly data?: unknown
  readonly seriesIndex?: number
}

type Format = (value: unknown) => string

/**
 * The box at the mouse, as elements: echarts' own is text with styles in it, which the policy of the page forbids. `formats` says how values of a
 * series are written, by its place.
 */
export function tipFormatter(formats: readonly (Format | undefined)[]): (told: Told | readonly Told[]) => HTMLElement | string {
  return (told) => {
    const all = (Array.isArray(told) ? told : [told]) as readonly Told[]
    const rows = all.flatMap((one) => {
      if (one.seriesType === 'custom' && formats[one.seriesIndex ?? -1] === undefined) return []
      const value = Array.isArray(one.value) ? one.value.at(-1) : one.value
      if (typeof value !== 'number' || Number.isNaN(value)) return []
      const format = formats[one.seriesIndex ?? -1] ?? String
      return [tipRow(one, format(value))]
    })
    if (rows.length === 0) return ''
    const head = all[0]?.axisValueLabel ?? ''
    return element('div', { className: 'tip' }, element('b', {}, head), ...rows)
  }
}

function tipRow({ color, seriesName = '' }: Told, value: string): HTMLElement {
  const mark = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
  mark.setAttribute('viewBox', '0 0 10 10')
  for (const [name, number] of [
    ['cx', '5'],
    ['cy', '5'],
    ['r', '5'],
  ] as const)
    circle.setAttribute(name, number)
  if (typeof color === 'string') circle.setAttribute('fill', color)
  mark.append(circle)
  return element('div', { className: 'tip-row' }, mark, element('span', {}, seriesName), element('b', {}, value))
}
