import { describe, expect, test } from 'vitest'
import { Simulation } from '../engine/simulation.ts'
import { MILLISECOND, SECOND } from '../units.ts'
import { ApiConnection } from './api-connection.ts'
import type { ApiLoadBalancer } from './api-load-balancer.ts'
import type { ApiServerProcess } from './api-server-process.ts'

/** A client, one server, and a way between them that can be cut: 0.2, 0.6, 1.4, 3, 6.2, 12.6, 25.4 s after the first loss TCP sends again. */
function connection() {
  const sim = new Simulation({ seed: '1' })
  const server = { id: 0, up: true, life: 0 } as unknown as ApiServerProcess
  const open = { to: true, from: true }
  const listeners: (() => void)[] = []
  let heldUp = 0
  const balancer = {
    *connect() {
      if (!server.up) yield sim.delay(0)
      return server
    },
    connectAtOnce: () => server,
  } as unknown as ApiLoadBalancer
  const paths = {
    concerns: () => true,
    isOpenTo: () => open.to,
    isOpenFrom: () => open.from,
    heldUp: () => heldUp++,
    reachesEtcd: () => true,
    onChange: (listener: () => void) => listeners.push(listener),
  }
  const to = new ApiConnection(balancer, { sim, client: 'kubelet/a', paths })
  const set = (change: Partial<typeof open>) => {
    Object.assign(open, change)
    for (const listener of listeners) listener()
  }
  const log: string[] = []
  const note = (what: string) => log.push(`${what} ${sim.now / MILLISECOND}`)
  const reach = () =>
    sim.spawn(
      (function* () {
        note((yield* to.reach()) === null ? 'no connection' : 'reached')
      })(),
    )
  const answer = (limit?: number) =>
    sim.spawn(
      (function* () {
        note((yield* to.answered(to.epoch, limit)) ? 'answered' : 'no answer')
      })(),
    )
  return { sim, to, set, log, note, reach, answer, server, heldUp: () => heldUp }
}

describe('an ApiConnection whose way is cut', () => {
  test('a request goes out at the next time that TCP repeats it after the cut', () => {
    const { sim, to, set, log, reach, heldUp } = connection()
    expect(to.reachAtOnce()).not.toBeNull()
    set({ to: false })
    sim.run(SECOND)
    reach()
    sim.run(5 * SECOND)
    set({ to: true })
    sim.run(30 * SECOND)
    // Lost at 1 s; 4 s later the way is open, and 6.2 s after the loss it is sent again.
    expect(log).toEqual(['reached 7200'])
    expect(heldUp()).toBe(1)
  })

  test('what is sent meanwhile comes in order, and nothing waits once it has', () => {
    const { sim, to, set, log, note } = connection()
    to.reachAtOnce()
    to.receive(() => note('at once'))
    set({ from: false })
    to.receive(() => note('first'))
    sim.run(500 * MILLISECOND)
    to.receive(() => note('second'))
    set({ from: true })
    to.receive(() => note('third'))
    sim.run(SECOND)
    to.receive(() => note('fourth'))
    expect(log).toEqual(['at once 0', 'first 600', 'second 600', 'third 600', 'fourth 1000'])
  })

  test('is broken after 45 s, and another takes 30 s to fail and succeeds with a SYN', () => {
    const { sim, to, set, log, note, reach, answer } = connection()
    to.reachAtOnce()
    sim.run(5 * SECOND)
    set({ from: false })
    to.receive(() => note('never'))
    to.onBreak(() => note('broken'))
    answer()
    sim.run(50 * SECOND)
    reach()
    sim.run(80 * SECOND)
    reach()
    sim.run(84 * SECOND)
    set({ from: true })
    sim.run(200 * SECOND)
    expect(log).toEqual(['broken 50000', 'no answer 50000', 'no connection 80000', 'reached 87000'])
  })

  test('a client with less patience does not wait for its answer, but for another', () => {
    const { sim, to, set, log, answer } = connection()
    to.reachAtOnce()
    set({ from: false })
    answer(10 * SECOND)
    sim.run(11 * SECOND)
    answer()
    set({ from: true })
    sim.run(60 * SECOND)
    expect(log).toEqual(['no answer 10000', 'answered 12600'])
  })

  test('nothing that was lost, nothing to wait for: a short cut of a silent connection is not noticed', () => {
    const { sim, to, set, log, note, reach, heldUp } = connection()
    to.reachAtOnce()
    to.onBreak(() => note('broken'))
    set({ to: false, from: false })
    sim.run(44 * SECOND)
    set({ to: true, from: true })
    reach()
    sim.run(200 * SECOND)
    expect(log).toEqual(['reached 44000'])
    expect(heldUp()).toBe(0)
  })
})
