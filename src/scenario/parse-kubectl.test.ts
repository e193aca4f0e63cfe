import { describe, expect, test } from 'vitest'
import { parseKubectl, type Word } from './parse-kubectl.ts'

/** The command with every word reduced to its text. */
function plain(text: string): unknown {
  const result = parseKubectl(text)
  if (!result.ok) return result.complaint.message
  return JSON.parse(JSON.stringify(result.value, (_key, value: unknown) => (isWord(value) ? value.text : value)))
}

function isWord(value: unknown): value is Word {
  return typeof value === 'object' && value !== null && 'text' in value && 'index' in value
}

describe('parseKubectl', () => {
  test.each([
    ['apply -f more.yaml', { verb: 'apply', file: 'more.yaml' }],
    ['apply --filename=more.yaml', { verb: 'apply', file: 'more.yaml' }],
    ['apply -f "with blank.yaml"', { verb: 'apply', file: 'with blank.yaml' }],
    ['scale deployment/web --replicas=3', { verb: 'scale', kind: 'Deployment', name: 'web', namespace: null, replicas: 3 }],
    ['scale deploy web --replicas 0 -n shop', { verb: 'scale', kind: 'Deployment', name: 'web', namespace: 'shop', replicas: 0 }],
    ['scale --namespace=shop rs/web-1 --replicas=3', { verb: 'scale', kind: 'ReplicaSet', name: 'web-1', namespace: 'shop', replicas: 3 }],
    [
      'set image deployment/web a=x/y:v2 *=z@sha256:00 -n shop',
      {
        verb: 'set image',
        name: 'web',
        namespace: 'shop',
        images: [
          { container: 'a', image: 'x/y:v2', word: 'a=x/y:v2' },
          { container: '*', image: 'z@sha256:00', word: '*=z@sha256:00' },
        ],
      },
    ],
    ['delete pod/web-1', { verb: 'delete', kind: 'Pod', name: 'web-1', namespace: null, gracePeriodSeconds: null }],
    ['delete po web-1 --grace-period=0', { verb: 'delete', kind: 'Pod', name: 'web-1', namespace: null, gracePeriodSeconds: 0 }],
    ['delete svc web -n=shop', { verb: 'delete', kind: 'Service', name: 'web', namespace: 'shop', gracePeriodSeconds: null }],
    ['delete ns shop', { verb: 'delete', kind: 'Namespace', name: 'shop', namespace: null, gracePeriodSeconds: null }],
    ['delete deployments.apps/web', { verb: 'delete', kind: 'Deployment', name: 'web', namespace: null, gracePeriodSeconds: null }],
  ])('reads %s', (text, expected) => {
    expect(plain(text)).toEqual(expected)
  })

  test.each([
    ['', 'The command is empty'],
    ['kubectl apply -f x', 'Leave out the word "kubectl"'],
    ['rollout restart deployment/web', 'Cannot run "kubectl rollout"'],
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
    ['set image rs/web a=b', 'Cannot set the image of a "rs"'],
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
    ['scale deployment/web --replica=1', '--replicas'],
  ])('of "%s" thinks that %s was meant', (text, suggestion) => {
    expect(parseKubectl(text)).toMatchObject({ ok: false, complaint: { didYouMean: suggestion } })
  })

  test('says where each name stands', () => {
    const text = 'scale deployment/web --replicas=1'
    expect(parseKubectl(text)).toMatchObject({ value: { name: { index: text.indexOf('web'), length: 3 } } })
  })
})
