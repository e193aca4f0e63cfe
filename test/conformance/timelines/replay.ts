import type { AnyObject, Deployment, Pod } from '../../../src/api/objects/index.ts'
import { ControlPlane } from '../../../src/control-plane/control-plane.ts'
import type { LatencyOverrides, MachineSpec } from '../../../src/control-plane/latencies.ts'
import { distribution } from '../../../src/engine/distributions.ts'
import { Simulation } from '../../../src/engine/simulation.ts'
import { Trace } from '../../../src/engine/trace.ts'
import { podCidr } from '../../../src/node/ipam.ts'
import { Kubelet } from '../../../src/node/kubelet.ts'
import { MICROSECOND, MILLISECOND, MINUTE, type Nanos, SECOND } from '../../../src/units.ts'
import { QuietHost } from '../../control-plane/testbed.ts'
import { ModelLog } from './model-log.ts'
import { apiKind, NotModelled, objectOf } from './objects.ts'
import { drivePods } from './pod-driver.ts'
import type { Recording } from './recording.ts'
import { type Action, NotReplayable, type SetUp } from './set-up.ts'
import { traitsOf } from './traits.ts'

const none = { kind: 'constant', value: 0 } as const

/** A hollow node's runtime does everything at once; the commands came from a client that was running already. */
export const HOLLOW: LatencyOverrides = {
  kubectlStart: none,
  kubectlNetwork: { kind: 'constant', value: 100_000 },
  volumes: none,
  sandbox: none,
  cniAdd: none,
  containerStart: none,
  imagePullOverhead: none,
  signal: none,
  sandboxTeardown: none,
}

/**
 * The machine that was recorded: two cores for everything.
 *
 * CPU times are what the recordings say of their processes, divided by what these did: least squares over 48 recordings (`cpuMsByComponent`
 * against requests and seconds) give 5.5 ms of the API server and 1.5 ms of etcd a request, 3.8 ms of kube-controller-manager a request of its
 * own, 4.6 ms of the scheduler a binding, 8.4 ms of the kubelets a status write; what one of these causes in several places is split evenly.
 */
export const RECORDER: MachineSpec = {
  cores: 2,
  cpu: {
    admission: 2500 * MICROSECOND,
    watchCache: 1000 * MICROSECOND,
    watchDelivery: 500 * MICROSECOND,
    etcdFsync: 750 * MICROSECOND,
    etcdApply: 750 * MICROSECOND,
    controllerSync: 3800 * MICROSECOND,
    schedulingCycle: 4600 * MICROSECOND,
    kubeletSync: 8400 * MICROSECOND,
  },
}

/** The cluster is up for so long before anything is done to it. */
const QUIET = 15 * SECOND

export interface ReplayOptions {
  readonly seed?: string
  /** ms after the first command; the recording's end when not given. */
  readonly until?: number
}

export interface Replay {
  readonly changes: ModelLog['changes']
  /** What stood beside the object that the commands were given to, and why the model does not have it. */
  readonly leftOut: readonly string[]
}

/** Does to the model what was done to the recorded cluster. */
export function replay(recording: Recording, setUp: SetUp, options: ReplayOptions = {}): Replay {
  const { seed = 'timelines', until = recording.end } = options
  const { actions } = setUp
  const quiet = QUIET - Math.min(0, ...actions.map(({ t }) => t)) * MILLISECOND
  // The same place within a minute: times in the API are whole seconds, and a CronJob's are minutes.
  const zero = Math.floor(quiet / MINUTE) * MINUTE + MINUTE + Math.round(setUp.minuteMs * MILLISECOND)
  const cluster = new HollowCluster(seed, setUp, recording)
  const log = new ModelLog(zero)
  cluster.plane.server.observeCommits((event) => log.add(event))
  const leftOut: string[] = []
  cluster.start()
  for (const action of actions) {
    cluster.sim.run(zero + Math.round(action.t * MILLISECOND))
    try {
      cluster.act(action)
    } catch (error) {
      if (!(error instanceof NotModelled) || action.t >= 0) throw error
      leftOut.push(error.message)
    }
  }
  cluster.sim.run(zero + Math.round(until * MILLISECOND))
  return { changes: log.changes, leftOut }
}

class HollowCluster {
  readonly sim: Simulation
  readonly plane: ControlPlane
  readonly host = new QuietHost()
  readonly #setUp: SetUp
  readonly #recording: Recording
  readonly #kubelets = new Map<string, Kubelet>()
  /** In the order of creation. */
  readonly #pods: Pod[] = []

  constructor(seed: string, setUp: SetUp, recording: Recording) {
    this.#setUp = setUp
    this.#recording = recording
    this.sim = new Simulation({ seed })
    this.plane = new ControlPlane(this.sim, {
      trace: new Trace(this.sim),
      version: 36,
      etcdMembers: 1,
      latencies: HOLLOW,
      machine: RECORDER,
      nodes: setUp.nodes.map((name, i) => ({
        name,
        zone: '',
        cpuMilli: 32_000,
        memoryBytes: 256 * 1024 * 1024 * 1024,
        maxPods: 110,
        podCIDR: podCidr(i),
        internalIP: `192.168.0.${i + 1}`,
      })),
    })
    const startUp = Math.round((setUp.gate ?? 0) * MILLISECOND)
    const constant = (value: Nanos) => distribution({ kind: 'constant', value })
    const init = { duration: constant(0), failProbability: 0, exitCode: 1 }
    const behaviour = { startUp: constant(startUp), onTerminate: 'exit', run: null, init } as const
    for (const [index, name] of setUp.nodes.entries()) {
      const images = { sizeBytes: 0, bandwidthBytesPerSecond: 1, preloaded: true }
      const allocatable = { cpuMilli: 32_000, memoryBytes: 256 * 1024 * 1024 * 1024, pods: 110 }
      const options = { name, index, hostIP: `192.168.0.${index + 1}`, host: this.host, images, behaviourOf: () => behaviour, allocatable }
      if (!setUp.drivenNodes.includes(name)) this.#kubelets.set(name, new Kubelet(this.plane.access, options))
    }
    this.plane.server.observeCommits((event) => {
      if (event.object.kind === 'Pod' && event.type === 'ADDED') this.#pods.push(event.object as Pod)
    })
  }

  start(): void {
    this.plane.start()
    for (const kubelet of this.#kubelets.values()) kubelet.start()
    if (this.#setUp.drivenNodes.length > 0) drivePods(this.plane, this.#setUp.drivenNodes, this.#recording.meta)
  }

  act(action: Action): void {
    const { kubectl } = this.plane
    switch (action.do) {
      case 'create': {
        const version = this.#recording.changes.find(({ kind, name }) => kind === action.kind && name === action.name)?.state.v
        this.#apply(this.#object(action.kind, action.name, action.replicas, version === undefined ? '1' : String(version)))
        return
      }
      case 'scale':
      case 'template': {
        const live = this.plane.server.peek(apiKind(action.kind) as 'Deployment', 'default', action.name)
        if (live === undefined) throw new NotReplayable(`${action.kind} ${action.name} does not exist when it is changed`)
        const replicas = action.do === 'scale' ? action.replicas : live.spec.replicas
        const version = action.do === 'template' ? action.version : (live.spec.template.labels.v ?? '')
        this.#apply(this.#object(action.kind, action.name, replicas, version, live))
        return
      }
      case 'delete':
        kubectl.run(
          { verb: 'delete', kind: apiKind(action.kind), namespace: 'default', name: action.name, gracePeriodSeconds: null },
          'delete',
        )
        return
      case 'delete pod': {
        const named = this.plane.server.peek('Pod', 'default', action.name) ?? this.#pods[action.rank]
        if (named === undefined) throw new NotReplayable('fewer pods than the recording has when one of them is deleted')
        const { name, namespace } = named.metadata
        kubectl.run({ verb: 'delete', kind: 'Pod', namespace, name, gracePeriodSeconds: null }, 'delete')
        return
      }
      case 'unready pod': {
        const pod = this.#pods[action.rank]
        const hosted = this.host.pods.findIndex(({ spec }) => spec.podUid === pod?.metadata.uid)
        if (hosted >= 0) this.host.stopListening(hosted)
        return
      }
      case 'kill node':
        this.#kubelets.get(action.name)?.crash()
        return
      case 'start node':
        this.#kubelets.get(action.name)?.boot(-1)
    }
  }

  /** The live object with another size and template; what else there is stays. */
  #object(kind: string, name: string, replicas: number, version: string, live?: Deployment): AnyObject {
    const { meta } = this.#recording
    const { gate } = this.#setUp
    const object = objectOf({ kind, name, replicas, version, gate, meta, traits: traitsOf(this.#recording, kind, name) })
    return live === undefined ? object : ({ ...live, spec: (object as Deployment).spec } as AnyObject)
  }

  #apply(object: AnyObject): void {
    this.plane.kubectl.run({ verb: 'apply', objects: [object] }, 'apply')
  }
}
