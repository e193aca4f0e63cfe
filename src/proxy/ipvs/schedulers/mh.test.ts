import { describe, expect, test } from 'vitest'
import { mix32 } from '../../mix.ts'
import { TCP } from '../../protocol.ts'
import { VirtualService } from '../virtual-service.ts'

const CLIENTS = 40_000

/** Which backend each of many clients gets. */
function picks(service: VirtualService): number[] {
  return Array.from({ length: CLIENTS }, (_, client) => {
    const packet = { protocol: TCP, sourceAddress: mix32(client), sourcePort: 1, destinationAddress: 9, destinationPort: 80 }
    const destination = service.pick(packet, 0)
    return destination < 0 ? -1 : service.destinations.address(destination)
  })
}

function service(weights: readonly number[]): VirtualService {
  const made = new VirtualService({ scheduler: 'mh' })
  for (const [index, weight] of weights.entries()) made.add(0x0a010001 + index, 8080, weight)
  return made
}

function share(picked: readonly number[], backend: number): number {
  return picked.filter((address) => address === 0x0a010001 + backend).length / picked.length
}

describe('mh', () => {
  test('gives equal weights equal shares: 1,364 or 1,365 of 4,093 entries', () => {
    const picked = picks(service([1, 1, 1]))
    // Standard error of a share: sqrt(2 / 9 / 40,000) = 0.0024
    for (const backend of [0, 1, 2]) expect(Math.abs(share(picked, backend) - 1 / 3)).toBeLessThan(0.01)
  })

  test('cuts great weights to 6 bits: 65,535 to 1 becomes 63 to 1', () => {
    const picked = picks(service([65_535, 1]))
    // Standard error: sqrt(1 / 64 * 63 / 64 / 40,000) = 0.0006
    expect(Math.abs(share(picked, 1) - 1 / 64)).toBeLessThan(0.0025)
  })

  test('weights count by their ratio: 6, 3 and 3 are 2, 1 and 1', () => {
    expect(picks(service([6, 3, 3]))).toEqual(picks(service([2, 1, 1])))
    expect(picks(service([6, 3, 3]))).not.toEqual(picks(service([1, 1, 1])))
  })

  test('weights of up to 63 times the common divisor are not cut', () => {
    const picked = picks(service([186, 3]))
    // 62 to 1. Standard error: sqrt(1 / 63 * 62 / 63 / 40,000) = 0.0006
    expect(Math.abs(share(picked, 1) - 1 / 63)).toBeLessThan(0.0025)
    expect(picks(service([186, 3]))).toEqual(picks(service([62, 1])))
  })

  test('moves few clients when a destination is added', () => {
    const made = service([1, 1, 1, 1, 1, 1, 1, 1, 1])
    const before = picks(made)
    made.add(0x0a010001 + 9, 8080, 1)
    const after = picks(made)
    const moved = before.filter((address, client) => address !== after[client]).length / CLIENTS
    // The new one takes a tenth; Maglev moves a few more.
    expect(moved).toBeGreaterThan(0.09)
    expect(moved).toBeLessThan(0.2)
  })

  test('refuses the clients of a drained destination and no others', () => {
    const made = service([1, 1, 1])
    const before = picks(made)
    made.setWeight(made.find(0x0a010002, 8080), 0)
    expect(picks(made)).toEqual(before.map((address) => (address === 0x0a010002 ? -1 : address)))
  })
})
