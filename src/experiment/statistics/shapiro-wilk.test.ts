import { describe, expect, test } from 'vitest'
import { NamedStream } from '../../engine/random-stream.ts'
import { normalQuantile } from './normal.ts'
import { shapiroWilk } from './shapiro-wilk.ts'

describe('the test of Shapiro and Wilk', () => {
  // Recorded from SciPy 1.17.1, shapiro. The first are the weights of Shapiro's and Wilk's own example.
  test.each([
    [[148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236], 0.7888146948631716, 0.006703814061898823],
    [[1, 2, 2.5, 9], 0.7848998865106371, 0.07778326304948273],
    [[3, 1, 4, 1.5, 9], 0.8591295895592282, 0.2251400937718146],
    [[1, 2, 3, 4, 5, 60], 0.5558572413572662, 0.00012966269713771144],
    [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 5], 0.40971048655000397, 4.107547724350571e-6],
    [
      [
        0.345584, 0.821618, 0.330437, -1.303157, 0.905356, 0.446375, -0.536953, 0.581118, 0.364572, 0.294132, 0.028422, 0.546713, -0.736454,
        -0.16291, -0.482119, 0.598846, 0.039722, -0.292457, -0.781908, -0.257192,
      ],
      0.9558414067465124,
      0.4644629389504019,
    ],
    [
      [
        0.129861, 0.218783, 0.513479, 0.707488, 1.213154, 1.339773, 0.247615, 0.174487, 0.50565, 0.575172, 1.847994, 0.356603, 0.927074,
        1.068417, 0.44226, 2.789359, 1.652569, 2.829487, 0.074393, 0.153703, 0.087756, 0.622771, 1.8414, 1.534044, 0.785155, 1.106091,
        0.972985, 1.150157, 0.555493, 0.505253,
      ],
      0.882272185816952,
      0.003180409624863976,
    ],
  ])('of %j', (values, w, p) => {
    const found = shapiroWilk(values)!
    expect(found.w).toBeCloseTo(w, 6)
    expect(Math.abs(found.p / p - 1)).toBeLessThan(1e-4)
    const moved = shapiroWilk(values.map((value) => 1e6 - 250 * value))!
    expect(moved.w).toBeCloseTo(w, 6)
  })

  test('cannot tell with three values, or when all are equal', () => {
    expect(shapiroWilk([1, 2, 30])).toBeNull()
    expect(shapiroWilk([4, 4, 4, 4, 4])).toBeNull()
  })

  test('takes normal values for something else in one of twenty samples, and an exponential one nearly always', () => {
    const stream = new NamedStream('0', 'shapiro')
    const rejected = (draw: () => number, count: number): number => {
      let found = 0
      for (let sample = 0; sample < 2000; sample++) if (shapiroWilk(Array.from({ length: count }, draw))!.p < 0.05) found++
      return found / 2000
    }
    // 2,000 samples: 0.05 ± 3.3 · √(0.05 · 0.95 / 2000) = 0.05 ± 0.016.
    for (const count of [5, 12, 40]) expect(Math.abs(rejected(() => normalQuantile(stream.uniform()), count) - 0.05)).toBeLessThan(0.016)
    expect(rejected(() => -Math.log(1 - stream.uniform()), 40)).toBeGreaterThan(0.95)
  })
})
