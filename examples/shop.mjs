// @ts-check
// What the other examples simulate: a Deployment of `web` behind a Service.

/**
 * @param {{ replicas?: number, image?: string, preStopSeconds?: number }} [options]
 * @returns {import('towtank').KubernetesObject}
 */
export function deployment({ replicas = 4, image = 'example/web:v1', preStopSeconds = 0 } = {}) {
  const lifecycle = preStopSeconds === 0 ? {} : { lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'web',
              image,
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 },
              ...lifecycle,
            },
          ],
        },
      },
    },
  }
}

/** @type {import('towtank').KubernetesObject} */
export const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
}
