import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SECOND } from '../../units.ts'
import { type CheckSpec, HealthChecker } from './health-checker.ts'

const SPEC: CheckSpec = {
  kind: 'tcp',
  host: '',
  path: '/',
  delayLoop: 60 * SECOND,
  connectTimeout: 5 * SECOND,
  retry: 2,
  delayBeforeRetry: SECOND,
  warmUp: 0,
}

/** What each check leads to, and in how many seconds the next comes. */
function told(checks: string, spec = SPEC, alpha = false): string {
  const checker = new HealthChecker(spec, alpha)
  return [...checks].map((check) => `${checker.ended(check === '+')} ${checker.nextIn / SECOND}`).join(', ')
}

describe('HealthChecker', () => {
  test('takes a server out at the bad check after all retries, and waits the whole period from then on', () => {
    expect(told('---+')).toBe('none 1, none 1, down 60, up 60')
    expect(told('-----')).toBe('none 1, none 1, down 60, none 60, none 60')
  })

  test('counts retries anew after a good check', () => {
    expect(told('--+---')).toBe('none 1, none 1, none 60, none 1, none 1, down 60')
  })

  test('takes a server out at once without retries', () => {
    expect(told('-+', { ...SPEC, retry: 0 })).toBe('down 60, up 60')
  })

  test('with alpha a server is down at first, and its bad checks are not repeated', () => {
    expect(told('-+', SPEC, true)).toBe('none 60, up 60')
    expect(new HealthChecker(SPEC, true).isUp).toBe(false)
    expect(new HealthChecker(SPEC, false).isUp).toBe(true)
  })

  /** A server is down exactly when one of its last checks since it was good was bad retry + 1 times in a row. */
  test('is up as the run of its last checks says', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), fc.nat(4), fc.boolean(), (checks, retry, alpha) => {
        const checker = new HealthChecker({ ...SPEC, retry }, alpha)
        for (const check of checks) checker.ended(check)
        const lastGood = checks.lastIndexOf(true)
        const bad = checks.length - 1 - lastGood
        expect(checker.isUp).toBe(lastGood < 0 && alpha ? false : bad <= retry)
      }),
    )
  })
})
