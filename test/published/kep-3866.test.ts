import { describe, expect, test } from 'vitest'
import { LINUX_6_1 } from '../../src/profiles/cost-profile.ts'
import { MICROSECOND } from '../../src/units.ts'

/**
 * The latency of a connection's first packet against the number of Services, as published with the nftables mode, and what the cost profile says.
 *
 * A Service hit at random stands anywhere in KUBE-SERVICES, so quantile q of the walk is that of a list of q × N rules. What is not the walk, the
 * network and the noise of that machine, is taken from the published nftables series, which has no walk. That machine is another one than the profile's: one
 * factor on the profile's walk is fitted on the row of 5,000 Services, and the rows of 10,000 and 30,000 are predicted.
 *
 * Source: kubernetes/enhancements KEP-3866, iptables-vs-nftables.svg, bars read off to ± 0.004 ms; round trip of the first packet, ms.
 */
const QUANTILES = [0.01, 0.5, 0.9, 0.99] as const
const NFTABLES = [0.0097, 0.0136, 0.0215, 0.0373]
const IPTABLES: ReadonlyMap<number, readonly number[]> = new Map([
  [5000, [0.0176, 0.0491, 0.1202, 0.1557]],
  [10_000, [0.0097, 0.061, 0.1873, 0.2623]],
  [30_000, [0.0412, 0.2741, 0.4912, 0.7162]],
])

/** ms that the profile charges for the rules before the hit. */
function walkMs(rules: number): number {
  const at = (position: number) => LINUX_6_1.firstPacketNs('iptables-legacy', position, 0, 1)
  return (at(Math.round(rules)) - at(0)) / (1000 * MICROSECOND)
}

/** Least squares over the row of 5,000 Services, each quantile weighted with what was published. */
function fittedFactor(): number {
  let [up, down] = [0, 0]
  for (const [index, q] of QUANTILES.entries()) {
    const published = IPTABLES.get(5000)![index]!
    const walk = walkMs(q * 5000) / published
    up += walk * ((published - NFTABLES[index]!) / published)
    down += walk * walk
  }
  return up / down
}

const predicted = (services: number, index: number) => NFTABLES[index]! + fittedFactor() * walkMs(QUANTILES[index]! * services)
const ratio = (services: number, index: number) => predicted(services, index) / IPTABLES.get(services)![index]!

describe('first-packet latency of KEP-3866', () => {
  test('a rule cost that machine some 4.4 times what it costs the machine of the profile', () => {
    // In the middle of 5,000 rules: 4.0 ns a rule here, 17 ns there.
    expect(fittedFactor()).toBeGreaterThan(4)
    expect(fittedFactor()).toBeLessThan(5)
  })

  test.each(
    [10_000, 30_000]
      .flatMap((services) => QUANTILES.map((q, index) => ({ services, q, index })))
      .filter(({ services, q }) => !(services === 30_000 && q === 0.01)),
  )('$services Services, quantile $q: predicted within a factor of 2', ({ services, index }) => {
    expect(ratio(services, index)).toBeGreaterThan(1 / 2)
    expect(ratio(services, index)).toBeLessThan(2)
  })

  /** 41 µs at the first percentile: 300 rules would have cost 3 times what the row's own median says a rule costs. Not explained by any walk of a uniform position. */
  test('the first percentile at 30,000 Services is missed: the published figure is 2 to 3.5 times the predicted', () => {
    expect(1 / ratio(30_000, 0)).toBeGreaterThan(2)
    expect(1 / ratio(30_000, 0)).toBeLessThan(3.5)
  })

  test('nftables costs the same at 5,000, 10,000 and 30,000 Services, as published', () => {
    const costs = [5000, 10_000, 30_000].map((services) => LINUX_6_1.firstPacketNs('nftables', 0, 0, services))
    expect(Math.max(...costs) / Math.min(...costs)).toBeLessThan(1.1)
  })
})
