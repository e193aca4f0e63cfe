import { complaintsAboutPortName } from '../names.ts'
import { type Checked, complainAbout, complainOutside } from './rule-context.ts'

const HANDLERS = ['exec', 'grpc', 'httpGet', 'tcpSocket'] as const

/** The rules of one probe. Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go (behaviour). */
export function checkProbe(probe: Checked, field: 'readinessProbe' | 'livenessProbe' | 'startupProbe'): void {
  const given = HANDLERS.filter((name) => probe.at(name) !== null)
  if (given.length !== 1) {
    probe.complainAtKey(`"${field}" has ${given.length === 0 ? 'no handler' : `${given.length} handlers`}`, `one of ${HANDLERS.join(', ')}`)
  }
  for (const name of ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'successThreshold', 'failureThreshold']) {
    complainOutside(probe.at(name), 0)
  }
  const successes = probe.at('successThreshold')
  if (field !== 'readinessProbe' && typeof successes?.value === 'number' && successes.value > 1) {
    successes.complain(`Cannot use ${successes.value} for "successThreshold" of a "${field}"`, '1')
  }
  for (const name of ['grpc', 'httpGet', 'tcpSocket']) checkPort(probe.at(name, 'port'))
}

/** A number in range or a port's name. */
export function checkPort(port: Checked | null): void {
  complainOutside(port, 1, 65535)
  complainAbout(port, 'a port name', complaintsAboutPortName)
}
