import { describe, expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { SECOND } from '../units.ts'
import { LoadBalancer, NO_NODE } from './load-balancer.ts'

function balancer(nodes: number) {
  const sim = new Simulation({ seed: '1' })
  const up = new Array<boolean>(nodes).fill(true)
  const lb = new LoadBalancer({ sim, nodes, healthy: (node) => up[node]! })
  return { sim, up, lb }
}

describe('LoadBalancer', () => {
  test('knows no node before its first check', () => {
    const { sim, lb } = balancer(2)
    lb.watch(0)
    expect(lb.next(0)).toBe(NO_NODE)
    sim.run(0)
    expect(lb.next(0)).toBe(0)
  })

  test('takes nodes in turn, each Service port with a turn of its own', () => {
    const { sim, lb } = balancer(3)
    lb.watch(0)
    lb.watch(500)
    sim.run(0)
    expect(Array.from({ length: 4 }, () => lb.next(0))).toEqual([0, 1, 2, 0])
    expect(Array.from({ length: 2 }, () => lb.next(500))).toEqual([0, 1])
    expect(lb.next(0)).toBe(1)
  })

  test('takes a node out at its third failed check and in at the first good one', () => {
    const { sim, up, lb } = balancer(2)
    lb.watch(0)
    sim.run(9 * SECOND)
    up[1] = false
    sim.run(32 * SECOND - 1)
    expect(lb.isIn(1, 0)).toBe(true)
    sim.run(32 * SECOND)
    expect(lb.isIn(1, 0)).toBe(false)
    expect(Array.from({ length: 3 }, () => lb.next(0))).toEqual([0, 0, 0])
    up[1] = true
    sim.run(40 * SECOND)
    expect(lb.isIn(1, 0)).toBe(true)
  })

  test('a good check in between begins the count anew', () => {
    const { sim, up, lb } = balancer(1)
    lb.watch(0)
    sim.run(1 * SECOND)
    up[0] = false
    sim.run(17 * SECOND)
    up[0] = true
    sim.run(25 * SECOND)
    up[0] = false
    sim.run(41 * SECOND)
    expect(lb.isIn(0, 0)).toBe(true)
    sim.run(48 * SECOND)
    expect(lb.isIn(0, 0)).toBe(false)
  })
})
