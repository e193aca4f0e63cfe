/**
 * What does it cost to pick a backend, by scheduler, and is it always the one that a plain scan picks?
 *
 * A step: a connection opens where the scheduler says, and another one, drawn, closes; so the counters on which picks depend are paid for too. Weights are 1 to
 * 4; each backend has two connections in the mean. Every scheduler runs in a process of its own. Beside each runs its reference, which is written as
 * the kernel or NGINX writes it: a walk over all backends (bench/harness/reference-picks.ts).
 *
 * Run: `npm run bench -- picks`
 */

import { ReseedableStream } from '../src/engine/random-stream.ts'
import { BALANCER_NAMES, BALANCERS, isBalancerName } from '../src/proxy/balancers/index.ts'
import { isSchedulerName, SCHEDULER_NAMES } from '../src/proxy/ipvs/schedulers/index.ts'
import { VirtualService } from '../src/proxy/ipvs/virtual-service.ts'
import { TCP } from '../src/proxy/protocol.ts'
import { pick } from '../src/proxy/statistic-cascade.ts'
import { inFreshProcesses, rowsOf, type Sample } from './harness/compare.ts'
import { REFERENCES } from './harness/reference-picks.ts'
import { hex, type Row, type Size } from './harness/row.ts'

const PICK = 'pick'
const REFERENCE = 'pick by the reference'
const DIFFERENT = 'picks that differ from the reference'

/** kube-proxy's own choice in iptables and nftables mode, by the index that one draw gives. */
const RANDOM = 'random'

export const NAMES: readonly string[] = [RANDOM, ...SCHEDULER_NAMES, ...BALANCER_NAMES]

export default async function main(size: Size): Promise<Row[]> {
  const full = size === 'full'
  const rows: Row[] = []
  for (const backends of full ? [10, 100, 1000, 5000] : [3, 10, 20, 50]) {
    const variants = NAMES.map((name) => `${name}/${backends}`)
    const samples = await inFreshProcesses({ module: import.meta.url, variants, rounds: backends === 5000 ? 5 : 1, size }, one)
    for (const [question, unit] of [
      [PICK, 'ns'],
      [REFERENCE, 'ns'],
      [DIFFERENT, '%'],
    ] as const) {
      const own = new Map([...samples.get(question)!].map(([variant, of]) => [variant.split('/')[0]!, of]))
      for (const row of rowsOf(question, own, { size: backends, unit, baseline: '' })) rows.push({ ...row, answersAlone: true })
    }
  }
  return rows
}

export function one(variant: string, size: Size): Record<string, Sample> {
  const [name, count] = variant.split('/') as [string, string]
  const backends = Number(count)
  const full = size === 'full'
  const proved = full ? Math.max(1000, Math.min(10_000, Math.floor(2_000_000 / backends))) : 200
  // The reference walks all backends for a pick: so many picks of it are compared, and many more of the scheduler are timed.
  const chosen = made(name, backends)
  const reference = new Churn(REFERENCES[name]!(backends), backends)
  let different = 0
  const started = process.cpuUsage()
  const expected = Int32Array.from({ length: proved }, () => reference.step())
  const walked = process.cpuUsage(started)
  let checksum = 0
  for (const pickedByReference of expected) {
    const picked = chosen.step()
    checksum = (Math.imul(checksum, 31) + picked) | 0
    if (picked !== pickedByReference) different++
  }
  const steps = full ? 300_000 : 500
  for (let step = 0; step < steps / 2; step++) chosen.step()
  const before = process.cpuUsage()
  for (let step = 0; step < steps; step++) chosen.step()
  const { user, system } = process.cpuUsage(before)
  return {
    [PICK]: { value: ((user + system) * 1000) / steps, checksum: hex(checksum) },
    [REFERENCE]: { value: ((walked.user + walked.system) * 1000) / proved, checksum: null },
    [DIFFERENT]: { value: (different / proved) * 100, checksum: null },
  }
}

/** What is measured: backends are 0..n-1, all there from the beginning, the first added is 0. */
export interface Picker {
  /** A new connection of this client: its backend, or -1, refused. */
  open(client: number): number
  close(backend: number): void
}

export function weightOf(backend: number): number {
  return 1 + (backend % 4)
}

/** Connections that live: one drawn at random gives its place to each new one. */
class Churn {
  readonly #picker: Picker
  readonly #draws = new ReseedableStream(11)
  readonly #places: Int32Array

  constructor(picker: Picker, backends: number) {
    this.#picker = picker
    this.#places = new Int32Array(backends * 2).fill(-1)
  }

  step(): number {
    const client = this.#draws.int32()
    const opened = this.#picker.open(client)
    const place = (client >>> 1) % this.#places.length
    const closed = this.#places[place]!
    this.#places[place] = opened
    if (closed >= 0) this.#picker.close(closed)
    return opened
  }
}

function made(name: string, backends: number): Churn {
  return new Churn(pickerOf(name, backends), backends)
}

function pickerOf(name: string, backends: number): Picker {
  const draws = new ReseedableStream(5)
  const below = (n: number): number => draws.below(n)
  if (isSchedulerName(name)) {
    const service = new VirtualService({ scheduler: name, below })
    for (let backend = 0; backend < backends; backend++) service.add(backend, 80, weightOf(backend))
    const packet = { protocol: TCP, sourceAddress: 0, sourcePort: 0, destinationAddress: (10 << 24) | 1, destinationPort: 80 }
    return {
      open(client) {
        packet.sourceAddress = client
        const destination = service.pick(packet, 0)
        if (destination >= 0) service.bind(destination, true)
        return destination
      },
      close: (backend) => service.unbind(backend, true),
    }
  }
  if (isBalancerName(name)) {
    const balancer = BALANCERS[name]({ below, exp: Math.exp })
    for (let backend = 0; backend < backends; backend++) balancer.add(backend, weightOf(backend))
    let now = 0
    return {
      open() {
        now += 1000
        return balancer.pick(now)
      },
      close: (backend) => balancer.finished(backend, 1_000_000 * (1 + (backend % 7)), now),
    }
  }
  return { open: () => pick(backends, draws.uniform()), close: () => {} }
}
