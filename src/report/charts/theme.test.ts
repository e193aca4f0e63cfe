import { describe, expect, test } from 'vitest'
import { accentsOf, THEMES } from './theme.ts'

const channels = (color: string): readonly number[] => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255)
const linear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)

/** Source: WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [x, y] = [a, b].map((color) => {
    const [red, green, blue] = channels(color).map(linear)
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  })
  return (Math.max(x!, y!) + 0.05) / (Math.min(x!, y!) + 0.05)
}

/** Full loss of a kind of cone. Source: Machado, Oliveira and Fernandes (2009), severity 1.0. */
const BLINDNESS = {
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const

/** The distance of two colours in CIELAB, as someone with that blindness sees them. */
function distance(a: string, b: string, matrix: readonly number[]): number {
  const [p, q] = [a, b].map((color) => {
    const rgb = channels(color).map(linear)
    const [r, g, bl] = [0, 3, 6].map((row) =>
      Math.min(1, Math.max(0, matrix[row]! * rgb[0]! + matrix[row + 1]! * rgb[1]! + matrix[row + 2]! * rgb[2]!)),
    )
    const f = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116)
    const x = f((0.4124 * r! + 0.3576 * g! + 0.1805 * bl!) / 0.9505)
    const y = f(0.2126 * r! + 0.7152 * g! + 0.0722 * bl!)
    const z = f((0.0193 * r! + 0.1192 * g! + 0.9505 * bl!) / 1.089)
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
  })
  return Math.hypot(...p!.map((value, index) => value - q![index]!))
}

describe.each(Object.values(THEMES))('the theme $name', (theme) => {
  test.each([...theme.accents, ...theme.causes, theme.otherCauses, theme.ink])('%s stands out of the background, 3 to 1', (color) => {
    expect(contrast(color, theme.background)).toBeGreaterThanOrEqual(3)
  })

  test.each([theme.ink, theme.quiet])('words in %s can be read, 4.5 to 1', (color) => {
    expect(contrast(color, theme.background)).toBeGreaterThanOrEqual(4.5)
  })

  test.each(Object.entries(BLINDNESS))('the proxy modes are told apart, blindness: %s', (_kind, matrix) => {
    const [iptables, ipvs, nftables] = theme.accents
    for (const [a, b] of [
      [iptables, ipvs],
      [iptables, nftables],
      [ipvs, nftables],
    ] as const)
      expect(distance(a, b, matrix)).toBeGreaterThan(10)
  })
})

describe('accents', () => {
  test('a mode has its colour, whatever stands before it', () => {
    expect(accentsOf(['a', 'ipvs-wlc', 'iptables']).get('ipvs-wlc')?.index).toBe(1)
    expect(accentsOf(['iptables']).get('iptables')?.index).toBe(0)
  })

  test('12 names have 12 looks', () => {
    const names = Array.from({ length: 12 }, (_, index) => `variant-${index}`)
    expect(new Set([...accentsOf(names).values()].map((accent) => JSON.stringify(accent))).size).toBe(12)
  })
})
