import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { FormError } from './kinds/outcome.ts'
import { check } from './kinds/timelines.ts'
import { SHARED_FOLDER } from './shared-cases.ts'
import { type Fields, readRecording } from './timelines/recording.ts'
import { NotReplayable, setUpOf } from './timelines/set-up.ts'

const FOLDER = `${SHARED_FOLDER}conformance/kubernetes-timelines/`
/** Comparisons that are the same today; more is better, fewer is a step back. */
const PASSED = 787

const META = { k: 'meta', name: 'made up', nodes: 2 }
const POD = { t: 10, k: 'pod', e: 'A', o: 'web-1-a', own: 'web-1', ph: 'Pending', c: {} }

test('changes of an object add up: members are merged, null removes, an object that comes anew starts afresh', () => {
  const { changes } = readRecording([
    META,
    { ...POD, c: { Ready: 'False' } },
    { t: 20, k: 'pod', e: 'M', o: 'web-1-a', node: 'n1', c: { PodScheduled: 'True' } },
    { t: 30, k: 'pod', e: 'M', o: 'web-1-a', node: null },
    { ...POD, t: 40 },
  ])
  expect(changes[1]!.state).toMatchObject({ node: 'n1', c: { Ready: 'False', PodScheduled: 'True' } })
  expect(changes[2]!.state).not.toHaveProperty('node')
  expect(changes[3]!.state.c).toEqual({})
})

test('what was there before the first command, and what commands say, is done again', () => {
  const { actions, nodes } = setUpOf(
    readRecording([
      META,
      { t: -900, k: 'deploy', e: 'A', o: 'web', n: 3, v: '1' },
      { t: -500, k: 'deploy', e: 'M', o: 'web', n: 5 },
      { t: 0, k: 'cmd', m: 'scale 5 -> 2' },
      { t: 5, k: 'deploy', e: 'M', o: 'web', n: 2 },
    ]),
  )
  expect(actions.map((action) => [action.t, action.do, 'replicas' in action ? action.replicas : null])).toEqual([
    [-900, 'create', 3],
    [-500, 'scale', 5],
    [0, 'scale', 2],
  ])
  expect(nodes).toEqual(['n0', 'n1'])
})

test('a command without counterpart in the model, and a file of another form, are said to be that', () => {
  const recording = readRecording([META, { t: 0, k: 'cmd', m: 'unplug the switch' }, POD])
  expect(() => setUpOf(recording)).toThrow(NotReplayable)
  expect(() => check([{ k: 'pod' }])).toThrow(FormError)
  expect(() => check({})).toThrow(FormError)
})

const absent = !existsSync(FOLDER)
describe.skipIf(absent)(`recorded timelines${absent ? ' (skipped: not in ../shared/conformance)' : ''}`, () => {
  test('as many comparisons as ever are the same', () => {
    const files = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl') && !name.endsWith('.audit.jsonl'))
    const passed = files.map((name) => check(linesOf(join(FOLDER, name))).passed)
    expect(passed.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(PASSED)
  })

  test('a recording that is changed in one place fails there', () => {
    const lines = linesOf(join(FOLDER, '2-roll-r4-1_0-1.jsonl'))
    const before = check(lines).failed.map(({ id }) => id)
    const changed = lines.map((line) => (line.k === 'rs' && line.n === 2 && Number(line.t) > 0 ? { ...line, n: 1 } : line))
    const after = check(changed).failed.map(({ id }) => id)
    expect(after.filter((id) => !before.includes(id))).toContain('2-roll-r4-1_0-1/ReplicaSet sizes')
  })
})

function linesOf(path: string): Fields[] {
  const lines = readFileSync(path, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}
