/** The concepts that are told: a page docs/concepts/NAME.md, a scenario scenarios/concepts/NAME.yaml, and the story of one of its objects. */
export const CONCEPTS: readonly { readonly name: string; readonly object: string }[] = [
  { name: 'creating-a-pod', object: 'Deployment/default/web' },
  { name: 'user-access', object: 'Service/default/web' },
  { name: 'rolling-update', object: 'Deployment/default/web' },
  { name: 'pod-deletion', object: 'Deployment/default/web' },
  { name: 'node-failure', object: 'Node/worker-1' },
  { name: 'etcd-leader-loss', object: 'Deployment/default/web' },
  { name: 'bootstrap', object: 'Node/worker-1' },
  { name: 'service-creation', object: 'Service/default/web' },
]
