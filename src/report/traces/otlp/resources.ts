import { type Attribute, attributes } from './spans.ts'

/** Who did a hop, such as `kubelet/worker-3`. */
export function resourceOfActor(actor: string, run: Readonly<Record<string, string>>): Attribute[] {
  const [service = '', instance] = actor.split('/')
  const isOnNode = service === 'kubelet' || service === 'kube-proxy'
  return attributes({
    'service.name': service,
    'service.instance.id': instance === undefined ? undefined : actor,
    'k8s.node.name': isOnNode ? instance : undefined,
    ...run,
  })
}

/** Where a request was: `client 198.18.0.7`, a pod as `namespace/name`, or a node; empty where nobody says. */
export function resourceOfPlace(place: string, run: Readonly<Record<string, string>>): Attribute[] {
  if (place === '' || place.startsWith('client ')) return attributes({ 'service.name': 'client', ...run })
  const [namespace = '', pod] = place.split('/')
  if (pod === undefined) return attributes({ 'service.name': 'node', 'service.instance.id': place, 'k8s.node.name': place, ...run })
  return attributes({
    'service.name': workloadOf(pod),
    'service.instance.id': place,
    'k8s.namespace.name': namespace,
    'k8s.pod.name': pod,
    ...run,
  })
}

/** By the rules of their names: the Deployment, StatefulSet or DaemonSet that a pod is of. */
function workloadOf(pod: string): string {
  return /^(.+)-[a-z0-9]{8,10}-[a-z0-9]{5}$/.exec(pod)?.[1] ?? /^(.+)-(?:\d+|[a-z0-9]{5})$/.exec(pod)?.[1] ?? pod
}

/** Attributes that name an object, `Kind/namespace/name`, as the semantic conventions do where they have a name for its kind. */
export function attributesOfObject(object: string): Record<string, string> {
  if (object === '') return {}
  const parts = object.split('/')
  const kind = parts[0]!
  const namespace = parts.length === 3 ? parts[1]! : ''
  const name = parts.at(-1)!
  const key = CONVENTIONS[kind]
  return {
    'towtank.object': object,
    ...(key === undefined ? {} : { [key]: name }),
    ...(namespace === '' ? {} : { 'k8s.namespace.name': namespace }),
  }
}

/** Source: OpenTelemetry semantic conventions, resource attributes of Kubernetes. */
const CONVENTIONS: Readonly<Record<string, string>> = {
  Pod: 'k8s.pod.name',
  Node: 'k8s.node.name',
  Deployment: 'k8s.deployment.name',
  ReplicaSet: 'k8s.replicaset.name',
  StatefulSet: 'k8s.statefulset.name',
  DaemonSet: 'k8s.daemonset.name',
  Job: 'k8s.job.name',
  CronJob: 'k8s.cronjob.name',
  HorizontalPodAutoscaler: 'k8s.hpa.name',
  Namespace: 'k8s.namespace.name',
}
