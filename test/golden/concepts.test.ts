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
  expect(loaded.warnings.filter(({ kind }) => kind !== 'inert-field')).toEqual([])
  const { name: variant, scenario } = loaded.variants[0]!
  const result = simulate(scenario, { variant })
  runs.set(name, result)
  return result
}

describe.each(CONCEPTS)('$name: $object', ({ name, object, story = name }) => {
  test('its thresholds hold and its faults take effect', async () => {
    const { summary } = await run(name)
    expect(summary.thresholds.filter(({ passed }) => !passed)).toEqual([])
    expect(summary.faults.filter(({ tookEffect }) => !tookEffect)).toEqual([])
  })

  // Reviewed like code: `npx vitest run test/golden -u` writes the stories anew.
  test('its story is the one that is kept', async () => {
    const { hops } = await run(name)
    const lines = tellStory(storyOf(hops, object, { all: false }))
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`${story}.trace`)
  })

  test('it has a page that shows how to run it', () => {
    const page = readFileSync(`docs/concepts/${name}.md`, 'utf8')
    const [kind, ...rest] = object.split('/')
    expect(page).toContain(`npx towtank trace scenarios/concepts/${name}.yaml ${kind!.toLowerCase()}/${rest.at(-1)}`)
    expect(page).toContain(`test/golden/${story}.trace`)
    expect(existsSync(`test/golden/${story}.trace`)).toBe(true)
  })
})

const names = [...new Set(CONCEPTS.map(({ name }) => name))]

/** Each block of a page that shows a part of a story, by lines; `…` stands for lines that are left out. */
const excerpts = names.flatMap((name) =>
  [...readFileSync(`docs/concepts/${name}.md`, 'utf8').matchAll(/^```text\n([\s\S]*?)^```$/gm)].map((match, i) => ({
    place: `${name}, excerpt ${i + 1}`,
    name,
    lines: match[1]!.split('\n').filter((line) => line !== '' && line.trim() !== '…'),
  })),
)

test.each(excerpts)('$place stands in the story so, line by line', async ({ name, lines }) => {
  const { hops } = await run(name)
  const stories = CONCEPTS.filter((concept) => concept.name === name).map(({ object }) => tellStory(storyOf(hops, object, { all: false })))
  expect(lines.length).toBeGreaterThan(2)
  const found = stories.map((story) => {
    let from = 0
    return lines.filter((line) => {
      const at = story.indexOf(line, from)
      if (at >= 0) from = at + 1
      return at < 0
    })
  })
  expect(found.toSorted((a, b) => a.length - b.length)[0]).toEqual([])
})

test('every scenario and every page of the concepts is told', () => {
  const named = (folder: string, end: string): string[] => readdirSync(folder).flatMap((file) => (file.endsWith(end) ? [file.slice(0, -end.length)] : []))
  expect(named('scenarios/concepts', '.yaml').sort()).toEqual(names.toSorted())
  expect(named('docs/concepts', '.md').sort()).toEqual([...names, 'README'].sort())
  expect(named('test/golden', '.trace').sort()).toEqual(CONCEPTS.map(({ name, story = name }) => story).sort())
})

/** Names, numbers and commands read the same in every language. */
function needsWords(detail: string): boolean {
  return detail.includes(' ') && !detail.startsWith('kubectl ')
}

test('everything in these stories can be said in Chinese', async () => {
  const missing = new Set<string>()
  for (const name of names) {
    const { hops } = await run(name)
    for (let id = 0; id < hops.length; id++) {
      const { action, detail } = hops.hop(id)
      if (!hasChinese('action', action)) missing.add(`action ${action}`)
      if (needsWords(detail) && !hasChinese('detail', detail)) missing.add(`detail ${detail}`)
    }
  }
  expect([...missing]).toEqual([])
})
