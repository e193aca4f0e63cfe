import { describe, expect, test } from 'vitest'
import type { Deployment } from '../api/objects/index.ts'
import { parseKubectl } from './parse-kubectl.ts'

/** The command; of a file, its name; or the complaint. */
function plain(text: string): unknown {
  const result = parseKubectl(text)
  if (!result.ok) return result.complaint.message
  const { command, file } = result.value
  return file === null ? command : { verb: command.verb, file: file.text }
}

describe('parseKubectl', () => {
  test.each([
    ['apply -f more.yaml', { verb: 'apply', file: 'more.yaml' }],
    ['apply --filename=more.yaml', { verb: 'apply', file: 'more.yaml' }],
    ['apply -f "with blank.yaml"', { verb: 'apply', file: 'with blank.yaml' }],
    ['scale deployment/web --replicas=3', { verb: 'scale', kind: 'Deployment', name: 'web', namespace: 'default', replicas: 3 }],
    ['scale deploy web --replicas 0 -n shop', { verb: 'scale', kind: 'Deployment', name: 'web', namespace: 'shop', replicas: 0 }],
    ['scale --namespace=shop rs/web-1 --replicas=3', { verb: 'scale', kind: 'ReplicaSet', name: 'web-1', namespace: 'shop', replicas: 3 }],
    [
      'autoscale deployment/web --min=2 --max=10 --cpu-percent=60',
      {
        verb: 'autoscale',
        kind: 'Deployment',
        name: 'web',
        namespace: 'default',
        as: 'web',
        minReplicas: 2,
        maxReplicas: 10,
        metrics: [{ type: 'Resource', resource: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: 60 } }],
      },
    ],
    [
      'autoscale sts web --max=3 --cpu=500m --memory=90% --name=more -n shop',
      {
        verb: 'autoscale',
        kind: 'StatefulSet',
        name: 'web',
        namespace: 'shop',
        as: 'more',
        minReplicas: 1,
        maxReplicas: 3,
        metrics: [
          { type: 'Resource', resource: 'cpu', container: '', target: { type: 'AverageValue', averageMilli: 500 } },
          { type: 'Resource', resource: 'memory', container: '', target: { type: 'Utilization', averageUtilization: 90 } },
        ],
      },
    ],
    [`patch deploy/web -p '{"spec":{"replicas":-1}}'`, 'Cannot use -1 for "spec.replicas"'],
    [`patch deploy/web -p '{"spec":{"replicas":null}}'`, 'Cannot remove "spec.replicas": it always has a value'],
    [`patch deploy/web -p '{"spec":{"selector":{"matchLabels":{"a":"b"}}}}'`, 'Cannot patch "spec.selector.matchLabels.a" of a Deployment'],
    [`patch ds/web -p '{"spec":{"replicas":1}}'`, 'Cannot patch "spec.replicas" of a DaemonSet'],
    [`patch deploy/web -p '{}'`, 'The patch changes nothing'],
    [`patch deploy/web -p 'spec: 3'`, 'Cannot read the patch "spec: 3" as JSON'],
    [`patch deploy/web --type=apply -p '{}'`, 'Cannot use "apply" for --type'],
    ['patch deploy/web', '"patch" needs -p'],
    [`patch deploy/web --type=json -p '{"spec":{}}'`, 'A JSON patch is a list of operations'],
    [`patch deploy/web --type=json -p '[{"op":"move","path":"/spec/replicas"}]'`, 'Cannot use "move" for "op"'],
    [`patch deploy/web -p '{"metadata":{"labels":{"a b":"c"}}}'`, expect.stringContaining('Cannot use "a b" as a key')],
    [`patch deploy/web -p '{"metadata":{"labels":{"a":"c d"}}}'`, 'Cannot use "c d" for "metadata.labels.a"'],
    [
      `patch deploy/web --type=merge -p '{"spec":{"template":{"spec":{"containers":[{"name":"a","image":"b"}]}}}}'`,
      'A merge patch would replace the whole list of containers',
    ],
    [
      `patch deploy/web -p '{"spec":{"template":{"spec":{"containers":[{"image":"b"}]}}}}'`,
      'Each container of a strategic patch needs its "name"',
    ],
    ['autoscale ds/web --max=3', 'Cannot autoscale a "ds"'],
    ['autoscale deploy/web', '"autoscale" needs --max'],
    ['autoscale deploy/web --max=0', 'Cannot use "0" for --max'],
    ['autoscale deploy/web --max=2 --min=3', '--min=3 is above --max=2'],
    ['autoscale deploy/web --max=2 --cpu=0%', 'Cannot use "0%" for --cpu'],
    ['autoscale deploy/web --max=2 --memory=much', 'Cannot use "much" for --memory'],
    ['autoscale deploy/web --max=2 --cpu=5% --cpu-percent=5', '--cpu-percent and --cpu say the same: give one of them'],
    ['autoscale deploy/web --max=2 --name=a/b', 'Cannot use "a/b" as the name of an autoscaler: it must not contain "/"'],
    [
      'set image deployment/web a=x/y:v2 *=z@sha256:00 -n shop',
      {
        verb: 'set image',
        kind: 'Deployment',
        name: 'web',
        namespace: 'shop',
        images: [
          { container: 'a', image: 'x/y:v2' },
          { container: '*', image: 'z@sha256:00' },
        ],
      },
    ],
    ['delete pod/web-1', { verb: 'delete', kind: 'Pod', name: 'web-1', namespace: 'default', gracePeriodSeconds: null }],
    ['delete po web-1 --grace-period=0', { verb: 'delete', kind: 'Pod', name: 'web-1', namespace: 'default', gracePeriodSeconds: 0 }],
    ['delete svc web -n=shop', { verb: 'delete', kind: 'Service', name: 'web', namespace: 'shop', gracePeriodSeconds: null }],
    ['delete ns shop', { verb: 'delete', kind: 'Namespace', name: 'shop', namespace: '', gracePeriodSeconds: null }],
    ['delete deployments.apps/web', { verb: 'delete', kind: 'Deployment', name: 'web', namespace: 'default', gracePeriodSeconds: null }],
    [
      'delete pods -l app=web -n shop --cascade=orphan',
      {
        verb: 'delete',
        kind: 'Pod',
        namespace: 'shop',
        gracePeriodSeconds: null,
        propagation: 'Orphan',
        name: { selector: { matchLabels: {}, matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] } },
      },
    ],
    ['create -f more.yaml', { verb: 'create', file: 'more.yaml' }],
    ['rollout restart deploy web', { verb: 'rollout restart', kind: 'Deployment', namespace: 'default', name: 'web' }],
    [
      'rollout undo deployment/web --to-revision=2',
      { verb: 'rollout undo', kind: 'Deployment', namespace: 'default', name: 'web', toRevision: 2 },
    ],
    [
      'rollout status deployment/web --timeout=5m',
      { verb: 'rollout status', kind: 'Deployment', namespace: 'default', name: 'web', timeoutSeconds: 300 },
    ],
    [
      'label node worker-1 disk=ssd old- --overwrite',
      {
        verb: 'label',
        kind: 'Node',
        namespace: '',
        name: 'worker-1',
        changes: [
          { key: 'disk', value: 'ssd' },
          { key: 'old', value: null },
        ],
        overwrite: true,
      },
    ],
    [
      'taint nodes worker-1 a=b:NoSchedule c:NoExecute- d-',
      {
        verb: 'taint',
        node: 'worker-1',
        add: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
        remove: [
          { key: 'c', effect: 'NoExecute' },
          { key: 'd', effect: '' },
        ],
        overwrite: false,
      },
    ],
    ['cordon worker-1', { verb: 'cordon', node: 'worker-1' }],
    ['uncordon node/worker-1', { verb: 'uncordon', node: 'worker-1' }],
    [
      'drain worker-1 --ignore-daemonsets --force=false --timeout=90',
      { verb: 'drain', node: 'worker-1', ignoreDaemonSets: true, force: false, gracePeriodSeconds: null, timeoutSeconds: 90 },
    ],
    [
      'expose rs/web --port=80 --target-port=http --name=shop',
      {
        verb: 'expose',
        kind: 'ReplicaSet',
        namespace: 'default',
        name: 'web',
        as: 'shop',
        port: 80,
        targetPort: 'http',
        type: 'ClusterIP',
        protocol: 'TCP',
      },
    ],
  ])('reads %s', (text, expected) => {
    expect(plain(text)).toEqual(expected)
  })

  test.each([
    ['', 'The command is empty'],
    ['kubectl apply -f x', 'Leave out the word "kubectl"'],
    ['rollout history deployment/web', 'Cannot run "kubectl rollout history"'],
    ['rollout restart rs/web', 'Cannot rollout restart a "rs"'],
    ['rollout undo deployment/web --to-revision=x', 'Cannot use "x" for --to-revision'],
    ['rollout status deployment/web --timeout=soon', 'Cannot use "soon" for --timeout'],
    ['create deployment Web --image=a', 'Cannot use "Web" as a name'],
    ['create deployment web', '"create deployment" needs --image'],
    ['create -f x --image=a', '"create -f" takes no other option'],
    ['label pod/a x', 'Cannot read "x" as KEY=VALUE or KEY-'],
    ['label pod/a x=1 x-', 'given twice'],
    ['label pod/a x=-', "as a label's value"],
    ['taint node worker-1 a=b', 'has no effect'],
    ['taint node worker-1 a=b:NoRun', 'cannot have the effect "NoRun"'],
    ['drain worker-1 --force=maybe', 'Cannot use "maybe" for --force'],
    ['delete pods', 'lacks the name'],
    ['delete pods a -l app=web', 'must not both be given'],
    ['delete pods -l a=(', 'as a label selector'],
    ['delete deploy/a --cascade=forground', 'Cannot use "forground" for --cascade'],
    ['expose deployment/web', '"expose" needs --port'],
    ['expose deployment/web --port=80 --type=Ingress', 'Cannot use "Ingress" for --type'],
    ['set env deployment/web A=b', 'Cannot run "kubectl set env"'],
    ['apply', '"apply" needs a file'],
    ['apply -f', 'The option "-f" needs a value'],
    ['apply -f x y', 'Cannot make sense of "y"'],
    ['apply -f x -n shop', '"apply" has no option "-n" here'],
    ['apply -f x -f y', 'The option "-f" is given twice'],
    ['scale deployment/web', '"scale" needs --replicas'],
    ['scale deployment/web --replicas=-1', 'Cannot use "-1" for --replicas'],
    ['scale deployment/web --replicas=1000001', 'Cannot use "1000001" for --replicas'],
    ['scale deployment/web --replicas=', 'needs a value'],
    ['scale svc/web --replicas=1', 'Cannot scale a "svc"'],
    ['scale deployment/ --replicas=1', 'lacks the name'],
    ['scale --replicas=1', 'needs to know which object'],
    ['set image svc/web a=b', 'Cannot set image a "svc"'],
    ['set image deployment/web', 'needs at least one CONTAINER=IMAGE'],
    ['set image deployment/web a=', 'Cannot read "a=" as CONTAINER=IMAGE'],
    ['delete node/worker-1', 'Cannot delete a "node"'],
    ['delete pod', 'lacks the name'],
    ['delete pod/a pod/b', 'Cannot make sense of "pod/b"'],
    ['delete pod/a --force', '"delete" has no option "--force" here'],
    ['delete pod/"a', 'is not closed'],
  ])('refuses "%s"', (text, why) => {
    expect(plain(text)).toEqual(expect.stringContaining(why))
  })

  test.each([
    ['scael deployment/web --replicas=1', 'scale'],
    ['delete deploymnt/web', 'deployment'],
    ['rollout restrat deployment/web', 'rollout restart'],
    ['darin worker-1', 'drain'],
    ['taint node worker-1 a:NoExecut', 'NoExecute'],
    ['scale deployment/web --replica=1', '--replicas'],
  ])('of "%s" thinks that %s was meant', (text, suggestion) => {
    expect(parseKubectl(text)).toMatchObject({ ok: false, complaint: { didYouMean: suggestion } })
  })

  test('every verb takes --as, and create deployment makes the object as kubectl does', () => {
    const result = parseKubectl('create deployment web --image=shop/web:v2 --replicas=2 --port=8080 -n shop --as jane')
    expect(result).toMatchObject({
      ok: true,
      value: { as: { user: 'jane', groups: ['system:authenticated'] }, command: { objects: [{ kind: 'Deployment' }] } },
    })
    const [made] = (result as unknown as { value: { command: { objects: Deployment[] } } }).value.command.objects
    expect(made!.metadata).toMatchObject({ name: 'web', namespace: 'shop', labels: { app: 'web' } })
    expect(made!.spec).toMatchObject({ replicas: 2, selector: { matchLabels: { app: 'web' } } })
    expect(made!.spec.template.spec.containers).toMatchObject([{ name: 'web', image: 'shop/web:v2', ports: [{ containerPort: 8080 }] }])
  })

  test('says where each name stands', () => {
    const text = 'scale deployment/web --replicas=1'
    expect(parseKubectl(text)).toMatchObject({ value: { mentions: [{ name: { index: text.indexOf('web'), length: 3 } }] } })
  })
})
