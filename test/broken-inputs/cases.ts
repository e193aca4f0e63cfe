/** The scenario that every case breaks in one place. */
export const WHOLE = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec:
  duration: 40s
  manifests: [web.yaml]
  workloads: [{ selector: app=web, serviceTime: 2ms }]
  traffic: [{ name: users, to: "http://web.shop.svc", arrivals: poisson(50/s) }]
  timeline:
    - { at: 35s, kubectl: rollout restart deployment/web -n shop }
  thresholds: ["requests.error_rate < 5%"]
`

export const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'web:v1', ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`

/** What stands in the file, where the mistake is told, and with which words. */
export type BrokenFile = readonly [what: string, text: string | Uint8Array, place: string, words: string]

/** The whole scenario with one part of it replaced. */
function swap(from: string, to: string): string {
  if (!WHOLE.includes(from)) throw new Error(`The scenario has no "${from}"`)
  return WHOLE.replace(from, () => to)
}

const insert = (text: string): string => swap('  duration: 40s\n', `${text}\n  duration: 40s\n`)

const bytes = (text: string, ...more: number[]): Uint8Array => new Uint8Array([...new TextEncoder().encode(text), ...more])

const utf16 = (text: string): Uint8Array =>
  new Uint8Array([0xff, 0xfe, ...new Uint8Array(Uint16Array.from(text, (c) => c.charCodeAt(0)).buffer)])

const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefghijk'.split('').map((name, index) => {
    const inner = `*${'abcdefghijk'[index]}`
    return `${name}: &${name} [${Array.from({ length: 9 }, () => inner).join(', ')}]`
  }),
].join('\n')

export const BROKEN_SCENARIOS: readonly BrokenFile[] = [
  // No text, or no YAML.
  ['nothing', '', '1:1', 'The file is empty'],
  ['a comment only', '# soon\n', '1:1', 'The file is empty'],
  ['a word', 'hello\n', '1:1', 'Cannot use "hello" here'],
  ['a list', '- a\n', '1:1', 'Cannot use a list here'],
  ['binary', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 0x1a, 10, 0, 0, 0, 13]), '3:1', 'it is not a text file'],
  ['a NUL byte', bytes('apiVersion: towtank/v1\nkind: ', 0), '2:7', 'it has a NUL byte'],
  ['UTF-16', utf16(WHOLE), '1:1', 'it is written in UTF-16'],
  ['Latin-1', bytes('apiVersion: towtank/v1\n# caf', 0xe9, 10), '2:6', 'the byte 0xe9 begins no character'],
  ['a tab as indentation', swap('  duration', '\tduration'), '5:1', 'does not allow tabs'],
  ['a quote that is never closed', swap('40s', '"40s'), '5:13', 'missing closing "quote'],
  ['a brace that is never closed', swap('small }', 'small'), '4:1', 'Not valid YAML'],
  ['two documents', `${WHOLE}---\n${WHOLE}`, '12:1', 'one document'],
  ['the same key twice', insert('  duration: 30s'), '6:3', 'The same key is given twice'],
  ['aliases that multiply', bomb, '11:', 'The aliases stand for too much'],
  ['an alias of nothing', swap('40s', '*later'), '5:13', 'There is no anchor "&later" above'],
  ['a value that contains itself', swap('[web.yaml]', '&all [*all]'), '6:', 'Cannot use'],
  ['ten thousand lists in each other', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, '1:', 'Nested more than 200 levels deep'],
  ['ten thousand maps in each other', `a: ${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}`, '1:', 'nested more than 200 levels deep'],
  ['ten thousand dashes in a row', `${'- '.repeat(10_000)}x`, '1:', 'ested more than 200 levels deep'],
  ['a line of a million characters', swap('web.shop.svc', `${'w'.repeat(1_000_000)}.svc`), '8:', 'http://www'],
  ['a merge key', insert('  <<: { seed: 4 }'), '5:3', 'Unknown key "<<"'],
  ['a key that is a list', insert('  ? [a, b]\n  : c'), '', 'Unknown key'],
  ['a key of every object', insert('  __proto__: { duration: 1s }'), '5:3', 'Unknown key "__proto__"'],
  ['a tag of another language', swap('40s', '!!js/function "x"'), '5:', 'Cannot read "x"'],
  ['a binary value', swap('40s', '!!binary aGVsbG8='), '5:', 'Cannot use a map here'],
  // Keys and types.
  ['an unknown key', swap('duration', 'durtion'), '5:3', 'Did you mean "duration"?'],
  ['no metadata', swap('metadata: { name: small }\n', ''), '1:1', '"metadata" is missing'],
  ['an empty spec', 'apiVersion: towtank/v1\nkind: Scenario\nmetadata: { name: a }\nspec:\n', '4:1', '"spec" is empty'],
  ['another version', swap('towtank/v1', 'towtank/v9'), '1:13', 'accepted: towtank/v1'],
  ['another kind', swap('Scenario', 'Scenaro'), '2:7', 'accepted: Scenario'],
  ['a name that leads elsewhere', swap('name: small', 'name: ../../small'), '3:19', 'lower-case letters'],
  ['a name of 64 letters', swap('name: small', `name: ${'x'.repeat(64)}`), '3:19', 'at most 63'],
  ['a map for a list', swap('[web.yaml]', '{ file: web.yaml }'), '6:14', 'a list'],
  ['a text for a truth', insert('  cluster: { bootstrap: perhaps }'), '5:25', 'true or false'],
  ['a manifest in its place', MANIFEST, '1:1', 'This is a Kubernetes manifest (Deployment, apps/v1) and not a scenario'],
  // Numbers.
  ['a number without its unit', swap('40s', '40'), '5:13', 'Did you mean "40s"?'],
  ['1e999 for a time', swap('40s', '1e999'), '5:13', 'a length of time'],
  ['a negative time', swap('40s', '-40s'), '5:13', 'Cannot read "-40s" as a length of time'],
  ['no time at all', swap('40s', '0s'), '5:13', 'A run of no length'],
  ['a thousand years', swap('40s', '8760000h'), '5:13', 'longer than 100 days'],
  ['a number of a thousand digits', swap('40s', `${'9'.repeat(1000)}s`), '5:13', 'longer than 100 days'],
  ['a warm-up as long as the run', insert('  warmUp: 40s'), '5:11', 'leaves nothing of a run'],
  ['a thousand million nodes', insert('  cluster: { nodes: [{ count: 1000000000 }] }'), '5:31', 'up to 100000'],
  ['too many nodes in two groups', insert('  cluster: { nodes: [{ count: 65000 }, { count: 65000 }] }'), '5:', 'at most 100000 nodes'],
  ['half a node', insert('  cluster: { nodes: [{ count: 0.5 }] }'), '5:31', 'a whole number'],
  ['.nan nodes', insert('  cluster: { nodes: [{ count: .nan }] }'), '5:31', 'Cannot use "NaN"'],
  ['.inf nodes', insert('  cluster: { nodes: [{ count: .inf }] }'), '5:31', 'Cannot use "Infinity"'],
  ['no CPU', insert('  cluster: { nodes: [{ cpu: 0 }] }'), '5:29', 'above 0'],
  ['a million million requests a second', swap('50/s', '1000000000000/s'), '8:', 'above 10000000/s'],
  ['no requests a second', swap('50/s', '0/s'), '8:', 'must be above 0'],
  ['NaN requests a second', swap('50/s', 'NaN/s'), '8:', 'Cannot read "NaN/s" as a rate'],
  ['a negative service time', swap('2ms', 'exp(-5ms)'), '7:', 'Cannot read "-5ms"'],
  ['quantiles that are not in order', swap('2ms', '"lognormal(p50=5ms, p99=1ms)"'), '7:', 'p99 must be above p50'],
  ['a share of 200 %', insert('  cluster: { network: { loss: 200% } }'), '5:', '200%'],
  ['four members of etcd', insert('  cluster: { etcd: { members: 4 } }'), '5:31', 'one of 1, 3, 5'],
  // References.
  ['a Service that is not there', swap('web.shop', 'wep.shop'), '8:32', 'Did you mean "http://web.shop.svc"?'],
  ['a selector that matches nothing', swap('app=web', 'app=wep'), '7:', 'matches no pod of the manifests'],
  ['a selector that cannot be read', swap('app=web', '"app in (web"'), '7:', 'as a label selector'],
  ['a manifest that is not there', swap('[web.yaml]', '[wbe.yaml]'), '6:15', 'Did you mean "web.yaml"?'],
  ['a manifest without end', swap('[web.yaml]', '[/dev/zero]'), '6:15', 'it is neither a file nor a folder'],
  ['a manifest whose name has a NUL', swap('[web.yaml]', '["a\\0b"]'), '6:15', 'no file can have such a name'],
  ['itself as its manifest', swap('[web.yaml]', '[small.yaml]'), '7:', 'matches no pod of the manifests'],
  ['an object that is not there', swap('deployment/web', 'deployment/wep'), '10:', 'wep'],
  ['a command that is not kubectl', swap('rollout restart deployment/web -n shop', '"rm -rf /"'), '10:', 'Cannot run "kubectl rm"'],
  ['something after the end', swap('35s', '400h'), '10:13', 'the run ends at 40s'],
  [
    'a fault on no node',
    swap('kubectl: rollout restart deployment/web -n shop', 'fault: { kind: node-crash, node: worker-99 }'),
    '10:',
    'worker-99',
  ],
  [
    'a fault of no kind',
    swap('kubectl: rollout restart deployment/web -n shop', 'fault: { kind: node-crahs, node: worker-1 }'),
    '10:',
    'node-crash',
  ],
  ['a metric of no run', swap('error_rate', 'errors_rate'), '11:', 'Did you mean "requests.error_rate"?'],
  ['a threshold without a limit', swap('error_rate < 5%', 'error_rate <'), '11:', 'requests.error_rate <'],
  ['a variant of a field that is not there', `${WHOLE}  compare: { a: { cluster.kubeProxi.mode: ipvs } }\n`, '12:', 'kubeProx'],
]
