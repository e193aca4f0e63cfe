import { ControlPlane } from '../../../src/control-plane/control-plane.ts'
import { distribution } from '../../../src/engine/distributions.ts'
import { Simulation } from '../../../src/engine/simulation.ts'
import { Trace } from '../../../src/engine/trace.ts'
import { podCidr } from '../../../src/node/ipam.ts'
import { Kubelet } from '../../../src/node/kubelet.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../../src/units.ts'
import { QuietHost } from '../../control-plane/testbed.ts'
import type { Tally } from '../kinds/outcome.ts'
import { course } from './checks/node-failure.ts'
import { ModelLog } from './model-log.ts'
import type { Fields } from './recording.ts'
import { HOLLOW } from './replay.ts'

/** The monitor looks every 5 s; the recorded clock and ours may stand anywhere in it. Plus what writes take, ms. */
const MONITOR_SPREAD_MS = 5_500
/** Taints come right after, ms. */
const TAINT_MS = 500

/** One row a killed node: how old its lease was then, and after how many ms what happened. */
export function isDetection(lines: readonly Fields[]): boolean {
  return lines.length > 0 && lines.every((line) => typeof line.leaseAgeAtKillMs === 'number' && typeof line.unknownMs === 'number')
}

export function checkDetection(lines: readonly Fields[], tally: Tally): void {
  for (const [i, line] of lines.entries()) {
    const id = `round ${line.round} ${line.node}`
    const ours = detect(Number(line.leaseAgeAtKillMs), `detection ${i}`)
    const difference = (ours.unknown ?? Number.NaN) - Number(line.unknownMs)
    if (Math.abs(difference) <= MONITOR_SPREAD_MS) tally.pass()
    else tally.fail(id, `Ready=Unknown: recorded after ${line.unknownMs} ms, model after ${Math.round(ours.unknown ?? Number.NaN)} ms`)
    const taint = (ours.noSchedule ?? Number.NaN) - (ours.unknown ?? Number.NaN)
    if (taint >= 0 && taint <= TAINT_MS) tally.pass()
    else tally.fail(id, `NoSchedule: recorded ${Number(line.noScheduleMs) - Number(line.unknownMs)} ms after Unknown, model ${taint} ms`)
  }
}

/** Kills the second of two nodes when its lease is so old. */
export function detect(leaseAgeMs: number, seed: string): ReturnType<typeof course> {
  const sim = new Simulation({ seed })
  const nodes = ['n0', 'n1', 'n2', 'n3', 'n4']
  const plane = new ControlPlane(sim, {
    trace: new Trace(sim),
    version: 36,
    etcdMembers: 1,
    latencies: HOLLOW,
    nodes: nodes.map((name, i) => ({
      name,
      zone: '',
      cpuMilli: 8000,
      memoryBytes: 32 * 1024 * 1024 * 1024,
      maxPods: 110,
      podCIDR: podCidr(i),
      internalIP: `192.168.0.${i + 1}`,
    })),
  })
  const constant = (value: Nanos) => distribution({ kind: 'constant', value })
  const init = { duration: constant(0), failProbability: 0, exitCode: 1 }
  const behaviour = { startUp: constant(0), onTerminate: 'exit', run: null, init } as const
  const kubelets = nodes.map((name, index) => {
    const images = { sizeBytes: 0, bandwidthBytesPerSecond: 1, preloaded: true }
    const allocatable = { cpuMilli: 8000, memoryBytes: 32 * 1024 * 1024 * 1024, pods: 110 }
    const options = {
      name,
      index,
      hostIP: `192.168.0.${index + 1}`,
      host: new QuietHost(),
      images,
      behaviourOf: () => behaviour,
      allocatable,
    }
    return new Kubelet(plane.access, options)
  })
  let renewed = 0
  plane.server.observeCommits(({ object }) => {
    if (object.kind === 'Lease' && object.metadata.name === 'n1') renewed = sim.now
  })
  plane.start()
  for (const kubelet of kubelets) kubelet.start()
  sim.run(30 * SECOND)
  // A lease is at most about 10 s old: one that was recorded as older was renewed right then.
  const before = renewed
  while (renewed === before) sim.run(sim.now + MILLISECOND)
  sim.run(renewed + Math.min(leaseAgeMs, 9_900) * MILLISECOND)
  const killed = sim.now
  kubelets[1]!.crash()
  const log = new ModelLog(killed)
  plane.server.observeCommits((event) => log.add(event))
  sim.run(killed + 75 * SECOND)
  return course(log.changes, 'n1', 0)
}
