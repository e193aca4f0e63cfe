import { expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { SECOND } from '../units.ts'
import { IDLE_CONNECTIONS_MAX, IDLE_TIMEOUT, type IdleConnection, KeepAlive, REQUESTS_MAX } from './keep-alive.ts'

function make() {
  const sim = new Simulation({ seed: '1' })
  const closed: IdleConnection[] = []
  const idle = new KeepAlive<IdleConnection>(sim, (connection) => closed.push(connection))
  const connection = (endpoint: number): IdleConnection => ({ endpoint, openedAt: 0, requests: 0, idleSince: 0 })
  return { sim, closed, idle, connection }
}

test('gives back the connection to an endpoint that was used last', () => {
  const { idle, connection } = make()
  const [first, second, other] = [connection(1), connection(1), connection(2)]
  for (const one of [first, second, other]) idle.put(one)
  expect([idle.take(1), idle.take(1), idle.take(1), idle.take(2)]).toEqual([second, first, null, other])
})

test('closes each when it has been idle for 60 s', () => {
  const { sim, closed, idle, connection } = make()
  idle.put(connection(1))
  sim.run(10 * SECOND)
  idle.put(connection(2))
  sim.run(IDLE_TIMEOUT - 1)
  expect(closed.length).toBe(0)
  sim.run(IDLE_TIMEOUT)
  expect(closed.map(({ endpoint }) => endpoint)).toEqual([1])
  sim.run(IDLE_TIMEOUT + 10 * SECOND)
  expect(closed.map(({ endpoint }) => endpoint)).toEqual([1, 2])
})

test('closes the one idle longest when there are more than 320', () => {
  const { closed, idle, connection } = make()
  for (let endpoint = 0; endpoint <= IDLE_CONNECTIONS_MAX; endpoint++) idle.put(connection(endpoint))
  expect([idle.size, closed.map(({ endpoint }) => endpoint)]).toEqual([320, [0]])
})

test('does not keep one that has had its 10,000 requests, nor any at all once it has ended', () => {
  const { closed, idle, connection } = make()
  const old = { ...connection(1), requests: REQUESTS_MAX - 1 }
  idle.put(old)
  expect(closed).toEqual([old])
  idle.put(connection(2))
  idle.end()
  idle.put(connection(3))
  expect([idle.size, closed.map(({ endpoint }) => endpoint)]).toEqual([0, [1, 2, 3]])
})
