import type { Theme } from '../theme.ts'
import type { Box } from './frame.ts'
import { type Scale, shareOf } from './scale.ts'
import { FONT_FAMILY, textWidth } from './text-width.ts'

export const AXIS_SIZE = 12

export interface AxisOptions {
  readonly theme: Theme
  readonly scale: Scale
  readonly panel: number
  /** What the values are, with their unit: read by those who read the option, and by tests; captions of ours show it. */
  readonly name: string
  readonly label: (value: number) => string
  readonly labelled?: boolean
}

function axis({ theme, scale, panel, name, label, labelled = true }: AxisOptions): Record<string, unknown> {
  return {
    gridIndex: panel,
    type: scale.type,
    min: scale.min,
    max: scale.max,
    name,
    nameTextStyle: { fontSize: 0, color: 'transparent' },
    nameLocation: 'middle',
    axisLabel: {
      show: labelled,
      color: theme.quiet,
      fontSize: AXIS_SIZE,
      fontFamily: FONT_FAMILY,
      customValues: [...scale.ticks],
      formatter: (value: number) => label(value),
      hideOverlap: false,
    },
  }
}

/** An axis along the bottom, with a line and ticks. */
export function bottomAxis(options: AxisOptions & { readonly grid?: boolean }): Record<string, unknown> {
  const { theme, scale, labelled = true } = options
  return {
    ...axis(options),
    axisLine: { show: true, onZero: false, lineStyle: { color: theme.axis } },
    axisTick: { show: labelled, customValues: [...scale.ticks], lineStyle: { color: theme.axis } },
    minorTick: { show: false },
    splitLine: { show: options.grid === true, lineStyle: { color: theme.grid } },
  }
}

/** An axis up the left side: labels and a quiet grid, no line. */
export function leftAxis(options: AxisOptions): Record<string, unknown> {
  const { theme, scale } = options
  return {
    ...axis(options),
    axisLine: { show: false },
    axisTick: { show: false, customValues: [...scale.ticks] },
    splitLine: { show: true, lineStyle: { color: theme.grid } },
  }
}

/** The room that the labels of a left axis need. */
export function leftRoom(scale: Scale, label: (value: number) => string): number {
  return Math.ceil(Math.max(...scale.ticks.map((tick) => textWidth(label(tick), AXIS_SIZE)))) + 10
}

export function grid({ x, y, width, height }: Box): Record<string, unknown> {
  return { left: x, top: y, width, height, containLabel: false, outerBoundsMode: 'none' }
}

/** The pixel at which a value of the left axis lies. */
export function pixelY(box: Box, scale: Scale, value: number): number {
  return box.y + box.height * (1 - shareOf(scale, value))
}

export function pixelX(box: Box, scale: Scale, value: number): number {
  return box.x + box.width * shareOf(scale, value)
}
