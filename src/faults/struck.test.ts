import { expect, test } from 'vitest'
import { struck } from './struck.ts'

test.each([
  [0, 0, '0 pods and 0 requests in flight'],
  [1, 1, '1 pod and 1 request in flight'],
  [2, 11, '2 pods and 11 requests in flight'],
])('of %i and %i it says "%s"', (pods, requestsInFlight, said) => {
  expect(struck({ pods, requestsInFlight })).toBe(said)
})
