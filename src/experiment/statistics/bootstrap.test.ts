import { describe, expect, test } from 'vitest'
import { NamedStream } from '../../engine/random-stream.ts'
import { bootstrapInterval, bootstrapMeans } from './bootstrap.ts'

const SKEWED = [0.1, 0.3, 0.35, 0.5, 0.8, 1.1, 1.9, 3.6, 0.2, 0.7, 5.1, 0.4]

describe('the bootstrap of a mean', () => {
  test('gives the BCa interval', () => {
    const resampled = bootstrapMeans(SKEWED, new NamedStream('0', 'bootstrap'))
    // Recorded from SciPy 1.17.1, bootstrap(method='BCa', n_resamples=200000): 0.6292 to 2.4792, and at 90 % 0.7125 to 2.2542.
    const { low, high } = bootstrapInterval(resampled, 0.95)
    expect(Math.abs(low - 0.6292)).toBeLessThan(0.02)
    expect(Math.abs(high - 2.4792)).toBeLessThan(0.05)
    const near = bootstrapInterval(resampled, 0.9)
    expect(Math.abs(near.low - 0.7125)).toBeLessThan(0.02)
    expect(Math.abs(near.high - 2.2542)).toBeLessThan(0.05)
  })

  test('is a function of the stream', () => {
    const once = bootstrapInterval(bootstrapMeans(SKEWED, new NamedStream('0', 'a')), 0.95)
    expect(bootstrapInterval(bootstrapMeans(SKEWED, new NamedStream('0', 'a')), 0.95)).toEqual(once)
    expect(bootstrapInterval(bootstrapMeans(SKEWED, new NamedStream('0', 'b')), 0.95)).not.toEqual(once)
  })

  test('leans to the side of the tail', () => {
    const mean = SKEWED.reduce((sum, value) => sum + value, 0) / SKEWED.length
    const { low, high } = bootstrapInterval(bootstrapMeans(SKEWED, new NamedStream('0', 'lean')), 0.95)
    expect(high - mean).toBeGreaterThan(1.3 * (mean - low))
    const mirrored = bootstrapInterval(
      bootstrapMeans(
        SKEWED.map((value) => -value),
        new NamedStream('0', 'lean'),
      ),
      0.95,
    )
    expect(-mean - mirrored.low).toBeGreaterThan(1.3 * (mirrored.high + mean))
  })
})
