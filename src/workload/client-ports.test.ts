import { expect, test } from 'vitest'
import { ClientPorts, FIRST_PORT, PORTS } from './client-ports.ts'

test('a client comes back to a port after the 14,116 of one parity', () => {
  const ports = new ClientPorts()
  const seen = new Set<number>()
  const first = ports.take(7, 1)
  ports.give(7, 1, first)
  seen.add(first)
  for (let turn = 1; turn < 14_116; turn++) {
    const port = ports.take(7, 1)
    ports.give(7, 1, port)
    seen.add(port)
  }
  expect(seen.size).toBe(14_116)
  expect([...seen].every((port) => port % 2 === 0 && port >= FIRST_PORT && port < FIRST_PORT + PORTS)).toBe(true)
  expect(ports.take(7, 1)).toBe(first)
})

test('ports in use are left out, and those of the other parity come last', () => {
  const ports = new ClientPorts()
  const held = ports.take(7, 1)
  const taken = Array.from({ length: PORTS - 1 }, () => ports.take(7, 1))
  expect(new Set([held, ...taken]).size).toBe(PORTS)
  expect(taken.slice(0, 14_115).every((port) => port % 2 === 0)).toBe(true)
  expect(taken.slice(14_115).every((port) => port % 2 === 1)).toBe(true)
  ports.give(7, 1, taken[20_000]!)
  expect(ports.take(7, 1)).toBe(taken[20_000])
})

test('two follow each other; each client and each Service has a sequence of its own', () => {
  const ports = new ClientPorts()
  const [a, b] = [ports.take(7, 1), ports.take(7, 1)]
  expect((b - a + PORTS) % PORTS).toBe(2)
  const starts = new Set([a, ports.take(8, 1), ports.take(7, 2), ports.take(-7, 1)])
  expect(starts.size).toBe(4)
})

test('a client that keeps all open shares one', () => {
  const ports = new ClientPorts()
  for (let port = 0; port < PORTS; port++) ports.take(7, 1)
  const shared = ports.take(7, 1)
  expect(shared).toBeGreaterThanOrEqual(FIRST_PORT)
  expect(shared).toBeLessThan(FIRST_PORT + PORTS)
})
