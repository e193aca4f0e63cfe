import { describe, expect, test } from 'vitest'
import { colorsFor, Progress, widthOf } from './terminal.ts'

const pipe = { write: () => true }
const tty = { write: () => true, isTTY: true, columns: 100 }

test.each([
  ['a terminal', tty, {}, true],
  ['a pipe', pipe, {}, false],
  ['a pipe in a build server', pipe, { CI: 'true' }, false],
  ['a terminal with NO_COLOR', tty, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', tty, { NO_COLOR: '' }, true],
  ['a dumb terminal', tty, { TERM: 'dumb' }, false],
  ['a pipe with FORCE_COLOR', pipe, { FORCE_COLOR: '1' }, true],
  ['a pipe with both', pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
  ['a terminal with FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, false],
])('%s has colours as it should', (_what, stream, env, expected) => {
  expect(colorsFor(stream, env).isColorSupported).toBe(expected)
})

test('the width is that of the terminal, and 80 where there is none', () => {
  expect([widthOf(tty), widthOf(pipe), widthOf({ ...tty, columns: 10 })]).toEqual([100, 80, 40])
})

describe('the progress bar', () => {
  const written: string[] = []
  const stream = { ...tty, write: (text: string) => written.push(text), cursorTo: () => true, clearLine: () => true, on: () => undefined }

  test('stays away from pipes, from quiet runs and from short work', () => {
    for (const [output, quiet] of [
      [{ ...stream, isTTY: false }, false],
      [stream, true],
      [stream, false],
    ] as const) {
      const progress = new Progress(output, quiet)
      progress.update(0.5, 'work')
      progress.stop()
    }
    expect(written).toEqual([])
  })
})
