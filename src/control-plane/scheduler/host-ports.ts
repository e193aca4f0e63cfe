import type { Container, Pod, Protocol } from '../../api/objects/index.ts'

/** A port of the node that a pod takes for itself. */
export interface HostPort {
  readonly ip: string
  readonly protocol: Protocol
  readonly port: number
}

const ANY_ADDRESS = '0.0.0.0'
const NONE: readonly HostPort[] = []

/** Those of containers and sidecars; other init containers have ended before. Source: Kubernetes pkg/scheduler/util/utils.go (GetHostPorts). */
export function hostPortsOf(pod: Pod): readonly HostPort[] {
  let ports: HostPort[] | null = null
  const collect = (container: Container): void => {
    for (const { hostPort, hostIP, protocol } of container.ports) {
      if (hostPort <= 0) continue
      ports ??= []
      ports.push({ ip: hostIP === undefined || hostIP === '' ? ANY_ADDRESS : hostIP, protocol, port: hostPort })
    }
  }
  for (const container of pod.spec.initContainers) if (container.restartPolicy === 'Always') collect(container)
  for (const container of pod.spec.containers) collect(container)
  return ports ?? NONE
}

/** The same port of the same protocol, on the same address or where one of them takes every address. */
export function portsConflict(a: HostPort, b: HostPort): boolean {
  return a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || a.ip === ANY_ADDRESS || b.ip === ANY_ADDRESS)
}
