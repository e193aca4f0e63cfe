/**
 * The concepts that are told: a page docs/concepts/NAME.md, a scenario scenarios/concepts/NAME.yaml, and the stories of objects in it, each kept
 * as STORY.trace.
 */
export interface Concept {
  readonly name: string
  readonly object: string
  /** What the kept story is called; the name when not given. */
  readonly story?: string
}

export const CONCEPTS: readonly Concept[] = [
  { name: 'creating-a-pod', object: 'Deployment/default/web' },
  { name: 'user-access', object: 'Service/default/web' },
  { name: 'rolling-update', object: 'Deployment/default/web' },
  { name: 'pod-deletion', object: 'Deployment/default/web' },
  { name: 'node-failure', object: 'Node/worker-1' },
  { name: 'crash-loop', object: 'Deployment/default/fragile' },
  { name: 'crash-loop', object: 'Deployment/default/impatient', story: 'liveness-kill-loop' },
  { name: 'stateful-set', object: 'StatefulSet/default/journal' },
  { name: 'job-and-cron-job', object: 'Job/default/index', story: 'job' },
  { name: 'job-and-cron-job', object: 'CronJob/default/report', story: 'cron-job' },
  { name: 'etcd-leader-loss', object: 'Deployment/default/web' },
  { name: 'bootstrap', object: 'Node/worker-1' },
  { name: 'service-creation', object: 'Service/default/web' },
  { name: 'ingress', object: 'Ingress/default/shop' },
  { name: 'hpa', object: 'HorizontalPodAutoscaler/default/web' },
]
