import { describe, expect, test } from 'vitest'
import { crossover, type LookupChartData, lookupChart, toPng } from './lookup-chart.ts'

const points = (...times: number[]) => times.map((ns, index) => ({ services: [1, 10, 100, 1000][index]!, ns }))

const data: LookupChartData = {
  iptables: points(5, 50, 500, 5000),
  ipvs: points(20, 20, 20, 20),
  nftables: points(20, 20, 21, 22),
  provenance: 'towtank <test>',
}

describe('crossover', () => {
  test('lies where two lines meet in a log-log chart', () => {
    // 5 n meets 20 at n = 4
    const crossing = crossover(data.iptables, data.ipvs)
    expect(crossing?.services).toBeCloseTo(4, 9)
    expect(crossing?.ns).toBeCloseTo(20, 9)
  })

  test('is the last place where they meet, when noise makes them meet more often', () => {
    expect(crossover(points(5, 21, 19, 80), points(20, 20, 20, 20))?.services).toBeGreaterThan(100)
  })

  test.each([
    ['always costs more', points(30, 40, 50, 60)],
    ['never costs more', points(1, 2, 3, 4)],
  ])('is nowhere when the rule list %s', (_case, dear) => {
    expect(crossover(dear, data.ipvs)).toBeNull()
  })
})

describe('the chart', () => {
  const svg = lookupChart(data)

  test('is the same for the same points', () => {
    expect(lookupChart(data)).toBe(svg)
  })

  test('names every mode at its line, with its figure and unit', () => {
    for (const words of ['>iptables<', '>5 µs<', '>ipvs<', '>20 ns<', '>nftables<', '>22 ns<']) expect(svg).toContain(words)
  })

  test('has a colour a mode: orange, blue, green', () => {
    for (const color of ['#cf5300', '#0b67b2', '#0a7d4f']) expect(svg).toContain(color)
  })

  test('marks the crossover, and says so', () => {
    expect(svg).toContain('at about 4 Services')
    expect(lookupChart({ ...data, iptables: points(30, 40, 50, 60) })).not.toContain('crossover')
  })

  test('escapes what it is given', () => {
    expect(svg).toContain('towtank &lt;test>')
  })

  test('becomes a PNG of twice its size', () => {
    const png = toPng(svg)
    expect([...png.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47])
    const view = new DataView(png.buffer, png.byteOffset)
    expect([view.getUint32(16), view.getUint32(20)]).toEqual([1800, 1120])
  })
})
