import type { KindMap, Service, StringMap } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { objectKey } from '../object-key.ts'
import type { Target, VerbRunner } from './session.ts'

/** Kinds that know by which labels their pods are found. */
export type ExposableKind = 'Deployment' | 'ReplicaSet' | 'Pod' | 'Service'

export interface ExposeCommand extends Target<ExposableKind> {
  readonly verb: 'expose'
  /** The Service's name. */
  readonly as: string
  readonly port: number
  readonly targetPort: number | string
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer'
}

/** Makes a Service with the selector of the object. Source: kubectl pkg/cmd/expose, pkg/polymorphichelpers/mapbasedselectorforobject.go. */
export const expose: VerbRunner<ExposeCommand> = {
  subject: ({ namespace, as }) => objectKey('Service', namespace, as),
  *run({ kind, namespace, name, as, port, targetPort, protocol, type }, session) {
    const { client, cause } = session
    if (!(yield* session.mayRead(kind, namespace, name))) return
    const live = yield* client.get(kind, namespace, name)
    const key = objectKey(kind, namespace, name)
    if (live === undefined) {
      session.failed(key, `${key} not found`)
      return
    }
    const selector = selectorOf(live)
    if (selector === null) {
      session.failed(key, `cannot expose ${key}: its selector has requirements, or no labels, which a Service cannot have`)
      return
    }
    const service: Service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...emptyMeta(as, namespace), labels: live.metadata.labels },
      spec: {
        type,
        clusterIP: '',
        ports: [{ name: '', protocol, port, targetPort, nodePort: 0 }],
        selector,
        publishNotReadyAddresses: false,
      },
    }
    session.told(yield* client.create(service, { cause, why: `expose ${key}` }), objectKey('Service', namespace, as))
  },
}

function selectorOf(object: KindMap[ExposableKind]): StringMap | null {
  const labels =
    object.kind === 'Pod'
      ? object.metadata.labels
      : object.kind === 'Service'
        ? object.spec.selector
        : object.spec.selector.matchExpressions.length > 0
          ? null
          : object.spec.selector.matchLabels
  return labels === null || Object.keys(labels).length === 0 ? null : labels
}
