import { describe, expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { MILLISECOND } from '../units.ts'
import { Links } from './links.ts'

function links() {
  const touched = { packet: 0, connection: 0 }
  const spec = { loss: 1, delay: null, oneWay: false, touched: (what: 'packet' | 'connection') => touched[what]++ }
  return { links: new Links(new Simulation({ seed: '1' }), ['a', 'b', 'c'], ['etcd-1']), touched, spec }
}

describe('Links', () => {
  test('nodes have the first places, then machines, then the world outside', () => {
    const { links: all } = links()
    expect(['a', 'b', 'c', 'etcd-1', 'nobody'].map((name) => all.placeOf(name))).toEqual([0, 1, 2, 3, undefined])
    expect(all.outside).toBe(4)
  })

  test.each([
    ['there', 0, 1, false, true],
    ['back', 1, 0, false, true],
    ['there, one way', 0, 1, true, true],
    ['back, one way', 1, 0, true, false],
    ['between two of one end', 1, 2, false, false],
    ['from and to who is not named', 0, 3, false, false],
    ['on one machine', 0, 0, false, false],
  ])('a cut between a and b, c: %s', (_case, from, to, oneWay, isCut) => {
    const { links: all, spec, touched } = links()
    all.disturb({ ...spec, from: [0], to: [0, 1, 2], oneWay })
    expect(all.isCut(from, to)).toBe(isCut)
    expect(touched.packet).toBe(0)
    expect(all.loses(from, to)).toBe(isCut)
    expect(touched.packet).toBe(isCut ? 1 : 0)
  })

  test('of two cuts of one link it is the last to end that makes it whole', () => {
    const { links: all, spec } = links()
    let changes = 0
    all.onChange(() => changes++)
    const [first, second] = [all.disturb({ ...spec, from: [0], to: [1] }), all.disturb({ ...spec, from: [1], to: [0] })]
    first()
    first()
    expect(all.isCut(0, 1)).toBe(true)
    second()
    expect(all.isCut(0, 1)).toBe(false)
    expect(changes).toBe(4)
  })

  /** 100 000 packets at a share of 0.1: a standard deviation of 95. */
  test('a share is lost, and lateness of several adds up', () => {
    const { links: all, spec, touched } = links()
    all.disturb({ ...spec, loss: 0.1, from: [0], to: [1] })
    let lost = 0
    for (let packet = 0; packet < 100_000; packet++) if (all.loses(1, 0)) lost++
    expect(Math.abs(lost - 10_000)).toBeLessThan(200)
    expect(touched.packet).toBe(lost)
    const late = (value: number) => ({ ...spec, loss: 0, delay: { kind: 'constant' as const, value }, from: [0], to: [2, all.outside] })
    all.disturb(late(3 * MILLISECOND))
    all.disturb({ ...late(5 * MILLISECOND), oneWay: true })
    expect(all.lateness(0, 2)).toBe(8 * MILLISECOND)
    expect(all.lateness(2, 0)).toBe(3 * MILLISECOND)
    expect(all.lateness(0, all.outside)).toBe(8 * MILLISECOND)
    expect(all.lateness(0, 1)).toBe(0)
    expect(all.loses(0, 2)).toBe(false)
  })
})
