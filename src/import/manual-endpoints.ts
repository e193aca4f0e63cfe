import type { CleanObject } from './objects/clean-objects.ts'
import type { DumpedObject } from './objects/read-objects.ts'
import { at, fieldsAt, listAt, textAt, textsAt } from './objects/values.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/**
 * EndpointSlices of Services without a selector, such as default/kubernetes: nothing in the model would make them again. Those of other Services are
 * made from their pods.
 */
export function manualEndpointSlices(objects: readonly DumpedObject[], nodeNames: ReadonlyMap<string, string>): CleanObject[] {
  const manual = new Set(
    objects
      .filter(({ kind, value }) => kind === 'Service' && Object.keys(fieldsAt(value, 'spec', 'selector')).length === 0)
      .map(({ namespace, name }) => `${namespace}/${name}`),
  )
  return objects.flatMap(({ kind, namespace, name, value }): CleanObject[] => {
    const service = textsAt(value, 'metadata', 'labels')[SERVICE_NAME] ?? ''
    if (kind !== 'EndpointSlice' || textAt(value, 'addressType') !== 'IPv4' || !manual.has(`${namespace}/${service}`)) return []
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind,
      metadata: { name, namespace, labels: { [SERVICE_NAME]: service } },
      addressType: 'IPv4',
      ports: listAt(value, 'ports').map((port) => ({
        name: textAt(port, 'name'),
        protocol: textAt(port, 'protocol') || 'TCP',
        port: at(port, 'port'),
      })),
      endpoints: listAt(value, 'endpoints').map((endpoint) => {
        const nodeName = nodeNames.get(textAt(endpoint, 'nodeName'))
        const conditions = Object.entries(fieldsAt(endpoint, 'conditions')).filter(([, state]) => typeof state === 'boolean')
        return {
          addresses: listAt(endpoint, 'addresses'),
          conditions: Object.fromEntries(conditions),
          ...(nodeName === undefined ? {} : { nodeName }),
        }
      }),
    }
    return [{ kind, namespace, name, value: slice }]
  })
}
