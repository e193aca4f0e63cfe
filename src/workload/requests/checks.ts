import { invariant } from '../../invariant.ts'
import type { TrafficMetrics } from '../../metrics/request-metrics.ts'
import type { Nanos } from '../../units.ts'
import { type ConnectionTable, NO_POOL, NO_REQUEST, OPEN, READY, RETIRED, STREAMS } from '../connection-table.ts'
import { HELD, NO_CONNECTION, type RequestTable, WAITING } from '../request-table.ts'
import type { Pools } from './pools.ts'

/** Every request of a traffic that was sent was answered, has failed or waits. */
export function checkSent(metrics: TrafficMetrics, waiting: number): void {
  const { sent, ok, failed } = metrics.totals()
  invariant(
    sent === ok + failed + waiting,
    `Of ${sent} requests of "${metrics.name}" ${ok} were answered, ${failed} failed and ${waiting} wait`,
  )
}

/** Every place in use is waited for or held. */
export function checkPlaces({ flags, capacity, size }: RequestTable): void {
  let used = 0
  for (let request = 0; request < capacity; request++) if ((flags[request]! & (WAITING | HELD)) !== 0) used++
  invariant(used === size, `${size} places are in use, but somebody refers to ${used}`)
}

/** Every connection of a pool is idle or has a request, there are no more than it may have, and nobody waits while there is room. */
export function checkPools(pools: Pools, connections: ConnectionTable, requests: RequestTable, now: Nanos): void {
  const { flags, pools: poolOf, requests: requestOf, capacity, streams, openedAt } = connections
  const open = new Int32Array(pools.all.length)
  const used = new Int32Array(pools.all.length)
  checkStreams(pools, connections, requests)
  for (let connection = 0; connection < capacity; connection++) {
    if ((flags[connection]! & OPEN) === 0 || poolOf[connection] === NO_POOL) continue
    if ((flags[connection]! & RETIRED) !== 0) continue
    open[poolOf[connection]!]!++
    if ((flags[connection]! & READY) === 0 && requestOf[connection] !== NO_REQUEST) used[poolOf[connection]!]!++
  }
  const waiting = new Int32Array(pools.all.length)
  for (let request = 0; request < requests.capacity; request++) {
    if ((requests.flags[request]! & WAITING) === 0 || requests.pools[request] === NO_POOL) continue
    if (requests.connections[request] === NO_CONNECTION) waiting[requests.pools[request]!]!++
  }
  for (const [index, pool] of pools.all.entries()) {
    const { length } = pool.spec.http2 === undefined ? pool.idle : pool.ready
    invariant(
      open[index] === pool.open && pool.open === used[index]! + length && pool.open <= pool.spec.pool,
      `A pool of ${pool.spec.pool} counts ${pool.open} connections: ${open[index]} are open, ${used[index]} have a request, ${length} are idle`,
    )
    const isGone = !pools.clientRuns(pool)
    invariant(
      waiting[index] === 0 || isGone || !pool.hasRoom || (pool.spec.http2 !== undefined && pool.isOpening),
      `${waiting[index]} requests wait for a connection, and there is room for one`,
    )
    const { http2, lifetime = Number.POSITIVE_INFINITY } = pool.spec
    for (const connection of waiting[index] === 0 || isGone ? [] : pool.ready) {
      const isFull = streams[connection] === http2!.maxConcurrentStreams
      invariant(isFull || now - openedAt[connection]! >= lifetime, `${waiting[index]} requests wait, and there is room for a stream`)
    }
  }
}

/** Each HTTP/2 connection counts the streams that are waited for and the requests that refer to it, and has no more than it may. */
function checkStreams(pools: Pools, connections: ConnectionTable, requests: RequestTable): void {
  const { flags, pools: poolOf, streams, riders, capacity } = connections
  const waited = new Int32Array(capacity)
  const referring = new Int32Array(capacity)
  for (let request = 0; request < requests.capacity; request++) {
    const connection = requests.connections[request]!
    if (requests.flags[request] === 0 || connection === NO_CONNECTION) continue
    referring[connection]!++
    if ((requests.flags[request]! & WAITING) !== 0) waited[connection]!++
  }
  for (let connection = 0; connection < capacity; connection++) {
    if ((flags[connection]! & STREAMS) === 0) continue
    const { maxConcurrentStreams } = pools.all[poolOf[connection]!]!.spec.http2!
    const isOpening = (flags[connection]! & (OPEN | READY)) === OPEN
    const isSound = (flags[connection]! & READY) === 0 || streams[connection] === waited[connection]
    invariant(
      isSound && riders[connection] === referring[connection] && streams[connection]! <= maxConcurrentStreams,
      `Connection ${connection} counts ${streams[connection]} streams and ${riders[connection]} requests: there are ${waited[connection]} and ${referring[connection]}`,
    )
    invariant(!isOpening || waited[connection] === 1, `${waited[connection]} requests open connection ${connection}`)
  }
}
