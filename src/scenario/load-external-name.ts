import type { Service } from '../api/objects/index.ts'
import type { LoadContext } from './load-context.ts'
import { podOf } from './load-headless-target.ts'
import { find } from './load-inventory.ts'
import type { Path } from './parse-yaml.ts'

/** So many aliases are followed, one after the other. Source: coredns plugin/pkg/upstream; resolvers follow about as many. */
export const ALIASES_MAX = 8

/**
 * The Service that an ExternalName stands for in the end, and the address that clients would then have written; undefined after reporting that it is a
 * name outside the cluster. DNS answers with the alias and the addresses at once, so a lookup takes no longer.
 */
export function followExternalName(
  context: LoadContext,
  path: Path,
  text: string,
  first: Service,
): { service: Service; pod: string | null; text: string } | undefined {
  let service = first
  for (let n = 0; n < ALIASES_MAX; n++) {
    const name = (service.spec.externalName ?? '').replace(/\.$/, '')
    const ofPod = podOf(`http://${name}`)
    const [target, namespace, ...rest] = ofPod === null ? name.split('.') : [ofPod.service, ofPod.namespace, 'svc']
    const inCluster = ['svc', 'svc.cluster.local'].includes(rest.join('.'))
      ? find(context.inventory.services, namespace!, target!)
      : undefined
    if (inCluster === undefined) {
      context.mistake(
        path,
        `Service "${service.metadata.name}" stands for "${name}", and nothing in the manifests says what answers there`,
        'an externalName such as NAME.NAMESPACE.svc.cluster.local, of a Service whose pods stand for it',
      )
      return undefined
    }
    if (inCluster.spec.type !== 'ExternalName') return { service: inCluster, pod: ofPod?.pod ?? null, text }
    service = inCluster
  }
  context.mistake(
    path,
    `Service "${first.metadata.name}" stands for a name that stands for another, and so on without end`,
    'the name of a Service with pods',
  )
  return undefined
}
