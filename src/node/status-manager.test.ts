import { expect, test } from 'vitest'
import type { PodStatus } from '../api/objects/index.ts'
import { mergeStatus } from './status-manager.ts'

const condition = (type: string, status: 'True' | 'False') => ({ type, status, reason: '', lastTransitionTime: 0 }) as const

const STATUS: PodStatus = { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] }

test('what the kubelet reports leaves alone what others have written into the status', () => {
  const stored: PodStatus = {
    ...STATUS,
    nominatedNodeName: 'worker-2',
    conditions: [condition('PodScheduled', 'True'), condition('Ready', 'False'), condition('example.org/gate', 'True')],
  }
  const reported: PodStatus = { ...STATUS, phase: 'Running', podIP: '10.0.0.1', conditions: [condition('Ready', 'True')] }
  expect(mergeStatus(stored, reported)).toEqual({
    ...STATUS,
    phase: 'Running',
    podIP: '10.0.0.1',
    nominatedNodeName: 'worker-2',
    conditions: [condition('PodScheduled', 'True'), condition('example.org/gate', 'True'), condition('Ready', 'True')],
  })
  expect('nominatedNodeName' in mergeStatus(STATUS, reported)).toBe(false)
})
