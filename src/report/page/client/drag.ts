import type { EChartsType } from 'echarts/core'
import { element } from './elements.ts'

export interface DragOptions {
  readonly chosen: (from: number, to: number) => void
  readonly whole: () => void
}

/** Pixels under which a drag is a click. */
const CLICK = 4

/** Lets a range of time be chosen by dragging over the plots of a chart; a double-click asks for the whole run. */
export function dragToZoom(area: HTMLElement, chart: () => EChartsType, plots: () => number, { chosen, whole }: DragOptions): void {
  let startX = 0
  let plot = -1
  let shade: HTMLElement | null = null

  const at = (event: PointerEvent): { readonly x: number; readonly y: number } => {
    const box = area.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const finish = (): void => {
    shade?.remove()
    shade = null
    plot = -1
  }
  area.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch') return
    const { x, y } = at(event)
    plot = Array.from({ length: plots() }, (_, index) => index).find((index) => chart().containPixel({ gridIndex: index }, [x, y])) ?? -1
    if (plot < 0) return
    startX = x
    area.setPointerCapture(event.pointerId)
  })
  area.addEventListener('pointermove', (event) => {
    if (plot < 0) return
    const { x } = at(event)
    if (shade === null && Math.abs(x - startX) < CLICK) return
    if (shade === null) {
      shade = element('div', { className: 'selection' })
      area.append(shade)
    }
    shade.style.left = `${Math.min(x, startX)}px`
    shade.style.width = `${Math.abs(x - startX)}px`
  })
  area.addEventListener('pointerup', (event) => {
    const { x } = at(event)
    const on = plot
    const moved = shade !== null
    finish()
    if (on < 0 || !moved || Math.abs(x - startX) < CLICK) return
    const [from, to] = [startX, x].map((pixel) => Number(chart().convertFromPixel({ xAxisIndex: on }, pixel)))
    if (Number.isFinite(from) && Number.isFinite(to)) chosen(from!, to!)
  })
  area.addEventListener('pointercancel', finish)
  area.addEventListener('dblclick', whole)
}
