import type { EChartsOption } from 'echarts'
import type { ChartWords } from '../language/charts.ts'
import type { Sentence } from './sentence.ts'
import type { TableName, Tables } from './tables.ts'
import type { Theme } from './theme.ts'

/** What of the tables is to be drawn. */
export interface Choice {
  /** Only these variants; all when left out. Colours do not depend on it. */
  readonly variants?: readonly string[]
  /** The traffic; by default the one with the most requests that is not a call between pods. */
  readonly traffic?: string
  /** Points along the time axis at most: what is finer is put together as smallest, mean and largest. */
  readonly points?: number
}

/** How it is to look. */
export interface Look {
  readonly theme: Theme
  readonly words: ChartWords
  /** Pixels. */
  readonly width: number
  readonly height: number
  /** With tooltips and zoom, for a browser; without them a still picture. */
  readonly interactive: boolean
  /** Draws title, finding and footer into the picture. A page that has them in its own text leaves them out. */
  readonly heading: boolean
  /** Where the numbers are from, at the bottom, such as `scenario shop, seed 42`. */
  readonly footer?: string
}

/** A chart whose numbers are ready. */
export interface Chart {
  readonly kind: string
  /** There is nothing to draw; `option` then draws a frame that says so. */
  readonly empty: boolean
  title(words: ChartWords): string
  /** What there is to see in it, in a sentence: also the text for those who do not see it. */
  finding(words: ChartWords): Sentence
  /** The height that suits it at a width, in pixels. */
  height(width: number): number
  /** Pure: nothing of Node, nothing of a browser. */
  option(look: Look): EChartsOption
}

/** A kind of chart. Adding one is a file and a line in kinds.ts. */
export interface ChartKind {
  /** As the command line calls it. */
  readonly name: string
  /** Tables that must be there; it is drawn for the first of them. */
  readonly reads: readonly TableName[]
  /** Tables that it uses where they are there. */
  readonly also: readonly TableName[]
  /** Aggregates the tables. They must have what `reads` names. */
  prepare(tables: Tables, choice?: Choice): Chart
}

/** A kind of chart over its own form of data. */
export interface Recipe<Data> {
  readonly name: string
  readonly reads: readonly TableName[]
  readonly also?: readonly TableName[]
  data(tables: Tables, choice: Choice): Data
  isEmpty(data: Data): boolean
  title(data: Data, words: ChartWords): string
  finding(data: Data, words: ChartWords): Sentence
  height?(data: Data, width: number): number
  option(data: Data, look: Look): EChartsOption
}

export function chartKind<Data>(recipe: Recipe<Data>): ChartKind {
  return {
    name: recipe.name,
    reads: recipe.reads,
    also: recipe.also ?? [],
    prepare(tables, choice = {}) {
      const data = recipe.data(tables, choice)
      return {
        kind: recipe.name,
        empty: recipe.isEmpty(data),
        title: (words) => recipe.title(data, words),
        finding: (words) => recipe.finding(data, words),
        height: (width) => recipe.height?.(data, width) ?? DEFAULT_HEIGHT,
        option: (look) => recipe.option(data, look),
      }
    },
  }
}

/** Pixels. */
export const DEFAULT_HEIGHT = 460
export const DEFAULT_POINTS = 800
