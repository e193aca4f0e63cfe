/**
 * Packets of connections that are there already: the connection table is asked, and no rule and no table of Services.
 *
 * Each packet is a client's ACK with all that IPVS does for one: the connection is found, its state followed, its timer set anew.
 */
import { NamedStream } from '../engine/random-stream.ts'
import { invariant } from '../invariant.ts'
import { ConnectionTable } from '../proxy/ipvs/connection-table.ts'
import { VirtualService } from '../proxy/ipvs/virtual-service.ts'
import { TCP } from '../proxy/protocol.ts'
import { fold } from './checksum.ts'
import type { Run } from './stopwatch.ts'
import type { Services } from './traffic.ts'

/** Connections in the table, spread over all Services. The same number at every number of Services: it is the Services that vary. */
export const FLOWS = 1024
/** Backends of each Service: kube-proxy's own load tests have as few. */
const ENDPOINTS = 3
/** Between two packets, ns. */
const PACKET_GAP = 1000

export function establishedPackets(seed: string, services: Services): Run {
  const draws = new NamedStream(seed, 'bench/flows')
  const table = new ConnectionTable({ capacity: FLOWS })
  const made = new Map<number, VirtualService>()
  const owners: VirtualService[] = []
  const clients = new Int32Array(FLOWS)
  const clientPorts = new Int32Array(FLOWS)
  const addresses = new Int32Array(FLOWS)
  const ports = new Int32Array(FLOWS)
  const packet = { protocol: TCP, sourceAddress: 0, sourcePort: 0, destinationAddress: 0, destinationPort: 0 }
  const load = (flow: number): void => {
    packet.sourceAddress = clients[flow]!
    packet.sourcePort = clientPorts[flow]!
    packet.destinationAddress = addresses[flow]!
    packet.destinationPort = ports[flow]!
  }
  for (let flow = 0; flow < FLOWS; flow += 1) {
    const service = draws.below(services.count)
    const owner = made.get(service) ?? withEndpoints()
    made.set(service, owner)
    owners.push(owner)
    clients[flow] = draws.int32()
    clientPorts[flow] = 1024 + flow
    addresses[flow] = services.addresses[service]!
    ports[flow] = services.ports[service]!
    load(flow)
    invariant(table.fromClient(owner, packet, 'syn', false, 0) >= 0, 'the first packet of a flow gets a destination')
    table.fromClient(owner, packet, 'ack', true, 0)
  }
  let turn = 0
  let now = 0
  return (operations) => {
    let checksum = 0
    for (let operation = 0; operation < operations; operation += 1) {
      load(turn)
      now += PACKET_GAP
      checksum = fold(checksum, table.fromClient(owners[turn]!, packet, 'ack', true, now))
      turn = (turn + 1) & (FLOWS - 1)
    }
    return checksum
  }
}

function withEndpoints(): VirtualService {
  const service = new VirtualService({ scheduler: 'rr' })
  for (let endpoint = 0; endpoint < ENDPOINTS; endpoint += 1) service.add(endpoint, 8080, 1)
  return service
}
