import type { AnyObject, Container, Deployment, Kind, KindMap, ReplicaSet, Service } from '../api/objects/index.ts'
import type { Wait } from '../engine/process.ts'
import type { HopId } from '../engine/trace.ts'
import { type ApiAccess, ApiClient, type Because } from './api-client.ts'
import type { ApiResponse } from './api-server.ts'
import { ADMINISTRATOR } from './identity.ts'
import { keyOf, objectKey } from './object-key.ts'

/** What kubectl can be told to do. */
export type KubectlVerb =
  | { readonly verb: 'apply'; readonly objects: readonly AnyObject[] }
  | {
      readonly verb: 'scale'
      readonly kind: 'Deployment' | 'ReplicaSet'
      readonly namespace: string
      readonly name: string
      readonly replicas: number
    }
  | {
      readonly verb: 'set image'
      readonly namespace: string
      readonly name: string
      readonly images: readonly { readonly container: string; readonly image: string }[]
    }
  | {
      readonly verb: 'delete'
      readonly kind: string
      readonly namespace: string
      readonly name: string
      readonly gracePeriodSeconds: number | null
    }

/** A command that the API server refused, in whole or in part. */
export interface Refusal {
  readonly command: string
  readonly reason: string
}

/** kubectl on the administrator's machine: one process a command, no client-side rate limit. */
export class Kubectl {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  readonly refusals: Refusal[] = []

  constructor(access: ApiAccess) {
    this.#access = access
    this.#client = new ApiClient(access, {
      actor: 'kubectl',
      identity: ADMINISTRATOR,
      limit: null,
      network: 'kubectlNetwork',
      retries: 'caller',
    })
  }

  /** Runs the command as its own process, from now on. `text` is how the user wrote it. */
  run(command: KubectlVerb, text: string): void {
    this.#access.sim.spawn(this.#run(command, text))
  }

  *#run(command: KubectlVerb, text: string): Generator<Wait, void, unknown> {
    const { sim, latencies, trace } = this.#access
    const started = sim.now
    yield sim.delay(latencies.draw('kubectlStart'))
    const subject = subjectOf(command)
    const cause = trace.record({ cause: -1, actor: 'kubectl', action: 'started', subject, started, detail: text })
    if (command.verb === 'apply') {
      for (const object of command.objects) this.#told(yield* this.#apply(object, cause), keyOf(object), text)
    } else this.#told(yield* this.#change(command, cause), subject, text)
  }

  /** Asks for the live object, then creates or patches it. */
  *#apply(object: AnyObject, cause: HopId): Generator<Wait, ApiResponse, unknown> {
    const { namespace, name } = object.metadata
    const kind = object.kind as Kind
    const live = yield* this.#client.get(kind, namespace, name)
    if (live === undefined) return yield* this.#client.create(object, { cause, why: 'apply: it does not exist yet' })
    return yield* this.#client.patch(kind, namespace, name, (current) => applied(current, object) as KindMap[Kind], {
      cause,
      why: 'apply: it exists, what differs is patched',
    })
  }

  *#change(command: Exclude<KubectlVerb, { verb: 'apply' }>, cause: HopId): Generator<Wait, ApiResponse, unknown> {
    const { namespace, name } = command
    switch (command.verb) {
      case 'scale': {
        const because: Because = { cause, why: `replicas: ${command.replicas}` }
        const scale = <T extends Deployment | ReplicaSet>(current: T): T =>
          current.spec.replicas === command.replicas ? current : { ...current, spec: { ...current.spec, replicas: command.replicas } }
        return command.kind === 'Deployment'
          ? yield* this.#client.patch('Deployment', namespace, name, scale, because)
          : yield* this.#client.patch('ReplicaSet', namespace, name, scale, because)
      }
      case 'set image': {
        const why = command.images.map(({ container, image }) => `${container}=${image}`).join(' ')
        return yield* this.#client.patch('Deployment', namespace, name, (current) => withImages(current, command.images), { cause, why })
      }
      case 'delete':
        return yield* this.#client.delete(command.kind, namespace, name, command.gracePeriodSeconds, { cause, why: 'delete' })
    }
  }

  #told(response: ApiResponse, subject: string, text: string): void {
    const failed = response.code >= 400
    this.#access.trace.record({
      cause: response.hop,
      actor: 'kubectl',
      action: failed ? 'was refused' : 'answered',
      subject,
      detail: failed ? `${response.code} ${response.message}` : response.message,
    })
    if (failed) this.refusals.push({ command: text, reason: `${response.code} ${response.message}` })
  }
}

function subjectOf(command: KubectlVerb): string {
  switch (command.verb) {
    case 'apply':
      return command.objects.length === 1 ? keyOf(command.objects[0]!) : ''
    case 'scale':
    case 'delete':
      return objectKey(command.kind, command.namespace, command.name)
    case 'set image':
      return objectKey('Deployment', command.namespace, command.name)
  }
}

function withImages(deployment: Deployment, images: readonly { readonly container: string; readonly image: string }[]): Deployment {
  const { template } = deployment.spec
  const change = (container: Container): Container => {
    const wanted = images.find((image) => image.container === container.name || image.container === '*')
    return wanted === undefined || wanted.image === container.image ? container : { ...container, image: wanted.image }
  }
  const containers = template.spec.containers.map(change)
  const initContainers = template.spec.initContainers.map(change)
  const unchanged = (after: readonly Container[], before: readonly Container[]): boolean =>
    after.every((container, i) => container === before[i])
  if (unchanged(containers, template.spec.containers) && unchanged(initContainers, template.spec.initContainers)) return deployment
  return { ...deployment, spec: { ...deployment.spec, template: { ...template, spec: { ...template.spec, containers, initContainers } } } }
}

/**
 * The live object with what the manifest says. What the server or a controller has filled in stays: status, addresses,
 * annotations and labels that the manifest does not name.
 */
function applied(current: AnyObject, manifest: AnyObject): AnyObject {
  const labels = { ...current.metadata.labels, ...manifest.metadata.labels }
  const annotations = { ...current.metadata.annotations, ...manifest.metadata.annotations }
  const sameMeta = same(labels, current.metadata.labels) && same(annotations, current.metadata.annotations)
  const spec = specOf(manifest)
  const wanted = manifest.kind === 'Service' ? keepAddresses(current as Service, manifest as Service).spec : spec
  const sameSpec = same(wanted, specOf(current))
  if (sameMeta && sameSpec) return current
  const metadata = sameMeta ? current.metadata : { ...current.metadata, labels, annotations }
  return (sameSpec ? { ...current, metadata } : { ...current, metadata, spec: wanted }) as AnyObject
}

function specOf(object: AnyObject): unknown {
  return (object as { spec?: unknown }).spec
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
