import { describe, expect, test } from 'vitest'
import { Simulation } from '../../engine/simulation.ts'
import { MILLISECOND } from '../../units.ts'
import { CriTimes, RUNTIME_NAMES, RUNTIMES, type RuntimeName } from './index.ts'

const CALLS = ['sandbox', 'containerStart', 'signal', 'sandboxTeardown'] as const

/** The median of 2,000 draws, in ms, of each call. */
function medians(name: RuntimeName): Record<string, number> {
  const times = new CriTimes(RUNTIMES[name], new Simulation({ seed: 'cri' }).rng('cri'))
  return Object.fromEntries(
    CALLS.map((call) => {
      const drawn = Array.from({ length: 2000 }, () => times.longer(call)).toSorted((a, b) => a - b)
      return [call, Math.round(drawn[1000]! / MILLISECOND)]
    }),
  )
}

describe('container runtimes', () => {
  test('containerd is the measure', () => {
    expect(medians('containerd')).toEqual({ sandbox: 0, containerStart: 0, signal: 0, sandboxTeardown: 0 })
  })

  test('CRI-O starts a conmon for each container', () => {
    expect(medians('cri-o')).toEqual({ sandbox: 0, containerStart: 5, signal: 0, sandboxTeardown: 0 })
  })

  test('two more daemons take part in each call of cri-dockerd', () => {
    for (const median of Object.values(medians('cri-dockerd'))) expect(Math.abs(median - 30)).toBeLessThanOrEqual(2)
  })

  test('list images by whole names, but Docker by short ones', () => {
    expect(RUNTIME_NAMES.map((name) => RUNTIMES[name].imageName('nginx:1.25'))).toEqual([
      'docker.io/library/nginx:1.25',
      'docker.io/library/nginx:1.25',
      'nginx:1.25',
    ])
  })
})
