import type { Pod } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { MIRROR, OF_COMPONENT } from '../mirror-pod.ts'

/** What a machine of the control plane runs. */
export type ComponentName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'

/** Source: pkg/apis/scheduling: system-node-critical. */
const PRIORITY = 2_000_001_000
/** Requests of the containers. Source: cmd/kubeadm/app/phases/{etcd/local.go,controlplane/manifests.go}. */
export const REQUESTS: { readonly [K in ComponentName]: { readonly cpuMilli: number; readonly memoryBytes: number } } = {
  etcd: { cpuMilli: 100, memoryBytes: 100 * 1024 * 1024 },
  'kube-apiserver': { cpuMilli: 250, memoryBytes: 0 },
  'kube-controller-manager': { cpuMilli: 200, memoryBytes: 0 },
  'kube-scheduler': { cpuMilli: 100, memoryBytes: 0 },
}

/** The mirror pod of one component: what `kubectl get pods -n kube-system` shows of it. */
export function mirrorPod(component: ComponentName, node: string, hostIP: string, now: number): Pod {
  const labels = { component, tier: 'control-plane' }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...emptyMeta(`${component}-${node}`, 'kube-system'), labels, annotations: { [MIRROR]: OF_COMPONENT } },
    spec: {
      nodeName: node,
      serviceAccountName: '',
      initContainers: [],
      containers: [
        {
          name: component,
          image: component,
          imagePullPolicy: 'IfNotPresent',
          ports: [],
          requests: REQUESTS[component],
          limits: { cpuMilli: 0, memoryBytes: 0 },
          readinessProbe: null,
          livenessProbe: null,
          startupProbe: null,
          preStopSleepSeconds: 0,
        },
      ],
      nodeSelector: {},
      requiredNodeAffinity: [],
      tolerations: [{ key: '', operator: 'Exists', value: '', effect: 'NoExecute', tolerationSeconds: null }],
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      priorityClassName: 'system-node-critical',
      priority: PRIORITY,
      hostNetwork: true,
    },
    status: {
      phase: 'Running',
      podIP: hostIP,
      hostIP,
      startTime: now,
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        reason: '',
        lastTransitionTime: now,
      })),
      containerStatuses: [{ name: component, state: 'running', reason: '', ready: true, started: true, restartCount: 0 }],
    },
  }
}
