import { describe, expect, test } from 'vitest'
import { INVARIANTS } from './invariants/index.ts'
import { main } from './main.ts'
import { PLANTS } from './plants.ts'
import { randomScenario } from './random-scenario.ts'
import { OWN_INVARIANTS, runSeed } from './run-seed.ts'

/** A planted bug shows in one of so many random scenarios, or is not noticed. */
const TRIES = 24

async function run(words: readonly string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = []
  const print = (line: string): void => void lines.push(line)
  const code = await main(words, { print, complain: print, clock: () => 0 })
  return { code, lines }
}

describe('random scenarios', () => {
  test('in 40 of them every invariant holds', async () => {
    const { code, lines } = await run(['--runs', '40'])
    expect(lines.at(-1)).toBe('40 passed, 0 failed')
    expect(code).toBe(0)
  })

  test('a scenario is a function of its seed', () => {
    expect(randomScenario('7')).toEqual(randomScenario('7'))
    expect(randomScenario('7')).not.toEqual(randomScenario('8'))
  })

  test('a wrong option is refused', async () => {
    expect((await run(['--minutes', 'none'])).code).toBe(2)
    expect((await run(['--speed', '1'])).code).toBe(2)
  })
})

describe('a planted bug is noticed', () => {
  test('there is one for every invariant', () => {
    expect(new Set(PLANTS.map(({ noticedBy }) => noticedBy))).toEqual(new Set([...INVARIANTS.map(({ name }) => name), OWN_INVARIANTS]))
  })

  test.each(PLANTS)('$bug: $noticedBy', async ({ noticedBy, plant }) => {
    const violated = new Set<string>()
    for (let n = 1; n <= TRIES && !violated.has(noticedBy); n++) {
      let takeOut: (() => void) | undefined
      const { violations } = await runSeed(String(n), (cluster) => {
        takeOut = plant(cluster) ?? undefined
      })
      takeOut?.()
      for (const { invariant } of violations) violated.add(invariant)
    }
    expect([...violated]).toContain(noticedBy)
  })
})
