import { afterEach, describe, expect, test, vi } from 'vitest'
import { readIptables } from './iptables-services.ts'
import { readIpvs } from './ipvs-services.ts'

/**
 * A reader takes a number of steps that grows as the dump does. Steps are counted, not timed: every look into a Map and every array that is gone
 * through again. Ten times the Services may cost ten times the steps and a little more, where a search of all would cost a hundred times.
 */
function iptablesOf(services: number): string {
  const lines: string[] = ['*nat', ':KUBE-SERVICES - [0:0]']
  const hash = (index: number, salt: string) =>
    `${salt}${index
      .toString(26)
      .replaceAll(/[0-9]/g, (digit) => 'QRSTUVWXYZ'[Number(digit)]!)
      .toUpperCase()}`
  for (let index = 0; index < services; index += 1) {
    const address = `10.${96 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`
    const svc = hash(index, 'AAAA')
    lines.push(
      `-A KUBE-SERVICES -d ${address}/32 -p tcp -m comment --comment "ns/svc-${index}:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-${svc}`,
      `-A KUBE-SVC-${svc} ! -s 10.0.0.0/8 -d ${address}/32 -p tcp -m comment --comment "ns/svc-${index}:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ`,
    )
    for (let endpoint = 0; endpoint < 3; endpoint += 1) {
      const sep = `KUBE-SEP-${hash(index * 3 + endpoint, 'BBBB')}`
      const chance = endpoint === 2 ? '' : ` -m statistic --mode random --probability ${(1 / (3 - endpoint)).toFixed(11)}`
      lines.push(
        `-A KUBE-SVC-${svc} -m comment --comment "ns/svc-${index}:http -> 10.244.0.1:8080"${chance} -j ${sep}`,
        `-A ${sep} -p tcp -m tcp -j DNAT --to-destination 10.${(index >> 14) & 63}.${(index >> 6) & 255}.${((index & 63) << 2) + endpoint}:8080`,
      )
    }
  }
  return `${[...lines, 'COMMIT'].join('\n')}\n`
}

function ipvsOf(services: number): string {
  const lines: string[] = []
  for (let index = 0; index < services; index += 1) {
    const address = `10.${96 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}:80`
    lines.push(`-A -t ${address} -s rr`)
    lines.push(`-a -t ${address} -r 10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:8080 -m -w 1`)
  }
  return `${lines.join('\n')}\n`
}

function stepsOf(work: () => void): number {
  let steps = 0
  for (const method of ['get', 'set', 'has', 'values', 'entries'] as const) {
    const real = Map.prototype[method] as (...values: unknown[]) => unknown
    vi.spyOn(Map.prototype, method).mockImplementation(function (this: Map<unknown, unknown>, ...values: unknown[]) {
      steps += method === 'values' || method === 'entries' ? this.size : 1
      return real.apply(this, values) as never
    })
  }
  for (const method of ['find', 'filter', 'some', 'map', 'flatMap', 'includes', 'indexOf'] as const) {
    const real = Array.prototype[method] as (...values: unknown[]) => unknown
    vi.spyOn(Array.prototype, method).mockImplementation(function (this: unknown[], ...values: unknown[]) {
      steps += this.length
      return real.apply(this, values) as never
    })
  }
  try {
    work()
  } finally {
    vi.restoreAllMocks()
  }
  return steps
}

afterEach(() => vi.restoreAllMocks())

describe('a dump of 20,000 Services', () => {
  test('iptables: all are found, and ten times as many take ten times the steps', () => {
    const { dump, problems } = readIptables('dump', iptablesOf(20_000))
    expect(problems.told).toEqual([])
    expect(dump.services).toHaveLength(20_000)
    expect(dump.services.every(({ endpoints }) => endpoints.length === 3)).toBe(true)
    expect(dump.counts.natRules).toBe(160_000)
    const [small, large] = [iptablesOf(50), iptablesOf(500)].map((text) => stepsOf(() => readIptables('dump', text)))
    expect(small).toBeGreaterThan(500)
    expect(large! / small!).toBeLessThan(11)
  }, 60_000)

  test('ipvs', () => {
    const { dump } = readIpvs('dump', ipvsOf(20_000))
    expect(dump.services).toHaveLength(20_000)
    const [small, large] = [ipvsOf(50), ipvsOf(500)].map((text) => stepsOf(() => readIpvs('dump', text)))
    expect(large! / small!).toBeLessThan(11)
  }, 60_000)
})
