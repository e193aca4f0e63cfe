import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pages } from '../src/docs/pages.ts'
import { CommandFolder, firstDifference, shownCommands } from './console-blocks.ts'

/** Every command in a console block of the README and of docs/, run as the page shows it; what it prints is what the page has, to the letter. */
const shown = pages('.')
  .map(({ path, text }) => ({ path, commands: shownCommands(text) }))
  .filter(({ commands }) => commands.length > 0)

test('there are pages with commands', () => {
  expect(shown.map(({ path }) => path)).toEqual(expect.arrayContaining(['docs/faq.md', 'docs/how-to/rolling-update.md']))
})

describe.each(shown)('$path', ({ commands }) => {
  let folder: CommandFolder
  beforeAll(() => {
    folder = new CommandFolder()
  })
  afterAll(() => folder.remove())

  test.each(commands)('$command', async ({ command, output, exitCode }) => {
    const { code, lines } = await folder.run(command)
    expect(firstDifference(output, lines), lines.join('\n')).toBeNull()
    expect(code).toBe(exitCode)
  })
})

describe('console blocks', () => {
  test('are read: commands, what they print and how they end', () => {
    const page = 'Text.\n\n```console exit=2\n$ towtank a\none\n\ntwo\n$ towtank b\n```\n\n```text\n$ towtank c\n```\n'
    expect(shownCommands(page)).toEqual([
      { command: 'towtank a', output: ['one', '', 'two'], exitCode: 2 },
      { command: 'towtank b', output: [], exitCode: 2 },
    ])
    expect(() => shownCommands('```console\none\n```\n')).toThrow('begins with a command')
  })

  test('are compared line by line; what an ellipsis leaves out may be anything', () => {
    const printed = ['a', 'b', 'c', 'd', '']
    expect(firstDifference(['a', 'b', 'c', 'd'], printed)).toBeNull()
    expect(firstDifference(['a', '…', 'd'], printed)).toBeNull()
    expect(firstDifference(['…', 'c', '… and more'], printed)).toBeNull()
    expect(firstDifference(['a', 'b', 'x', 'd'], printed)).toContain('"x"')
    expect(firstDifference(['a', 'c', 'd'], printed)).toContain('"c"')
    expect(firstDifference(['a', 'b', 'c'], printed)).toContain('"d"')
    expect(firstDifference(['a', '…', 'e'], printed)).toContain('"e"')
    expect(firstDifference([], printed)).toContain('"a"')
  })

  test('a command that needs a shell, or is another program, is refused', async () => {
    const folder = new CommandFolder()
    try {
      await expect(folder.run('towtank run x.yaml | jq .')).rejects.toThrow('needs a shell')
      await expect(folder.run('kubectl get pods')).rejects.toThrow('begin with "towtank"')
    } finally {
      folder.remove()
    }
  })
})
