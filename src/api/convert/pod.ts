import type { PickedContainer, PickedPodSpec, PickedPodTemplate, PickedProbe } from '../modelled-fields.ts'
import type { Container, PodSpec, PodStatus, PodTemplate, Probe, Protocol, TaintEffect, Toleration } from '../objects/pod.ts'
import { placement } from './affinity.ts'
import { POD_DEFAULTS, PROBE_DEFAULTS } from './defaults.ts'
import { preStopSleep } from './pre-stop.ts'
import { resources } from './resources.ts'

/**
 * Pods as the API server stores them: what the manifest leaves open is filled in.
 *
 * Source of all defaults: kubernetes v1.36.2 pkg/apis/core/v1/defaults.go, but for the service account
 * (plugin/pkg/admission/serviceaccount, `default`).
 */
export function podSpec(spec: PickedPodSpec | undefined): PodSpec {
  const hostNetwork = spec?.hostNetwork ?? false
  return {
    nodeName: spec?.nodeName ?? '',
    serviceAccountName: spec?.serviceAccountName || spec?.serviceAccount || 'default',
    initContainers: (spec?.initContainers ?? []).map((picked) => container(picked, hostNetwork)),
    containers: (spec?.containers ?? []).map((picked) => container(picked, hostNetwork)),
    nodeSelector: spec?.nodeSelector ?? {},
    ...placement(spec),
    tolerations: (spec?.tolerations ?? []).map(toleration),
    terminationGracePeriodSeconds: spec?.terminationGracePeriodSeconds ?? POD_DEFAULTS.terminationGracePeriodSeconds,
    restartPolicy: (spec?.restartPolicy || 'Always') as PodSpec['restartPolicy'],
    priority: spec?.priority ?? 0,
    ...(spec?.priorityClassName ? { priorityClassName: spec.priorityClassName } : {}),
    ...(spec?.preemptionPolicy === 'Never' ? { preemptionPolicy: 'Never' as const } : {}),
    ...(spec?.overhead === undefined ? {} : { overhead: resources(spec.overhead) }),
    hostNetwork,
    ...(spec?.readinessGates === undefined ? {} : { readinessGates: spec.readinessGates.map((gate) => gate.conditionType ?? '') }),
  }
}

export function podTemplate(template: PickedPodTemplate | undefined): PodTemplate {
  return {
    labels: template?.metadata?.labels ?? {},
    annotations: template?.metadata?.annotations ?? {},
    spec: podSpec(template?.spec),
  }
}

/** A pod that nobody has taken up yet. */
export const NEW_POD_STATUS: PodStatus = {
  phase: 'Pending',
  podIP: '',
  hostIP: '',
  startTime: null,
  conditions: [],
  containerStatuses: [],
}

/** With the host's network, a container's ports are the host's. */
function container(picked: PickedContainer, hostNetwork: boolean): Container {
  const image = picked.image ?? ''
  const limits = picked.resources?.limits ?? {}
  const requests = picked.resources?.requests ?? {}
  return {
    name: picked.name ?? '',
    image,
    imagePullPolicy: (picked.imagePullPolicy || pullPolicyOf(image)) as Container['imagePullPolicy'],
    ports: (picked.ports ?? []).map((port) => ({
      name: port.name ?? '',
      containerPort: port.containerPort ?? 0,
      hostPort: port.hostPort || (hostNetwork ? (port.containerPort ?? 0) : 0),
      ...((port.hostIP ?? '') === '' ? {} : { hostIP: port.hostIP! }),
      protocol: (port.protocol || 'TCP') as Protocol,
    })),
    requests: resources({ ...limits, ...requests }),
    limits: resources(limits),
    readinessProbe: probe(picked.readinessProbe),
    livenessProbe: probe(picked.livenessProbe),
    startupProbe: probe(picked.startupProbe),
    preStopSleepSeconds: preStopSleep(picked.lifecycle?.preStop),
    ...(picked.lifecycle?.postStart === undefined ? {} : { postStartSleepSeconds: preStopSleep(picked.lifecycle.postStart) }),
    ...(picked.restartPolicy === 'Always' ? { restartPolicy: 'Always' as const } : {}),
  }
}

/** An image without a tag, or with the tag `latest`, is asked for anew each time; a digest or another tag is not. */
function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent'
  const name = image.slice(image.lastIndexOf('/') + 1)
  const tag = name.includes(':') ? name.slice(name.indexOf(':') + 1) : 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

/** Zero stands for the default in every number of a probe but the initial delay, whose default is zero. */
function probe(picked: PickedProbe | undefined): Probe | null {
  if (picked === undefined) return null
  return {
    ...probeHandler(picked),
    initialDelaySeconds: picked.initialDelaySeconds ?? PROBE_DEFAULTS.initialDelaySeconds,
    periodSeconds: picked.periodSeconds || PROBE_DEFAULTS.periodSeconds,
    timeoutSeconds: picked.timeoutSeconds || PROBE_DEFAULTS.timeoutSeconds,
    successThreshold: picked.successThreshold || PROBE_DEFAULTS.successThreshold,
    failureThreshold: picked.failureThreshold || PROBE_DEFAULTS.failureThreshold,
    ...(picked.terminationGracePeriodSeconds === undefined ? {} : { terminationGracePeriodSeconds: picked.terminationGracePeriodSeconds }),
  }
}

function probeHandler(picked: PickedProbe): Pick<Probe, 'handler' | 'port'> {
  if (picked.httpGet !== undefined) return { handler: 'httpGet', port: picked.httpGet.port ?? 0 }
  if (picked.tcpSocket !== undefined) return { handler: 'tcpSocket', port: picked.tcpSocket.port ?? 0 }
  if (picked.grpc !== undefined) return { handler: 'grpc', port: picked.grpc.port ?? 0 }
  return { handler: 'exec', port: 0 }
}

function toleration(picked: NonNullable<PickedPodSpec['tolerations']>[number]): Toleration {
  return {
    key: picked.key ?? '',
    operator: picked.operator === 'Exists' ? 'Exists' : 'Equal',
    value: picked.value ?? '',
    effect: (picked.effect ?? '') as '' | TaintEffect,
    tolerationSeconds: picked.tolerationSeconds ?? null,
  }
}
