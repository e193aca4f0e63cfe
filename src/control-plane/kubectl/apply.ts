import type { AnyObject, Ingress, Kind, KindMap, Service } from '../../api/objects/index.ts'
import { keyOf } from '../object-key.ts'
import type { VerbRunner } from './session.ts'

export interface ApplyCommand {
  readonly verb: 'apply'
  readonly objects: readonly AnyObject[]
}

/** Asks for each live object, then creates or patches it. */
export const apply: VerbRunner<ApplyCommand> = {
  subject: ({ objects }) => (objects.length === 1 ? keyOf(objects[0]!) : ''),
  *run({ objects }, session) {
    const { client, cause, told } = session
    for (const object of objects) {
      const { namespace, name } = object.metadata
      const kind = object.kind as Kind
      if (!(yield* session.mayRead(kind, namespace, name))) continue
      const live = yield* client.get(kind, namespace, name)
      const response =
        live === undefined
          ? yield* client.create(object, { cause, why: 'apply: it does not exist yet' })
          : yield* client.patch(kind, namespace, name, (current) => applied(current, object) as KindMap[Kind], {
              cause,
              why: 'apply: it exists, what differs is patched',
            })
      told(response, keyOf(object))
    }
  },
}

/**
 * The live object with what the manifest says. What the server or a controller has filled in stays: status, addresses,
 * annotations and labels that the manifest does not name.
 */
function applied(current: AnyObject, manifest: AnyObject): AnyObject {
  const labels = { ...current.metadata.labels, ...manifest.metadata.labels }
  const annotations = { ...current.metadata.annotations, ...manifest.metadata.annotations }
  const sameMeta = same(labels, current.metadata.labels) && same(annotations, current.metadata.annotations)
  const wanted = withWhatTheServerGave(current, manifest)
  const changed = Object.entries(wanted).filter(
    ([field, value]) => !SERVER_FIELDS.has(field) && !same(value, (current as unknown as Record<string, unknown>)[field]),
  )
  if (sameMeta && changed.length === 0) return current
  const metadata = sameMeta ? current.metadata : { ...current.metadata, labels, annotations }
  return { ...current, metadata, ...Object.fromEntries(changed) } as AnyObject
}

/** What a manifest cannot say, or says in its own way. */
const SERVER_FIELDS: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status'])

function withWhatTheServerGave(current: AnyObject, manifest: AnyObject): AnyObject {
  if (manifest.kind === 'Service') return keepAddresses(current as Service, manifest as Service)
  if (manifest.kind === 'Ingress') return keepClass(current as Ingress, manifest as Ingress)
  return manifest
}

function keepClass(current: Ingress, manifest: Ingress): Ingress {
  if (manifest.spec.ingressClassName !== '') return manifest
  return { ...manifest, spec: { ...manifest.spec, ingressClassName: current.spec.ingressClassName } }
}

function keepAddresses(current: Service, manifest: Service): Service {
  const { spec } = manifest
  const clusterIP = spec.clusterIP === '' ? current.spec.clusterIP : spec.clusterIP
  const ports = spec.ports.map((port) => {
    const before = current.spec.ports.find((candidate) => candidate.port === port.port && candidate.protocol === port.protocol)
    return port.nodePort === 0 && before !== undefined ? { ...port, nodePort: before.nodePort } : port
  })
  return { ...manifest, spec: { ...spec, clusterIP, ports } }
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
