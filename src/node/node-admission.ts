import type { Pod, PodSpec, Resources } from '../api/objects/index.ts'
import { hostPortsOf, portsConflict } from '../control-plane/scheduler/host-ports.ts'

export type Allocatable = Resources & { readonly pods: number }

/**
 * What a pod asks of its node: the sum of the main containers and sidecars, or more where an init container needs more while it
 * runs beside the sidecars started before it.
 *
 * Source: Kubernetes component-helpers/resource/helpers.go (PodRequests).
 */
export function requestsOf(spec: PodSpec): Resources {
  let [cpuMilli, memoryBytes] = [0, 0]
  let [initCpu, initMemory] = [0, 0]
  let [sidecarCpu, sidecarMemory] = [0, 0]
  for (const { requests } of spec.containers) {
    cpuMilli += requests.cpuMilli
    memoryBytes += requests.memoryBytes
  }
  for (const { requests, restartPolicy } of spec.initContainers) {
    if (restartPolicy === 'Always') {
      sidecarCpu += requests.cpuMilli
      sidecarMemory += requests.memoryBytes
      initCpu = Math.max(initCpu, sidecarCpu)
      initMemory = Math.max(initMemory, sidecarMemory)
    } else {
      initCpu = Math.max(initCpu, sidecarCpu + requests.cpuMilli)
      initMemory = Math.max(initMemory, sidecarMemory + requests.memoryBytes)
    }
  }
  return { cpuMilli: Math.max(cpuMilli + sidecarCpu, initCpu), memoryBytes: Math.max(memoryBytes + sidecarMemory, initMemory) }
}

/**
 * Why a node cannot take one more pod beside those it has, or null. Two pods may have been bound to the last place when a
 * scheduler was wrong or had an old view.
 *
 * Source: Kubernetes pkg/kubelet/lifecycle/predicate.go.
 */
export function refusal(pod: Pod, others: Iterable<Pod>, allocatable: Allocatable): string | null {
  let pods = 1
  const ports = hostPortsOf(pod)
  let portTaken = false
  let { cpuMilli, memoryBytes } = requestsOf(pod.spec)
  const asked = { cpuMilli, memoryBytes }
  for (const other of others) {
    const requests = requestsOf(other.spec)
    pods++
    if (ports.length > 0) portTaken ||= hostPortsOf(other).some((taken) => ports.some((port) => portsConflict(port, taken)))
    cpuMilli += requests.cpuMilli
    memoryBytes += requests.memoryBytes
  }
  if (pods > allocatable.pods) return 'OutOfpods'
  if (asked.cpuMilli > 0 && cpuMilli > allocatable.cpuMilli) return 'OutOfcpu'
  if (asked.memoryBytes > 0 && memoryBytes > allocatable.memoryBytes) return 'OutOfmemory'
  return portTaken ? 'NodePorts' : null
}
