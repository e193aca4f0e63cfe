import { expect, test } from 'vitest'
import { scalingBehavior } from '../../../api/convert/scaling-behavior.ts'
import { SECOND } from '../../../units.ts'
import { stabilized } from './normalize.ts'
import { ScalingHistory } from './scaling-history.ts'
import { scaleUpLimit } from './scaling-rules.ts'

test('load that falls is followed once the highest recommendation is older than 300 s, not before', () => {
  const history = new ScalingHistory([])
  stabilized(8, history, 0)
  for (let at = 15 * SECOND; at <= 300 * SECOND; at += 15 * SECOND) {
    expect(stabilized(2, history, at)).toEqual({ replicas: 8, reason: 'ScaleDownStabilized' })
  }
  expect(stabilized(2, history, 315 * SECOND)).toEqual({ replicas: 2, reason: 'ReadyForNewScale' })
})

test('a policy counts from the replicas at the beginning of its period, and old events give their place to new ones', () => {
  const behavior = scalingBehavior({ scaleUp: { policies: [{ type: 'Pods', value: 4, periodSeconds: 60 }] } })
  const history = new ScalingHistory([])
  history.scaled(behavior, 2, 5, 0)
  expect(scaleUpLimit(5, behavior.scaleUp, history, 59 * SECOND)).toBe(6)
  expect(scaleUpLimit(5, behavior.scaleUp, history, 60 * SECOND)).toBe(9)
  history.scaled(behavior, 5, 9, 61 * SECOND)
  expect(history.scaleUps).toEqual([{ change: 4, at: 61 * SECOND }])
  history.scaled(behavior, 9, 7, 62 * SECOND)
  expect(history.scaleDowns).toEqual([{ change: 2, at: 62 * SECOND }])
})

test('without a behaviour nothing that was scaled is remembered', () => {
  const history = new ScalingHistory([])
  history.scaled(null, 2, 5, 0)
  expect([history.scaleUps, history.scaleDowns]).toEqual([[], []])
})
