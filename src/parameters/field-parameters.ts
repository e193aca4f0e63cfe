import { INSTALLS } from '../control-plane/installs/index.ts'
import { parseDuration } from '../scenario/parse-duration.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { type SchemaField, schemaFields } from '../scenario/schema-fields.ts'
import type { StatedValue } from '../scenario/stated-fields.ts'
import { FIELD_ORIGINS, SWITCHES } from './field-origins.ts'
import type { EffectiveParameter } from './parameters-of.ts'
import { of, type Quantity, time } from './quantity.ts'

/** What a scenario file holds besides numbers: what is run, and what is asked of it. */
const NO_PARAMETERS: ReadonlySet<string> = new Set(['manifests', 'timeline', 'thresholds', 'compare'])

/** The fields of `spec` that are parameters, with paths under it. */
export function parameterFields(): readonly SchemaField[] {
  return schemaFields()
    .filter(({ path }) => path.startsWith('spec.'))
    .map((field) => ({ ...field, path: field.path.slice('spec.'.length) }))
    .filter(({ path }) => !NO_PARAMETERS.has(path.split(/[.[]/)[0]!))
}

/** What a value in a file means: a length of time where the field takes one, a share, or the value as it is. */
export function quantityOf(field: SchemaField | undefined, value: string | number | boolean): Quantity {
  if (typeof value !== 'string') return of(value)
  const share = /^(\d+(?:\.\d+)?)%$/.exec(value)
  if (share !== null) return of(Number(share[1]), '%')
  // "500m" is half a core where a number may stand as well, and 500 minutes elsewhere.
  const isTime = field?.forms.every(({ type, choices }) => type === 'string' && choices.length === 0) === true
  const length = isTime ? parseDuration(value) : null
  return length?.ok === true ? time(length.value) : of(value)
}

/** What the fields of a scenario set, or leave at their defaults where those have an effect. */
export function fieldParameters(scenario: Scenario): readonly EffectiveParameter[] {
  const { stated } = scenario
  if (stated === undefined) return []
  const fields = parameterFields()
  const lists = new Set(fields.flatMap(({ path }) => [...path.matchAll(/\[\]/g)].map(({ index }) => path.slice(0, index))))
  const given = new Map(stated)
  const byPattern = new Map<string, string[]>()
  const known = new Map(fields.map((field) => [field.path, field]))
  for (const [path] of stated) {
    const pattern = patternOf(path, lists)
    const isUnknownBelow = !known.has(pattern) && !pattern.endsWith('[]')
    const place = isUnknownBelow ? `${pattern.slice(0, pattern.lastIndexOf('.'))}.*` : pattern
    byPattern.set(place, [...(byPattern.get(place) ?? []), path])
  }
  /** The entries of a list, or of a list in each entry of another; of nodes one that nobody names, where there is no list. */
  const instancesOf = (list: string): readonly string[] =>
    byPattern.get(`${list}[]`) ?? (list === 'cluster.nodes' ? ['cluster.nodes.0'] : [])
  const found: EffectiveParameter[] = []
  for (const field of fields) {
    const at = field.path.lastIndexOf('[]')
    const places = at < 0 ? [field.path] : instancesOf(field.path.slice(0, at)).map((entry) => entry + field.path.slice(at + 2))
    for (const path of places) {
      const value = given.get(path)
      if (value !== undefined && value !== null) found.push(said(path, quantityOf(field, value)))
      else if (value === undefined) found.push(...unsaid(scenario, field, path, given, lists))
    }
    for (const path of byPattern.get(`${field.path}.*`) ?? []) found.push(said(path, of(given.get(path)!)))
  }
  return inOrder(found.filter(({ name }) => !/\.name$/.test(name))).map((parameter) =>
    parameter.name === 'seed' ? seedOf(scenario, parameter) : parameter,
  )
}

/** What belongs to one entry of a list of the scenario (a traffic, a workload) stands together. */
function inOrder(found: readonly EffectiveParameter[]): readonly EffectiveParameter[] {
  const entries = new Map<string, EffectiveParameter[]>()
  for (const parameter of found) {
    const [first, second] = parameter.name.split('.')
    const entry = first === 'workloads' || first === 'traffic' ? `${first}.${second}` : first === 'cluster' ? first : 'run'
    entries.set(entry, [...(entries.get(entry) ?? []), parameter])
  }
  return [...entries.values()].flat()
}

/** `traffic.shoppers.timeout` is `traffic[].timeout`. */
function patternOf(path: string, lists: ReadonlySet<string>): string {
  let pattern = ''
  for (const step of path.split('.')) pattern = lists.has(pattern) ? `${pattern}[]` : pattern === '' ? step : `${pattern}.${step}`
  return pattern
}

function said(path: string, quantity: Quantity): EffectiveParameter {
  return { name: path, ...quantity, provenance: 'given', source: `the scenario, spec.${path}` }
}

/** A seed may come from the command line. */
function seedOf({ seed }: Scenario, said: EffectiveParameter): EffectiveParameter {
  return String(said.value) === seed
    ? said
    : { name: 'seed', value: seed, unit: '', provenance: 'given', source: 'the command line, --seed' }
}

/** What holds where the file says nothing: another field's consequence, the default, or nothing where the field has no effect. */
function unsaid(
  scenario: Scenario,
  field: SchemaField,
  path: string,
  given: ReadonlyMap<string, StatedValue>,
  lists: ReadonlySet<string>,
): readonly EffectiveParameter[] {
  const { cluster } = scenario
  if (cluster.install !== null) {
    const source = 'follows from spec.cluster.install'
    const follows: Readonly<Record<string, number>> = {
      'cluster.etcd.members': cluster.etcdMembers,
      'cluster.apiServer.count': cluster.apiServers,
      'cluster.nodes[].count': INSTALLS[cluster.install].nodesPerGroup,
    }
    const value = follows[field.path]
    if (value !== undefined) return [{ name: path, ...of(value), provenance: 'given', source }]
  }
  const check = cluster.director?.check
  if (field.path === 'cluster.loadBalancer.keepalived.check.delayBeforeRetry' && check !== undefined)
    return [
      {
        name: path,
        ...time(check.delayBeforeRetry),
        provenance: 'cited',
        source: 'keepalived.conf(5): 1 s for TCP_CHECK, 3 s for HTTP_GET',
      },
    ]
  const origin = FIELD_ORIGINS[field.path]
  const { fallback } = field
  if (
    origin === undefined ||
    fallback === null ||
    (typeof fallback !== 'string' && typeof fallback !== 'number' && typeof fallback !== 'boolean')
  )
    return []
  if (!hasEffect(scenario, field.path, path, given, lists)) return []
  return [{ name: path, ...quantityOf(field, fallback), ...origin }]
}

/** Whether a default does anything: what it is part of is there, and nothing else takes its place. */
function hasEffect(
  scenario: Scenario,
  pattern: string,
  path: string,
  given: ReadonlyMap<string, StatedValue>,
  lists: ReadonlySet<string>,
): boolean {
  const { cluster } = scenario
  const entry = (list: 'traffic' | 'workloads') => {
    const key = path.split('.')[1]!
    return list === 'traffic' ? scenario.traffic.findIndex(({ name }) => name === key) : Number(key)
  }
  if (pattern.startsWith('traffic[].tls.')) return scenario.traffic[entry('traffic')]?.tls !== undefined
  if (pattern === 'traffic[].from.clients') return scenario.traffic[entry('traffic')]?.from.kind === 'external'
  if (pattern === 'traffic[].from.namespace') return scenario.traffic[entry('traffic')]?.from.kind === 'pods'
  if (pattern.startsWith('cluster.controlPlane.'))
    return cluster.install !== null && INSTALLS[cluster.install].controlPlaneNodes === 'separate'
  const steps = path.split('.')
  for (let length = 1; length < steps.length; length++) {
    const above = steps.slice(0, length).join('.')
    if (SWITCHES.includes(patternOf(above, lists)) && !given.has(above)) return false
  }
  const beside = (key: string) => given.has(`${path.slice(0, path.lastIndexOf('.'))}.${key}`)
  switch (pattern) {
    case 'cluster.kubeProxy.scheduler':
      return cluster.kubeProxy.mode === 'ipvs'
    case 'cluster.bootstrap':
      return cluster.install !== null
    case 'cluster.otherServices.endpoints':
      return cluster.otherServices.count > 0
    case 'cluster.kubelet.cpuCFSQuotaPeriod':
      return cluster.cpuQuotaPeriod !== null
    case 'cluster.loadBalancer.keepalived.check.host':
    case 'cluster.loadBalancer.keepalived.check.path':
      return cluster.director?.check.kind === 'http'
    case 'workloads[].cpu':
      return !beside('cpuPerRequest')
    case 'workloads[].calls[].count':
    case 'workloads[].calls[].timeout':
      return !beside('parallel')
    default:
      return true
  }
}
