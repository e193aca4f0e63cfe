import { expect, test } from 'vitest'
import { distribution } from '../../src/engine/distributions.ts'
import { Simulation } from '../../src/engine/simulation.ts'
import { PacketCores } from '../../src/node/packet-cores.ts'
import { estimate } from './replications.ts'

/**
 * One core against the formula of Pollaczek and Khinchine: wait = lambda E[S^2] / (2 (1 - rho)). Packets are told of by a Poisson process and come
 * an exponential time later, so they come by a Poisson process too, in another order. 99.9 % interval over 20 replications, which a core
 * that is 2 % slower leaves.
 */
const PAUSE = 10_000
const PACKETS = 200_000

/** Mean wait and share of time spent, of packets of `later` ns and, at random, as many of `direct` ns that come at once. */
function replicate(seed: string, later: number, direct: number): { wait: number; utilisation: number } {
  const sim = new Simulation({ seed })
  const cores = new PacketCores({ coresOfNode: [1], backlog: 1_000_000, laterPacket: later })
  const draws = sim.rng('packets')
  const [pause, way] = [distribution({ kind: 'exponential', mean: PAUSE }), distribution({ kind: 'exponential', mean: 30 * PAUSE })]
  let waited = 0
  let told = 0
  const arrive = sim.handler((owner, late) => {
    const more = cores.resolve(owner, sim.now)
    if (more > 0) sim.schedule(more, arrive, owner, late + more)
    else waited += late
  })
  const tell = sim.handler(() => {
    if (++told < PACKETS) sim.schedule(pause.sample(draws), tell)
    if (direct > 0 && draws.uniform() < 0.5) {
      waited += cores.enter(0, sim.now, direct)
      return
    }
    const length = way.sample(draws)
    cores.expect(0, sim.now + length, told, 1)
    sim.schedule(length + later, arrive, told, 0)
  })
  sim.schedule(0, tell)
  sim.run(PACKETS * PAUSE * 2)
  return { wait: waited / PACKETS, utilisation: cores.spent(0, sim.now) / (PACKETS * PAUSE) }
}

test.each([
  ['M/D/1 at 80 %', 8000, 0],
  ['M/G/1: half of the packets walk a long list', 4000, 12_000],
])('%s', (_name, later, direct) => {
  const [mean, square] = direct === 0 ? [later, later * later] : [(later + direct) / 2, (later * later + direct * direct) / 2]
  const rho = mean / PAUSE
  const expected = square / PAUSE / (2 * (1 - rho))
  const { wait, utilisation } = estimate((seed) => replicate(seed, later, direct))
  expect(wait.halfWidth / expected).toBeLessThan(0.02)
  expect(Math.abs(wait.mean - expected)).toBeLessThan(wait.halfWidth)
  expect(Math.abs(utilisation.mean - rho)).toBeLessThan(utilisation.halfWidth + 1e-12)
  const slower = estimate((seed) => replicate(seed, 1.02 * later, 1.02 * direct))
  expect(slower.wait.mean - expected).toBeGreaterThan(slower.wait.halfWidth)
})
