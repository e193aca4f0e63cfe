import { CALLS, CLIENT_QUEUE, DNS, NETWORK, PARTS, POD_QUEUE, RETRANSMIT, SERVICE, THROTTLED, TLS, UPSTREAM } from '../../metrics/blame.ts'
import type { Nanos } from '../../units.ts'
import { DELAYED, type Mark, ROUTED, STANDS_STILL, TRAVELS } from './marks.ts'

/** A stretch of a request's time that belongs to one part, or, without one, the moment at which rules were asked. */
export interface Step {
  /** Index into BLAME_PARTS; -1: the rules of a node were asked. */
  readonly part: number
  readonly started: Nanos
  readonly ended: Nanos
  /** Of rules: as the mark has it. */
  readonly extra: number
}

export interface StepsOptions {
  readonly started: Nanos
  readonly ended: Nanos
  /** Network time between the client and the pod, one way, and of that between a client outside and a node; 0 for a client in the cluster. */
  readonly oneWay: Nanos
  readonly external: Nanos
}

/** A packet's way: what it took and what came on top. */
interface Way {
  readonly started: Nanos
  readonly part: number
  readonly cpu: Nanos
  readonly from: Place
  retransmitted: Nanos
  readonly delayed: { part: number; length: Nanos }[]
  readonly stoodStill: { part: number; length: Nanos }[]
}

/** Where a packet sets out. */
type Place = 'client' | 'node' | 'pod'

/**
 * What a span's marks say, as steps that follow each other without a gap from its start to its end.
 *
 * A way of a packet is told in the order in which it is gone: as often as it was lost and sent again, the network up to the node that
 * translates, the wait for a core of that node, its CPU time, the network beyond. The parts are those that the request's account has.
 * Simplified: the two ways that follow a handshake, of the SYN-ACK and of the request, are told as one.
 */
export function stepsOf(marks: readonly Mark[], options: StepsOptions): Step[] {
  const steps: Step[] = []
  const { started, ended } = options
  let since = started
  let waitsFor = NETWORK
  let way: Way | null = null
  let place: Place = 'client'
  const put = (part: number, from: Nanos, to: Nanos): void => {
    const until = Math.min(to, ended)
    if (until > from) steps.push({ part, started: from, ended: until, extra: 0 })
  }
  const close = (now: Nanos): void => {
    if (way === null) put(waitsFor, since, now)
    else tellWay(way, Math.min(now, ended), options, put)
    since = now
    way = null
  }
  for (const { time, kind, extra } of marks) {
    if (time > ended) break
    const part = kind % PARTS
    if (kind === ROUTED) {
      steps.push({ part: -1, started: time, ended: time, extra })
      place = 'node'
    } else if (kind >= DELAYED) {
      // Without a way it is put off while it waits for something.
      if (way === null) {
        put(waitsFor, since, time)
        put(part, time, time + extra)
        since = time + extra
      } else if (kind >= STANDS_STILL) way.stoodStill.push({ part, length: extra })
      else if (part === RETRANSMIT) way.retransmitted += extra
      else way.delayed.push({ part, length: extra })
    } else if (kind >= TRAVELS) {
      close(time)
      way = { started: time, part, cpu: extra, from: place, retransmitted: 0, delayed: [], stoodStill: [] }
      if (place === 'pod') place = 'client'
      else place = extra === 0 ? 'node' : 'pod'
    } else {
      // What came to the pod's node and was lost there is sent again by the client.
      if (part === RETRANSMIT && way !== null) place = 'client'
      close(time)
      waitsFor = part
      if (AT_POD.has(part)) place = 'pod'
      else if (part === CLIENT_QUEUE || part === DNS) place = 'client'
    }
  }
  close(ended)
  return steps
}

function tellWay(way: Way, ended: Nanos, { oneWay, external }: StepsOptions, put: (part: number, from: Nanos, to: Nanos) => void): void {
  const extra = [...way.delayed, ...way.stoodStill].reduce((sum, { length }) => sum + length, way.retransmitted)
  const total = ended - way.started
  const cpu = Math.max(0, Math.min(way.cpu, total - extra))
  const network = Math.max(0, total - extra - cpu)
  const before = Math.min(network, way.from === 'pod' ? Math.max(0, oneWay - external) : way.from === 'node' ? 0 : external)
  let at = way.started
  const next = (part: number, length: Nanos): void => {
    put(part, at, at + length)
    at += length
  }
  next(RETRANSMIT, way.retransmitted)
  next(NETWORK, before)
  for (const { part, length } of way.delayed) next(part, length)
  next(way.part, cpu)
  next(NETWORK, network - before)
  for (const { part, length } of way.stoodStill) next(part, length)
}

/** Parts in which a request is in the hands of a pod: what follows goes to the client. */
const AT_POD = new Set([POD_QUEUE, SERVICE, UPSTREAM, CALLS, THROTTLED, TLS])
