import { describe, expect, test } from 'vitest'
import type { Probe } from '../api/objects/index.ts'
import { Latencies } from '../control-plane/latencies.ts'
import { Simulation } from '../engine/simulation.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { HostLocalIpam, podCidr } from './ipam.ts'
import { runProbe } from './probes.ts'

describe('pod addresses of a node', () => {
  test('come back as late as possible, and are used up at 253', () => {
    const ipam = new HostLocalIpam(3)
    expect(podCidr(3)).toBe('10.128.3.0/24')
    expect([ipam.allocate(), ipam.allocate()]).toEqual(['10.128.3.2', '10.128.3.3'])
    ipam.release('10.128.3.2')
    expect(ipam.allocate()).toBe('10.128.3.4')
    for (let i = 0; i < 250; i++) expect(ipam.allocate()).not.toBeNull()
    expect(ipam.allocate()).toBe('10.128.3.2')
    expect(ipam.allocate()).toBeNull()
  })

  test('of different nodes never meet', () => {
    const all = [0, 1, 255, 256, 32_767, 32_768, 32_769, 65_535, 99_999].map((node) => podCidr(node))
    expect(all).toEqual([
      '10.128.0.0/24',
      '10.128.1.0/24',
      '10.128.255.0/24',
      '10.129.0.0/24',
      '10.255.255.0/24',
      '240.0.0.0/24',
      '240.0.1.0/24',
      '240.127.255.0/24',
      '241.6.159.0/24',
    ])
    expect(new HostLocalIpam(32_769).allocate()).toBe('240.0.1.2')
  })
})

describe('a readiness probe', () => {
  const probe: Probe = {
    handler: 'httpGet',
    port: 80,
    initialDelaySeconds: 5,
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  }

  function results(change: Partial<Probe>, answers: (second: number) => boolean, delay = 0): [boolean, number][] {
    const sim = new Simulation({ seed: 'probe' })
    const told: [boolean, number][] = []
    const context = {
      sim,
      latencies: new Latencies(sim),
      node: 'n',
      answersAfter: () => (answers(sim.now / SECOND) ? delay : null),
    }
    const onResult = (success: boolean): 'go on' => {
      told.push([success, Math.round((sim.now - (sim.now % (100 * MILLISECOND))) / SECOND)])
      return 'go on'
    }
    sim.spawn(runProbe({ ...probe, ...change }, context, false, onResult))
    sim.run(100 * SECOND)
    return told
  }

  test('succeeds at once when the process answers, and fails after three failures in a row', () => {
    expect(results({}, (second) => second < 40)).toEqual([
      [true, 5],
      [false, 65],
    ])
  })

  test('forgives two failures, and asks for as many successes as successThreshold says', () => {
    expect(results({}, (second) => second < 20 || second > 40)).toEqual([[true, 5]])
    expect(results({ successThreshold: 2 }, () => true)).toEqual([[true, 15]])
  })
  test('fails when the answer takes longer than timeoutSeconds', () => {
    expect(results({ timeoutSeconds: 2 }, () => true, 2 * SECOND)).toEqual([[true, 7]])
    expect(results({ timeoutSeconds: 2 }, () => true, 2 * SECOND + 1)).toEqual([])
  })
})
