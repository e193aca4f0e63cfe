import { describe, expect, test } from 'vitest'
import type { CellResult } from '../../experiment/cell.ts'
import type { Task } from '../pool/task.ts'
import { answerMessage, queueName, readAnswer, readMessage, taskId, taskMessage } from './task-message.ts'

const TOOL = { version: '1.0.0', build: `sha256:${'a'.repeat(64)}` }
const HASH = `sha256:${'0'.repeat(64)}`
const TASK: Task = {
  kind: 'cell',
  input: { path: 'a.yaml', files: {} },
  variant: 'one',
  changes: [{ target: ['spec', 'cluster', 'nodes', 0, 'count'], value: 3 }],
  seed: '1',
}
const result = { inputHash: HASH, summary: { variant: 'one', 10: 1, 2: 0.1 } } as unknown as CellResult

/** As Redis has it: a text. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('a task', () => {
  test('comes out as it went in', () => {
    const message = taskMessage(TASK, HASH, TOOL)
    expect(readMessage(taskId(message), sent(message), TOOL)).toEqual({ ok: true, message })
  })

  test('has another id with anything that its result is a function of', () => {
    const ids = [
      taskMessage(TASK, HASH, TOOL),
      taskMessage(TASK, `sha256:${'1'.repeat(64)}`, TOOL),
      taskMessage({ ...TASK, seed: '2' }, HASH, TOOL),
      taskMessage({ ...TASK, variant: 'two' }, HASH, TOOL),
      taskMessage({ ...TASK, changes: [] }, HASH, TOOL),
      taskMessage(TASK, HASH, { ...TOOL, version: '1.0.1' }),
      taskMessage(TASK, HASH, { ...TOOL, build: HASH }),
    ].map(taskId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('of another version or build stands in another queue', () => {
    const names = [TOOL, { ...TOOL, version: '1.0.1' }, { ...TOOL, build: HASH }].map(queueName)
    expect(new Set(names).size).toBe(3)
  })
})

describe('a result', () => {
  const answer = answerMessage('cell-1', result)

  test('comes out as it went in', () => {
    expect(JSON.stringify(readAnswer('cell-1', sent(answer)))).toBe(JSON.stringify(result))
  })

  test.each([
    ['of another task', 'cell-2', answer],
    ['with another number', 'cell-1', { ...answer, result: { ...answer.result, inputHash: 'other' } }],
    ['with another hash', 'cell-1', { ...answer, contentHash: HASH }],
    ['that is none', 'cell-1', null],
    ['that is a text', 'cell-1', 'done'],
    ['of another form', 'cell-1', { ...answer, schemaVersion: 2 }],
  ])('%s is not believed', (_case, task, value) => {
    expect(readAnswer(task, sent(value))).toBeNull()
  })

  test('has finite numbers alone', () => {
    expect(() => answerMessage('cell-1', { inputHash: HASH, summary: { x: Number.NaN } } as unknown as CellResult)).toThrow('finite')
  })
})
