import {
  complaintsAboutDns1123Label,
  complaintsAboutDns1123Subdomain,
  complaintsAboutLabelKey,
  complaintsAboutPortName,
  complaintsAboutPortNumber,
  complaintsAboutQualifiedName,
} from '../names.ts'
import { compareQuantities, parseQuantity, type Quantity } from '../quantity.ts'
import { QUANTITY, shown } from '../wording.ts'
import { checkLabels } from './metadata.ts'
import { checkPlacement } from './placement.ts'
import { checkProbe } from './probe.ts'
import { type Checked, complainAbout, complainOutside, complainTwice } from './rule-context.ts'

/**
 * The API server's rules of a pod's spec that would otherwise bite the model.
 *
 * Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go (behaviour).
 */
export function checkPodSpec(spec: Checked): void {
  const containers = spec.items('containers')
  const initContainers = spec.items('initContainers')
  if (containers.length === 0 && (spec.at('containers') === null || Array.isArray(spec.at('containers')?.value))) {
    const place = spec.at('containers')
    if (place !== null) place.complainAtKey('A pod needs at least one container')
  }
  complainTwice(
    [...initContainers, ...containers].map((container) => container.at('name')),
    'container name',
  )
  for (const container of initContainers) checkContainer(spec, container, container.text('restartPolicy') === 'Always')
  for (const container of containers) checkContainer(spec, container, true)
  complainOutside(spec.at('terminationGracePeriodSeconds'), 0)
  complainAbout(spec.at('serviceAccountName'), 'the name of a service account', complaintsAboutDns1123Subdomain)
  complainAbout(spec.at('nodeName'), 'the name of a node', complaintsAboutDns1123Subdomain)
  checkLabels(spec.entries('nodeSelector'))
  for (const toleration of spec.items('tolerations')) checkToleration(toleration)
  checkHostPorts([...initContainers.filter((one) => one.text('restartPolicy') === 'Always'), ...containers])
  checkPlacement(spec)
}

/** `probed`: containers that run beside others may have probes and a preStop hook; init containers that must end may not. */
function checkContainer(spec: Checked, container: Checked, probed: boolean): void {
  complainAbout(container.at('name'), 'a container name', complaintsAboutDns1123Label)
  checkImage(container)
  checkPorts(spec, container)
  checkResources(container)
  for (const field of ['readinessProbe', 'livenessProbe', 'startupProbe'] as const) {
    const probe = container.at(field)
    if (probe === null) continue
    if (probed) checkProbe(probe, field)
    else probe.complainAtKey(`An init container may have a "${field}" only if its "restartPolicy" is "Always"`)
  }
  checkPreStop(spec, container, probed)
  checkMounts(spec, container)
}

function checkImage(container: Checked): void {
  const image = container.at('image')
  if (image === null) container.complainAtKey(`Container "${container.text('name') ?? ''}" has no "image"`)
  else if (image.value === '') image.complain('"image" is empty')
  else if (typeof image.value === 'string' && image.value.trim() !== image.value) image.complain('"image" begins or ends with a space')
}

function checkPorts(spec: Checked, container: Checked): void {
  const ports = container.items('ports')
  complainTwice(
    ports.map((port) => port.at('name')),
    'port name',
  )
  const hostNetwork = spec.at('hostNetwork')?.value === true
  for (const port of ports) {
    complainAbout(port.at('name'), 'a port name', complaintsAboutPortName)
    const number = port.number('containerPort')
    if (number !== null && complaintsAboutPortNumber(number).length > 0) complainOutside(port.at('containerPort'), 1, 65535)
    complainOutside(port.at('hostPort'), 0, 65535)
    const hostPort = port.number('hostPort')
    if (hostNetwork && hostPort !== null && hostPort !== 0 && hostPort !== number) {
      port.at('hostPort')?.complain(`With "hostNetwork" a host port must be the container port, not ${hostPort}`, String(number))
    }
  }
}

/** A port of the host, protocol and address can be asked for once. */
function checkHostPorts(containers: readonly Checked[]): void {
  const seen = new Set<string>()
  for (const port of containers.flatMap((container) => container.items('ports'))) {
    const hostPort = port.at('hostPort')
    if (hostPort === null || hostPort.value === 0) continue
    const key = `${port.text('hostIP') || '0.0.0.0'}/${port.text('protocol') || 'TCP'}/${String(hostPort.value)}`
    if (seen.has(key)) hostPort.complain(`The host port ${String(hostPort.value)} is used twice`)
    seen.add(key)
  }
}

function checkResources(container: Checked): void {
  for (const list of ['requests', 'limits'] as const) {
    for (const { key, value } of container.entries('resources', list)) {
      const complaints = complaintsAboutQualifiedName(key)
      if (complaints.length > 0) value.complainAtKey(`Cannot use "${key}" as a resource: it ${complaints.join(', and ')}`)
      const quantity = quantityOf(value)
      if (quantity === null && typeof value.value === 'string') value.complain(`Cannot use ${shown(value.value)} for "${key}"`, QUANTITY)
      if (quantity !== null && quantity.nanos < 0n)
        value.complain(`Cannot use "${String(value.value)}" for "${key}"`, 'a quantity of 0 or more')
    }
  }
  for (const { key, value } of container.entries('resources', 'requests')) {
    const limit = container.at('resources', 'limits', key)
    const request = quantityOf(value)
    const most = limit === null ? null : quantityOf(limit)
    if (request !== null && most !== null && compareQuantities(request, most) > 0) {
      value.complain(`The ${key} request "${String(value.value)}" is more than the limit "${String(limit?.value)}"`)
    }
  }
}

function quantityOf(place: Checked): Quantity | null {
  if (typeof place.value !== 'string' && typeof place.value !== 'number') return null
  const parsed = parseQuantity(String(place.value))
  return parsed.ok ? parsed.quantity : null
}

const HOOKS = ['exec', 'httpGet', 'sleep', 'tcpSocket'] as const

function checkPreStop(spec: Checked, container: Checked, probed: boolean): void {
  const lifecycle = container.at('lifecycle')
  if (lifecycle !== null && !probed)
    lifecycle.complainAtKey('An init container may have a "lifecycle" only if its "restartPolicy" is "Always"')
  for (const event of ['preStop', 'postStart'] as const) {
    const hook = container.at('lifecycle', event)
    if (hook === null) continue
    const given = HOOKS.filter((name) => hook.at(name) !== null)
    if (given.length !== 1)
      hook.complainAtKey(`"${event}" has ${given.length === 0 ? 'no handler' : `${given.length} handlers`}`, `one of ${HOOKS.join(', ')}`)
  }
  const grace = spec.number('terminationGracePeriodSeconds') ?? 30
  complainOutside(container.at('lifecycle', 'preStop', 'sleep', 'seconds'), 0, grace)
}

function checkMounts(spec: Checked, container: Checked): void {
  const volumes = spec.items('volumes').map((volume) => volume.text('name'))
  for (const mount of container.items('volumeMounts')) {
    const name = mount.text('name')
    if (name !== null && !volumes.includes(name)) mount.at('name')?.complain(`The pod has no volume "${name}"`)
  }
}

function checkToleration(toleration: Checked): void {
  complainAbout(toleration.at('key'), 'a taint key', complaintsAboutLabelKey)
  const exists = toleration.text('operator') === 'Exists'
  const value = toleration.at('value')
  if (exists && value !== null && value.value !== '') value.complain('A toleration with operator "Exists" has no value')
  if (!exists && (toleration.text('key') ?? '') === '') toleration.complainAtKey('A toleration without a key needs operator "Exists"')
  const seconds = toleration.at('tolerationSeconds')
  if (seconds !== null && toleration.text('effect') !== 'NoExecute') {
    seconds.complainAtKey('"tolerationSeconds" needs effect "NoExecute"')
  }
}
