/**
 * Colours of charts. What stands for a variant or a mode is told apart in every common form of colour blindness, and by its symbol and
 * its dashes besides; theme.test.ts holds contrasts and distances.
 */
export interface Theme {
  readonly name: 'light' | 'dark' | 'print'
  readonly background: string
  /** Of what is read first, and of the rest. */
  readonly ink: string
  readonly quiet: string
  readonly axis: string
  readonly grid: string
  readonly minorGrid: string
  readonly border: string
  /** Behind lines: a time in which something happened. */
  readonly shade: string
  readonly accents: readonly string[]
  /** Of causes of failure, the most frequent first; then all others together. */
  readonly causes: readonly string[]
  readonly otherCauses: string
  /** From little to much. */
  readonly heat: readonly string[]
  /** A cell in which there is nothing to show. */
  readonly noHeat: string
}

/** Places in `accents`. */
const ACCENT_OF_MODE: Readonly<Record<string, number>> = { iptables: 0, ipvs: 1, nftables: 2, userspace: 3 }

export const THEMES = {
  light: {
    name: 'light',
    background: '#ffffff',
    ink: '#1f2430',
    quiet: '#5f6877',
    axis: '#9aa3b2',
    grid: '#eceef2',
    minorGrid: '#f5f6f8',
    border: '#d5dae3',
    shade: 'rgba(71, 84, 110, 0.10)',
    accents: ['#cf5300', '#0b67b2', '#0a7d4f', '#9c3d8c', '#8a6d00', '#00808f', '#b3243f', '#5a5f6b'],
    causes: ['#b3243f', '#d9722f', '#3f6fb5', '#7a5aa8', '#2f8f7f'],
    otherCauses: '#8a909c',
    heat: ['#e3eef8', '#9cc4e4', '#4a90c4', '#7b5aa6', '#c0365a', '#7a0c2e'],
    noHeat: '#f6f7f9',
  },
  dark: {
    name: 'dark',
    background: '#161a22',
    ink: '#eceff4',
    quiet: '#a3acbb',
    axis: '#5b6575',
    grid: '#262c38',
    minorGrid: '#1e232d',
    border: '#333b49',
    shade: 'rgba(190, 205, 235, 0.13)',
    accents: ['#ff9a52', '#5ab4f5', '#3ecb91', '#e08fd2', '#d9b640', '#3cc7d6', '#ff7d8f', '#aab2c0'],
    causes: ['#ff7d8f', '#f2a15f', '#6fa8ef', '#b79be6', '#58c7b4'],
    otherCauses: '#8d96a5',
    heat: ['#1d3247', '#2a5f8c', '#4f95cf', '#a183d3', '#ee6d8c', '#ffd3a8'],
    noHeat: '#1b2029',
  },
  print: {
    name: 'print',
    background: '#ffffff',
    ink: '#000000',
    quiet: '#404040',
    axis: '#707070',
    grid: '#e2e2e2',
    minorGrid: '#f0f0f0',
    border: '#ffffff',
    shade: 'rgba(0, 0, 0, 0.08)',
    accents: ['#c24d00', '#005a9c', '#006b42', '#87307a', '#6f5700', '#006c79', '#9c1a34', '#454a55'],
    causes: ['#9c1a34', '#c9652a', '#2f5fa5', '#6a4a98', '#1f7f6f'],
    otherCauses: '#707682',
    heat: ['#e6e6e6', '#bdbdbd', '#969696', '#6b6b6b', '#404040', '#000000'],
    noHeat: '#fafafa',
  },
} as const satisfies Readonly<Record<string, Theme>>

export type ThemeName = keyof typeof THEMES

export type Marker = 'circle' | 'rect' | 'triangle' | 'diamond'
/** Lengths of strokes and gaps in pixels. */
export type Dash = 'solid' | readonly number[]

/** How a variant or mode looks, in every chart of a run. */
export interface Accent {
  readonly index: number
  readonly symbol: Marker
  readonly dash: Dash
}

const SYMBOLS: readonly Marker[] = ['circle', 'rect', 'triangle', 'diamond']
const DASHES: readonly Dash[] = ['solid', 'solid', [5, 4], [2, 3], [8, 3, 2, 3], [10, 4], [4, 2], [1, 2]]

/**
 * An accent for each name, in the order of the run. A name that is or begins with a proxy mode has the colour of that mode; of several
 * such the first. After eight names colours repeat, with other dashes.
 */
export function accentsOf(names: readonly string[]): ReadonlyMap<string, Accent> {
  const accents = new Map<string, Accent>()
  const colours = THEMES.light.accents.length
  const taken = new Set<number>()
  const give = (name: string, place: number): void => {
    taken.add(place)
    const round = Math.floor(place / colours)
    accents.set(name, {
      index: place % colours,
      symbol: SYMBOLS[(place + round) % SYMBOLS.length]!,
      dash: DASHES[(place + round) % DASHES.length]!,
    })
  }
  for (const name of names) {
    const mode = Object.keys(ACCENT_OF_MODE).find((key) => name.toLowerCase().startsWith(key))
    if (mode !== undefined && !taken.has(ACCENT_OF_MODE[mode]!)) give(name, ACCENT_OF_MODE[mode]!)
  }
  let next = 0
  for (const name of names) {
    if (accents.has(name)) continue
    while (taken.has(next)) next++
    give(name, next)
  }
  return new Map(names.map((name) => [name, accents.get(name)!]))
}

export function colorOf(theme: Theme, accent: Accent | undefined): string {
  return accent === undefined ? theme.ink : theme.accents[accent.index]!
}
