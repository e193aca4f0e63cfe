import type { RandomStream } from '../../engine/random-stream.ts'
import type { Simulation } from '../../engine/simulation.ts'
import { OK } from '../../metrics/failure-cause.ts'
import { RequestMetrics } from '../../metrics/request-metrics.ts'
import { OUTSIDE } from '../connection-table.ts'
import type { Requests } from '../requests.ts'
import type { CheckSpec } from './health-checker.ts'

/** 192.0.2.2, of a network for examples. Source: RFC 5737. */
const DIRECTOR_ADDRESS = 0xc000_0202 | 0

/**
 * Sends a director's checks: each is a request of its own to a node's node port, and takes all that requests take: rules, a pod, its queue and its service; with TCP_CHECK
 * only a connection. They are counted in no result but the pods' loads.
 */
export class NodeChecks {
  readonly #spec: CheckSpec
  readonly #requests: () => Requests
  /** Of the pods' work for them. */
  readonly #seeds: RandomStream
  /** By (Service port, node): the traffic. */
  readonly #traffic = new Map<string, number>()
  /** By traffic: who waits. There is one check at a time. */
  readonly #waiting = new Map<number, (good: boolean) => void>()

  constructor(sim: Simulation, spec: CheckSpec, requests: () => Requests) {
    this.#spec = spec
    this.#requests = requests
    this.#seeds = sim.rng('load-balancer/keepalived/work')
  }

  begin(servicePort: number, node: number, ended: (good: boolean) => void): void {
    const requests = this.#requests()
    const key = `${servicePort}@${node}`
    let traffic = this.#traffic.get(key)
    if (traffic === undefined) {
      traffic = this.#add(requests, servicePort, node)
      this.#traffic.set(key, traffic)
    }
    this.#waiting.set(traffic, ended)
    requests.send(traffic, OUTSIDE, this.#seeds.int32(), DIRECTOR_ADDRESS)
  }

  #add(requests: Requests, servicePort: number, node: number): number {
    const { kind, host, path, connectTimeout } = this.#spec
    const traffic = requests.addTraffic({
      metrics: new RequestMetrics({ measureFrom: 0 }).addTraffic({ name: 'keepalived', start: 0, stop: Number.MAX_SAFE_INTEGER }),
      servicePort,
      timeout: connectTimeout,
      route: { host, path, isTls: false },
      node,
      connectOnly: kind === 'tcp',
    })
    requests.onOutcome(traffic, (_user, cause) => this.#waiting.get(traffic)!(cause === OK))
    return traffic
  }
}
