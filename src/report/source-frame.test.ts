import picocolors from 'picocolors'
import { expect, test } from 'vitest'
import type { SourceProblem } from '../api/source-problem.ts'
import { renderProblem, renderProblems } from './source-frame.ts'

const plain = picocolors.createColors(false)

function problem(changes: Partial<SourceProblem> = {}): SourceProblem {
  return {
    file: 'run.yaml',
    line: 2,
    column: 3,
    length: 7,
    path: '',
    message: 'Unknown key "durtion"',
    accepted: null,
    didYouMean: null,
    ...changes,
  }
}

test('a mistake is shown with its place, its line, a caret, what is accepted and what was meant', () => {
  const shown = renderProblem(problem({ accepted: 'one of seed, duration', didYouMean: 'duration' }), 'spec:\n  durtion: 5m\n', plain)
  expect(shown).toBe(`run.yaml:2:3 Unknown key "durtion"
  2 |   durtion: 5m
    |   ^^^^^^^
    = accepted: one of seed, duration
    = Did you mean "duration"?`)
})

test('the caret stands below the mistake after wide characters and tabs', () => {
  const wide = renderProblem(problem({ line: 1, column: 7, length: 2 }), '名: 前, 错误: x', plain).split('\n')
  expect(wide[1]).toBe('  1 | 名: 前, 错误: x')
  expect(wide[2]).toBe(`    | ${' '.repeat(8)}^^^^`)
  const tab = renderProblem(problem({ line: 1, column: 2, length: 1 }), '\tx', plain).split('\n')
  expect(tab[2]).toBe('    | \t^')
})

test('a line that a file does not have is left out', () => {
  expect(renderProblem(problem({ line: 9 }), 'a: 1', plain)).toBe('run.yaml:9:3 Unknown key "durtion"')
  expect(renderProblem(problem(), null, plain)).toBe('run.yaml:2:3 Unknown key "durtion"')
})

test('a long line is cut around the mistake', () => {
  const [, line, caret] = renderProblem(
    problem({ line: 1, column: 5001, length: 4 }),
    `${'x'.repeat(5000)}oops${'y'.repeat(5000)}`,
    plain,
  ).split('\n')
  expect(line!.length).toBeLessThan(180)
  expect(line!.slice(caret!.indexOf('^'), caret!.lastIndexOf('^') + 1)).toBe('oops')
})

test('escape sequences of a file do not reach the terminal', () => {
  const shown = renderProblem(problem({ message: 'Cannot use "\u001b[31m"' }), 'a\n  \u001b[2Jdurtion', plain)
  expect(shown).not.toContain('\u001b')
})

test('all mistakes are counted', () => {
  expect(renderProblems([problem()], () => null, plain)).toContain('1 mistake found')
  expect(renderProblems([problem(), problem({ line: 3 })], () => null, plain)).toContain(
    '2 mistakes found; nothing was run and nothing was written',
  )
})

test('colours are those that are asked for', () => {
  expect(renderProblem(problem(), 'spec:\n  durtion: 5m\n', picocolors.createColors(true))).toContain('\u001b[31m^^^^^^^')
})
