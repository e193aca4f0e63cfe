import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/cli/disk-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'
import { storyOf, tellStory } from '../../src/scenario/story.ts'
import { hasChinese } from '../../src/scenario/story-language/chinese.ts'
import { CONCEPTS } from './concepts.ts'

const runs = new Map<string, SimulatedRun>()

async function run(name: string): Promise<SimulatedRun> {
  const done = runs.get(name)
  if (done !== undefined) return done
  const loaded = await loadScenario(`scenarios/concepts/${name}.yaml`, diskFiles)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  expect(loaded.warnings).toEqual([])
  const { name: variant, scenario } = loaded.variants[0]!
  const result = simulate(scenario, { variant })
  runs.set(name, result)
  return result
}

describe.each(CONCEPTS)('$name', ({ name, object }) => {
  test('its thresholds hold and its faults take effect', async () => {
    const { summary } = await run(name)
    expect(summary.thresholds.filter(({ passed }) => !passed)).toEqual([])
    expect(summary.faults.filter(({ tookEffect }) => !tookEffect)).toEqual([])
  })

  // Reviewed like code: `npx vitest run test/golden -u` writes the stories anew.
  test('its story is the one that is kept', async () => {
    const { hops } = await run(name)
    const lines = tellStory(storyOf(hops, object, { all: false }))
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`${name}.trace`)
  })

  test('it has a page that shows how to run it', () => {
    const page = readFileSync(`docs/concepts/${name}.md`, 'utf8')
    const [kind, ...rest] = object.split('/')
    expect(page).toContain(`npx towtank trace scenarios/concepts/${name}.yaml ${kind!.toLowerCase()}/${rest.at(-1)}`)
    expect(page).toContain(`test/golden/${name}.trace`)
    expect(existsSync(`test/golden/${name}.trace`)).toBe(true)
  })
})

test('every scenario and every page of the concepts is told', () => {
  const names = CONCEPTS.map(({ name }) => name).sort()
  const named = (folder: string, end: string): string[] => readdirSync(folder).flatMap((file) => (file.endsWith(end) ? [file.slice(0, -end.length)] : []))
  expect(named('scenarios/concepts', '.yaml').sort()).toEqual(names)
  expect(named('docs/concepts', '.md').sort()).toEqual([...names, 'README'].sort())
})

/** Names, numbers and commands read the same in every language. */
function needsWords(detail: string): boolean {
  return detail.includes(' ') && !detail.startsWith('kubectl ')
}

test('everything in these stories can be said in Chinese', async () => {
  const missing = new Set<string>()
  for (const { name } of CONCEPTS) {
    const { hops } = await run(name)
    for (let id = 0; id < hops.length; id++) {
      const { action, detail } = hops.hop(id)
      if (!hasChinese('action', action)) missing.add(`action ${action}`)
      if (needsWords(detail) && !hasChinese('detail', detail)) missing.add(`detail ${detail}`)
    }
  }
  expect([...missing]).toEqual([])
})
