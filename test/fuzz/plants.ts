import type { AnyObject, Pod } from '../../src/api/objects/index.ts'
import { ADMINISTRATOR } from '../../src/control-plane/identity.ts'
import type { Replica } from '../../src/control-plane/leader-election/replica.ts'
import type { Simulation } from '../../src/engine/simulation.ts'
import { TrafficMetrics } from '../../src/metrics/request-metrics.ts'
import { UserWork } from '../../src/node/user-work.ts'
import type { SimulatedCluster } from '../../src/scenario/simulated-cluster.ts'
import { SECOND } from '../../src/units.ts'
import { OWN_INVARIANTS } from './run-seed.ts'
import { storedObjects } from './stored-objects.ts'

/** A bug, planted into a cluster before it starts, and the invariant that has to notice it. */
export interface Plant {
  readonly bug: string
  readonly noticedBy: string
  /** What it returns takes the bug out again, where that is needed. */
  readonly plant: (cluster: SimulatedCluster) => (() => void) | undefined
}

type Write = SimulatedCluster['controlPlane']['server']['write']
type Request = Parameters<Write>[0]

export const PLANTS: readonly Plant[] = [
  {
    bug: 'packets that come to a node that stands still are handled',
    noticedBy: 'a node that stands still does nothing',
    plant: ({ dataPlane: { kernels } }) => {
      kernels.thawsIn = () => 0
      return undefined
    },
  },
  {
    bug: 'a pod is moved to another node',
    noticedBy: 'no pod is bound twice',
    plant: changeAPod((pod, { nodeNames }) => ({
      ...pod,
      spec: { ...pod.spec, nodeName: nodeNames.find((name) => name !== pod.spec.nodeName)! },
    })),
  },
  {
    bug: 'members of etcd that have crashed go on voting',
    noticedBy: 'no write without a quorum',
    plant: ({ controlPlane: { server }, sim }) => {
      const { etcd } = server
      const down = new Set<number>()
      etcd.crashMember = (member) => down.size < down.add(member).size
      etcd.isUp = (member) => !down.has(member)
      sim.after(30 * SECOND, () => {
        for (let member = 0; member < etcd.memberCount; member++) etcd.crashMember(member)
      })
    },
  },
  {
    bug: 'the API server answers before the write is stored, and it is lost',
    noticedBy: 'no acknowledged write is lost',
    plant: answerWithoutWriting(({ verb, kind }) => verb === 'create' && kind === 'Pod', 3),
  },
  {
    bug: 'a watch loses an event',
    noticedBy: 'every watch sees every revision once and in order',
    plant: onTheWay((events, deliver) => events === 7 || deliver()),
  },
  {
    bug: 'a watch tells an event twice',
    noticedBy: 'every watch sees every revision once and in order',
    plant: onTheWay((events, deliver) => {
      deliver()
      if (events === 7) deliver()
    }),
  },
  {
    bug: 'a watch that goes on from a revision loses the first event',
    noticedBy: 'every watch sees every revision once and in order',
    plant: ({ controlPlane: { server } }) => {
      for (const process of server.processes) {
        const cache = process.cache('Lease')
        const serve = cache.serve.bind(cache)
        cache.serve = (options) => {
          let lost = options.from === null
          return serve({
            ...options,
            deliver: (event) => {
              if (lost) options.deliver(event)
              lost = true
            },
          })
        }
      }
    },
  },
  {
    bug: 'two objects get the same uid',
    noticedBy: 'ids are unique',
    plant: changeAPod((pod) => ({ ...pod, metadata: { ...pod.metadata, uid: 'uid-1' } })),
  },
  {
    bug: 'a hop ends before it has begun',
    noticedBy: OWN_INVARIANTS,
    plant: (cluster) => {
      const { trace } = cluster
      const record = trace.record.bind(trace)
      trace.record = (hop) => record(trace.length === 100 ? { ...hop, started: cluster.sim.now + SECOND } : hop)
    },
  },
  {
    bug: 'a pod on a node asks for more than the node has',
    noticedBy: 'no node is overcommitted',
    plant: changeAPod((pod) => {
      const containers = pod.spec.containers.map((container) => ({ ...container, requests: { ...container.requests, cpuMilli: 9000 } }))
      return { ...pod, spec: { ...pod.spec, containers } }
    }),
  },
  {
    bug: 'the ReplicaSet controller believes that its pods were created',
    noticedBy: 'replica counts converge',
    plant: answerWithoutWriting(
      ({ verb, kind, identity }) => verb === 'create' && kind === 'Pod' && identity.user.endsWith(':replicaset-controller'),
      1,
    ),
  },
  {
    bug: 'the autoscaler believes that what it scales is written',
    noticedBy: 'autoscaled replicas are within their range',
    plant: answerWithoutWriting(
      ({ verb, kind, identity }) =>
        verb === 'update' && kind !== 'HorizontalPodAutoscaler' && identity.user.endsWith(':horizontal-pod-autoscaler'),
      0,
    ),
  },
  {
    bug: 'the garbage collector believes that what it deleted is gone',
    noticedBy: 'garbage is collected',
    plant: (cluster) => {
      answerWithoutWriting(({ verb, identity }) => verb === 'delete' && identity.user.endsWith(':generic-garbage-collector'), 0)(cluster)
      asAdministrator(cluster, 60, 'delete', 'Deployment', 'app-1', () => null)
    },
  },
  {
    bug: 'the EndpointSlice controller believes that its slices are written',
    noticedBy: 'endpoints are the Ready pods',
    plant: answerWithoutWriting(({ verb, kind }) => verb !== 'create' && kind === 'EndpointSlice', 0),
  },
  {
    bug: 'a kube-proxy does not see EndpointSlices',
    noticedBy: 'every node is programmed with the newest endpoints',
    plant: ({ dataPlane }) => {
      const proxy = dataPlane.proxy(0)
      const observe = proxy.observe.bind(proxy)
      proxy.observe = (kind, ...rest) => {
        if (kind !== 'EndpointSlice') observe(kind, ...rest)
      }
    },
  },
  {
    bug: 'the network plugin of a node does not start',
    noticedBy: 'every node is programmed with the NetworkPolicies that there are',
    plant: ({ plugins }) => {
      if (plugins === null) return
      const start = plugins.start.bind(plugins)
      plugins.start = (node) => {
        if (node !== 0) start(node)
      }
    },
  },
  {
    bug: 'the garbage collector lets an owner go before its dependents are gone',
    noticedBy: 'foreground deletion takes dependents first',
    plant: (cluster) => {
      cluster.sim.after(60 * SECOND, () =>
        cluster.controlPlane.kubectl.run(
          { verb: 'delete', kind: 'Deployment', namespace: 'default', name: 'app-1', gracePeriodSeconds: null, propagation: 'Foreground' },
          'delete',
        ),
      )
      const { server } = cluster.controlPlane
      server.observeCommits(({ object }) => {
        if (object.kind !== 'Deployment' || !object.metadata.finalizers.includes('foregroundDeletion')) return
        const release = (current: AnyObject): AnyObject => ({ ...current, metadata: { ...current.metadata, finalizers: [] } }) as AnyObject
        asAdministrator(cluster, 0, 'patch', 'Deployment', object.metadata.name, release)
      })
    },
  },
  {
    bug: 'the status of quotas is not written at admission',
    noticedBy: 'no quota is exceeded',
    plant: answerWithoutWriting(({ kind, identity }) => kind === 'ResourceQuota' && identity.user === 'system:apiserver', 0),
  },
  {
    bug: 'a kube-controller-manager that has crashed goes on',
    noticedBy: 'who is down asks nothing',
    plant: ({ controlPlane: { controllerManagers }, sim }) => crashOnPaper(controllerManagers[0]!, sim),
  },
  {
    bug: 'a kube-scheduler that has crashed goes on',
    noticedBy: 'who is down asks nothing',
    plant: ({ controlPlane: { schedulers }, sim }) => crashOnPaper(schedulers[0]!, sim),
  },
  {
    bug: 'answers are not counted',
    noticedBy: 'requests are conserved',
    plant: () => {
      const { ok } = TrafficMetrics.prototype
      let answers = 0
      TrafficMetrics.prototype.ok = function (...words) {
        if (++answers !== 10) ok.apply(this, words)
      }
      return () => {
        TrafficMetrics.prototype.ok = ok
      }
    },
  },
  {
    bug: 'a sync has a third of its CPU time',
    noticedBy: 'what nodes did is accounted for',
    plant: () => {
      const { begin } = UserWork.prototype
      UserWork.prototype.begin = function (node, work, now) {
        begin.call(this, node, Math.floor(work / 3), now)
      }
      return () => {
        UserWork.prototype.begin = begin
      }
    },
  },
]

/** At 30 s it is said to be down, and is not. */
function crashOnPaper(replica: Replica, sim: Simulation): undefined {
  sim.after(30 * SECOND, () => {
    for (const is of ['up', 'leads']) Object.defineProperty(replica, is, { get: () => false })
  })
}

/** Writes of that sort are answered as done and not done, all but the first `spared`. */
function answerWithoutWriting(which: (request: Request) => boolean, spared: number): Plant['plant'] {
  return ({ controlPlane: { server } }) => {
    const write = server.write.bind(server)
    let seen = 0
    server.write = function* (request) {
      if (!which(request) || seen++ < spared) return yield* write(request)
      const { kind, namespace, verb, cause } = request
      const current = server.peek(kind as 'Pod', namespace, request.name) as AnyObject | undefined
      const object = request.change(current) ?? current
      return {
        code: verb === 'create' ? 201 : 200,
        object,
        message: verb === 'delete' ? 'deleted' : verb === 'create' ? 'created' : 'configured',
        hop: cause,
      }
    }
  }
}

/** Stands between the API server and the Pod watch of the controllers. `tell` is given the number of the event. */
function onTheWay(tell: (event: number, deliver: () => void) => unknown): Plant['plant'] {
  return ({ controlPlane: { server } }) => {
    const watch = server.watch.bind(server)
    server.watch = (kind, options) => {
      if (kind !== 'Pod' || options.nodeName !== undefined) return watch(kind, options)
      let events = 0
      return watch(kind, { ...options, deliver: (event) => tell(++events, () => options.deliver(event)) })
    }
  }
}

/** An administrator's write at that second. */
function asAdministrator(
  cluster: SimulatedCluster,
  atSeconds: number,
  verb: Request['verb'],
  kind: string,
  name: string,
  change: (current: AnyObject) => AnyObject | null,
): void {
  const { server } = cluster.controlPlane
  cluster.sim.after(atSeconds * SECOND, () => {
    if (server.peek(kind as 'Pod', 'default', name) === undefined) return
    cluster.sim.spawn(
      server.write({
        identity: ADMINISTRATOR,
        verb,
        kind,
        namespace: 'default',
        name,
        cause: -1,
        expected: -1,
        quiet: false,
        change: (current) => change(current!),
      }),
    )
  })
}

/** Changes a running pod behind everybody's back, after a minute. */
function changeAPod(change: (pod: Pod, cluster: SimulatedCluster) => Pod): Plant['plant'] {
  return (cluster) => {
    const stored = storedObjects(cluster)
    cluster.sim.after(60 * SECOND, () => {
      const pod = [...stored.values()].find((object) => object.kind === 'Pod' && (object as Pod).status.phase === 'Running') as
        | Pod
        | undefined
      if (pod !== undefined) asAdministrator(cluster, 0, 'patch', 'Pod', pod.metadata.name, (current) => change(current as Pod, cluster))
    })
  }
}
