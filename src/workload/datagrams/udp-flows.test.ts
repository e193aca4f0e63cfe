import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Simulation } from '../../engine/simulation.ts'
import { NO_BINDING } from '../../kube-proxy/modes/mode.ts'
import { Kernels } from '../../node/kernel.ts'
import { type Nanos, SECOND } from '../../units.ts'
import { NO_FLOW, UdpFlows } from './udp-flows.ts'

/** One flow as a person would write it down. */
interface Entry {
  readonly madeAt: Nanos
  expiresAt: Nanos
  seenReply: boolean
}

const NODES = 2

/** A datagram of one of few flows on a node, or an answer to one, or the node's crash, after some seconds. */
const step = fc.record({
  after: fc.integer({ min: 0, max: 40 }),
  what: fc.constantFrom('datagram', 'datagram', 'datagram', 'answer', 'answer', 'crash'),
  node: fc.integer({ min: 0, max: NODES - 1 }),
  client: fc.integer({ min: -3, max: 3 }),
  port: fc.integer({ min: 32_768, max: 32_770 }),
  target: fc.integer({ min: -2, max: 2 }),
})

/** {@link UdpFlows} against a Map by the five numbers that is searched for what is over at every step. */
test('remembers what a list of entries with their times would, and each node counts its own', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const sim = new Simulation({ seed: '1' })
      const machines = Array.from({ length: NODES }, (_, n) => ({
        name: `n${n}`,
        zone: 'a',
        cpuMilli: 4000,
        internalIP: `192.168.0.${n + 1}`,
      }))
      const kernels = new Kernels(machines, 36)
      const mode = { forget: () => expect.fail('nothing is bound') }
      const flows = new UdpFlows({ sim, kernels, mode: mode as never })
      const model = new Map<string, Entry>()
      for (const { after, what, node, client, port, target } of steps) {
        sim.run(sim.now + after * SECOND)
        for (const [key, entry] of model) if (entry.expiresAt <= sim.now) model.delete(key)
        const key = `${node} ${client} ${port} ${target}`
        const entry = model.get(key)
        const timeout = entry?.seenReply && sim.now - entry.madeAt > 2 * SECOND ? 120 * SECOND : 30 * SECOND
        const flow = flows.find(node, client, port, target)
        expect(flow === NO_FLOW).toBe(entry === undefined)
        if (what === 'crash') {
          kernels.crash(node)
          kernels.boot(node)
          for (const other of [...model.keys()]) if (other.startsWith(`${node} `)) model.delete(other)
        } else if (what === 'datagram' && entry === undefined) {
          flows.add(node, client, port, target, 7, NO_BINDING)
          model.set(key, { madeAt: sim.now, expiresAt: sim.now + 30 * SECOND, seenReply: false })
        } else if (entry !== undefined) {
          if (what === 'datagram') flows.pass(flow)
          else expect(flows.answer(flow, sim.now)).toBe(true)
          entry.expiresAt = Math.max(entry.expiresAt, sim.now + timeout)
          entry.seenReply ||= what === 'answer'
        }
        flows.checkConservation()
        for (let n = 0; n < NODES; n++) {
          const expected = [...model.keys()].filter((other) => other.startsWith(`${n} `)).length
          expect(kernels.conntrack(n).count(sim.now)).toBe(expected)
        }
      }
      sim.run(sim.now + 120 * SECOND)
      expect(flows.size).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('finds every flow again after it has grown', () => {
  const sim = new Simulation({ seed: '1' })
  const kernels = new Kernels([{ name: 'n', zone: 'a', cpuMilli: 4000, internalIP: '192.168.0.1' }], 36)
  const flows = new UdpFlows({ sim, kernels, mode: {} as never })
  const places = Array.from({ length: 5000 }, (_, client) => flows.add(0, client, 40_000, 3, client, NO_BINDING))
  expect(new Set(places).size).toBe(5000)
  for (const [client, place] of places.entries()) {
    expect(flows.find(0, client, 40_000, 3)).toBe(place)
    expect(flows.endpoints[place]).toBe(client)
  }
  sim.run(30 * SECOND)
  expect(flows.size).toBe(0)
})
