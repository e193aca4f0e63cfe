import { describe, expect, test } from 'vitest'
import { isUnknownCommand, preStopSleep } from './pre-stop.ts'

describe('preStop hooks', () => {
  test.each<[readonly string[], number]>([
    [['sleep', '5'], 5],
    [['/bin/sleep', '1.5'], 1.5],
    [['sleep', '2m'], 120],
    [['sh', '-c', 'sleep 10'], 10],
    [['/bin/bash', '-c', ' sleep 10; '], 10],
  ])('%j holds SIGTERM back for %d s', (command, seconds) => {
    expect(preStopSleep({ exec: { command } })).toBe(seconds)
    expect(isUnknownCommand({ exec: { command } })).toBe(false)
  })

  test.each([[['nginx', '-s', 'quit']], [['sh', '-c', 'sleep 5 && nginx -s quit']], [['sleep']], [['sleep', '1', '2']], [[]]])(
    '%j is no sleep',
    (command) => {
      expect(preStopSleep({ exec: { command } })).toBe(0)
      expect(isUnknownCommand({ exec: { command } })).toBe(true)
    },
  )

  test('a sleep action is taken as it is, and no hook is no wait', () => {
    expect(preStopSleep({ sleep: { seconds: 7 } })).toBe(7)
    expect(preStopSleep(undefined)).toBe(0)
    expect(isUnknownCommand(undefined)).toBe(false)
  })
})
