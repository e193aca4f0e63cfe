import { complaintsAboutPathSegmentName } from '../names.ts'
import { parseQuantity } from '../quantity.ts'
import { type Checked, complainAbout, complainOutside } from './rule-context.ts'
import { specOf } from './workloads.ts'

/** Where each type of metric is told. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ['Resource', 'resource'],
  ['ContainerResource', 'containerResource'],
  ['Pods', 'pods'],
  ['Object', 'object'],
  ['External', 'external'],
])

/** Source: kubernetes v1.36.2 pkg/apis/autoscaling/validation/validation.go (MaxPeriodSeconds, MaxStabilizationWindowSeconds). */
const PERIOD_SECONDS_MAX = 1800
const WINDOW_SECONDS_MAX = 3600

/** Rules of HorizontalPodAutoscalers. Source: as above (behaviour), with the feature gate HPAScaleToZero off, as it is by default. */
export function checkAutoscaler(object: Checked): void {
  const spec = specOf(object)
  if (spec === null) return
  const ref = spec.at('scaleTargetRef')
  for (const field of ['kind', 'name'] as const) {
    const place = ref?.at(field) ?? null
    if (ref !== null && (place === null || place.value === '')) ref.complainAtKey(`"scaleTargetRef" needs a "${field}"`)
    complainAbout(place, `"${field}"`, complaintsAboutPathSegmentName)
  }
  complainOutside(spec.at('minReplicas'), 1)
  complainOutside(spec.at('maxReplicas'), 1)
  complainOutside(spec.at('targetCPUUtilizationPercentage'), 1)
  const min = spec.number('minReplicas') ?? 1
  const max = spec.number('maxReplicas')
  if (max !== null && max >= 1 && max < min)
    spec.at('maxReplicas')!.complain(`"maxReplicas" must not be below "minReplicas", which is ${min}`, `${min} or more`)
  for (const metric of spec.items('metrics')) checkMetric(metric)
  checkRulesOf(spec.at('behavior', 'scaleUp'))
  checkRulesOf(spec.at('behavior', 'scaleDown'))
}

function checkMetric(metric: Checked): void {
  const type = metric.at('type')
  if (typeof type?.value !== 'string') return
  const source = SOURCES.get(type.value)
  if (source === undefined) {
    type.complain(`Cannot use "${type.value}" for "type"`, `one of ${[...SOURCES.keys()].join(', ')}`)
    return
  }
  const told = metric.at(source)
  if (told === null) metric.complainAtKey(`A metric of the type "${type.value}" needs "${source}"`)
  for (const other of SOURCES.values()) {
    if (other !== source) metric.at(other)?.complainAtKey(`A metric of the type "${type.value}" must not have "${other}"`)
  }
  if (told === null) return
  if (source === 'containerResource' && (told.text('container') ?? '') === '') told.complainAtKey('"containerResource" needs a "container"')
  if (source === 'resource' || source === 'containerResource') {
    if (told.text('name') === '') told.at('name')!.complain('"name" must not be empty', 'a resource such as cpu or memory')
    checkResourceTarget(told.at('target'))
  }
}

function checkResourceTarget(target: Checked | null): void {
  if (target === null) return
  const type = target.at('type')
  if (typeof type?.value === 'string' && !['Utilization', 'AverageValue', 'Value'].includes(type.value))
    type.complain(`Cannot use "${type.value}" for "type"`, 'one of Utilization, AverageValue')
  const utilization = target.at('averageUtilization')
  const average = target.at('averageValue')
  complainOutside(utilization, 1)
  for (const field of ['averageValue', 'value'] as const) {
    const amount = target.at(field)
    const parsed = amount === null ? null : parseQuantity(String(amount.value))
    if (parsed?.ok && parsed.quantity.nanos <= 0n) amount!.complain(`Cannot use "${String(amount!.value)}" for "${field}"`, 'more than 0')
  }
  if (utilization === null && average === null) target.complainAtKey('"target" needs "averageUtilization" or "averageValue"')
  if (utilization !== null && average !== null) average.complainAtKey('"averageUtilization" and "averageValue" must not both be given')
}

function checkRulesOf(rules: Checked | null): void {
  if (rules === null) return
  complainOutside(rules.at('stabilizationWindowSeconds'), 0, WINDOW_SECONDS_MAX)
  const select = rules.at('selectPolicy')
  if (typeof select?.value === 'string' && !['', 'Max', 'Min', 'Disabled'].includes(select.value))
    select.complain(`Cannot use "${select.value}" for "selectPolicy"`, 'one of Max, Min, Disabled')
  const tolerance = rules.at('tolerance')
  const share = tolerance === null ? null : parseQuantity(String(tolerance.value))
  if (share?.ok && share.quantity.nanos < 0n) tolerance!.complain(`Cannot use "${String(tolerance!.value)}" for "tolerance"`, '0 or more')
  const policies = rules.at('policies')
  if (policies !== null && Array.isArray(policies.value) && policies.value.length === 0)
    policies.complain('"policies" must have at least one policy where it is given')
  for (const policy of rules.items('policies')) {
    const type = policy.at('type')
    if (typeof type?.value === 'string' && type.value !== 'Pods' && type.value !== 'Percent')
      type.complain(`Cannot use "${type.value}" for "type"`, 'one of Pods, Percent')
    complainOutside(policy.at('value'), 1)
    complainOutside(policy.at('periodSeconds'), 1, PERIOD_SECONDS_MAX)
  }
}
