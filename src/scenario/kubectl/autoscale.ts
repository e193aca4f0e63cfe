import { complaintsAboutPathSegmentName } from '../../api/names.ts'
import type { ResourceMetric } from '../../api/objects/index.ts'
import { bytes, cpuMilli, parseQuantity } from '../../api/quantity.ts'
import { complain, type Parsed, parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, type Split, takeOnlyTarget, type VerbGrammar } from './grammar.ts'

/** Source: kubernetes v1.36.2 pkg/apis/autoscaling/v2/defaults.go. */
export const DEFAULT_PERCENT = 80
/** As for `scale`: more can only be a slip. */
const REPLICAS_MAX = 1_000_000
const PERCENT_MAX = 1_000_000

/** Source: kubectl pkg/cmd/autoscale/autoscale.go; `--cpu-percent` is the older spelling of `--cpu=N%`. */
export const AUTOSCALE: VerbGrammar = {
  verb: 'autoscale',
  form: 'autoscale KIND/NAME --max=N [--min=N] [--cpu=N%|CORES] [--memory=N%|BYTES] [--cpu-percent=N] [--name=NAME] [-n NAMESPACE]',
  flags: [flag('--min'), flag('--max'), flag('--cpu'), flag('--memory'), flag('--cpu-percent'), flag('--name'), NAMESPACE_FLAG],
  read(split) {
    const target = takeOnlyTarget(split, (kind) => kind.scales)
    if (!target.ok) return target
    const max = split.number('max', null, 1, REPLICAS_MAX)
    if (!max.ok) return max
    if (max.value === null) return split.complain('"autoscale" needs --max')
    const min = split.number('min', 1, 1, REPLICAS_MAX)
    if (!min.ok) return min
    if (min.value > max.value)
      return complain(`--min=${min.value} is above --max=${max.value}`, {
        accepted: `a whole number from 1 to ${max.value}`,
        part: split.flag('min')!,
      })
    const metrics = readMetrics(split)
    if (!metrics.ok) return metrics
    const { kind, name, namespace, mention } = target.value
    const as = split.flag('name') ?? name
    const wrong = complaintsAboutPathSegmentName(as.text)
    if (wrong.length > 0) return complain(`Cannot use "${as.text}" as the name of an autoscaler: it ${wrong.join(', and ')}`, { part: as })
    return parsed({
      command: {
        verb: 'autoscale',
        kind: kind.kind,
        namespace,
        name: name.text,
        as: as.text,
        minReplicas: min.value,
        maxReplicas: max.value,
        metrics: metrics.value,
      },
      mentions: [mention],
    })
  },
}

function readMetrics(split: Split): Parsed<readonly ResourceMetric[]> {
  const older = split.flag('cpu-percent')
  if (older !== undefined && split.flag('cpu') !== undefined)
    return split.complain('--cpu-percent and --cpu say the same: give one of them', older)
  const percent = split.number('cpu-percent', null, 1, PERCENT_MAX)
  if (!percent.ok) return percent
  const metrics: ResourceMetric[] = []
  if (percent.value !== null) metrics.push(metricOf('cpu', { type: 'Utilization', averageUtilization: percent.value }))
  for (const resource of ['cpu', 'memory'] as const) {
    const read = readTarget(split, resource)
    if (!read.ok) return read
    if (read.value !== null) metrics.push(metricOf(resource, read.value))
  }
  if (metrics.length === 0) metrics.push(metricOf('cpu', { type: 'Utilization', averageUtilization: DEFAULT_PERCENT }))
  return parsed(metrics)
}

/** `80%` of what is requested, or an amount a pod. */
function readTarget(split: Split, resource: 'cpu' | 'memory'): Parsed<ResourceMetric['target'] | null> {
  const word = split.flag(resource)
  if (word === undefined) return parsed(null)
  const percent = /^([1-9]\d{0,6})%$/.exec(word.text)
  if (percent !== null && Number(percent[1]) <= PERCENT_MAX) return parsed({ type: 'Utilization', averageUtilization: Number(percent[1]) })
  const amount = parseQuantity(word.text)
  if (!amount.ok || amount.quantity.nanos <= 0n) {
    const example = resource === 'cpu' ? '500m' : '200Mi'
    return complain(`Cannot use "${word.text}" for --${resource}`, {
      accepted: `a percentage of what is requested such as 80%, or an amount a pod such as ${example}`,
      part: word,
    })
  }
  return parsed({ type: 'AverageValue', averageMilli: resource === 'cpu' ? cpuMilli(word.text) : 1000 * bytes(word.text) })
}

function metricOf(resource: string, target: ResourceMetric['target']): ResourceMetric {
  return { type: 'Resource', resource, container: '', target }
}
