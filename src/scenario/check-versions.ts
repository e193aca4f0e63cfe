import type { AnyObject, Service } from '../api/objects/index.ts'
import { acceptedDistributions, treatmentOf } from '../api/traffic-distribution.ts'
import type { KubernetesMinor } from '../kubernetes-version.ts'
import type { LoadContext } from './load-context.ts'
import type { Path } from './parse-yaml.ts'

const AT: Path = ['spec', 'cluster', 'version']

/** Reports what of the manifests the API server of that version refuses, or drops without a word. */
export function checkVersions(context: LoadContext, version: KubernetesMinor, objects: readonly AnyObject[]): void {
  for (const object of objects) {
    if (object.kind !== 'Service') continue
    const { metadata, spec } = object as Service
    if (spec.trafficDistribution === undefined) continue
    const what = `trafficDistribution ${spec.trafficDistribution} of the Service "${metadata.name}"`
    const treatment = treatmentOf(spec.trafficDistribution, version)
    if (treatment === 'dropped') context.warn(AT, 'no-effect', `Kubernetes 1.${version} drops the ${what}: it is off by default`)
    if (treatment !== 'refused') continue
    const accepted = `there ${acceptedDistributions(version).join(' or ')}, or a later version here`
    context.mistake(AT, `Kubernetes 1.${version} refuses the ${what}`, accepted)
  }
}
