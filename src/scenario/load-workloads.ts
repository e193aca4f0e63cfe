import { nearest } from '../api/did-you-mean.ts'
import { matchesSelector } from '../api/labels.ts'
import type { DistributionSpec } from '../engine/distributions.ts'
import type { Nanos } from '../units.ts'
import { checkCallGraph, loadCalls } from './load-calls.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { listNames } from './load-inventory.ts'
import { DISTRIBUTION_FORM, parseDistribution } from './parse-distribution.ts'
import { parseDuration } from './parse-duration.ts'
import { type Parsed, parsed } from './parse-result.ts'
import { parseShare } from './parse-share.ts'
import { parseBytes, parseCpu } from './parse-size.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ErrorSpec, IngressControllerSpec, RunSpec, WarmUpSpec, WorkloadSpec } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type WorkloadsDraft = Draft<NonNullable<ScenarioFile['spec']['workloads']>>

/** How a container behaves that no entry describes: the last entry of every scenario, which matches every pod. */
const STANDARD: WorkloadSpec = {
  selector: { matchLabels: {}, matchExpressions: [] },
  serviceTime: certain(parseDistribution(DEFAULTS.workload.serviceTime)),
  concurrency: DEFAULTS.workload.concurrency,
  queue: DEFAULTS.workload.queue,
  cpuMilli: certain(parseCpu(DEFAULTS.workload.cpu)),
  startUp: certain(parseDistribution(DEFAULTS.workload.startUp)),
  onTerminate: DEFAULTS.workload.onTerminate,
}

/** The behaviour of containers, the entry for all the rest last. `trafficNames` are taken. */
export function loadWorkloads(
  context: LoadContext,
  draft: WorkloadsDraft | undefined,
  trafficNames: readonly string[],
): readonly WorkloadSpec[] {
  const names = new Set(trafficNames)
  const path: Path = ['spec', 'workloads']
  const workloads: WorkloadSpec[] = []
  let selectorsRead = true
  for (const [index, entry] of (draft ?? []).entries()) {
    const at: Path = [...path, index]
    const selector = context.selector([...at, 'selector'], entry?.selector)
    if (selector === undefined) selectorsRead = false
    else if (!context.inventory.mayHaveMorePods && context.inventory.templatesMatching(selector, null).length === 0) {
      const pods = listNames(
        context.inventory.templates.map((template) => describeLabels(template.labels)),
        'no pods at all',
      )
      context.mistake(
        [...at, 'selector'],
        `The selector "${entry?.selector}" matches no pod of the manifests`,
        `their pods have the labels ${pods}`,
      )
    }
    const serviceTime = context.read([...at, 'serviceTime'], entry?.serviceTime, parseDistribution)
    const cpuMilli = context.read([...at, 'cpu'], asText(entry?.cpu), parseCpu)
    const cpuPerRequest = context.read([...at, 'cpuPerRequest'], entry?.cpuPerRequest, parseCpuPerRequest)
    if (entry?.cpu !== undefined && entry.cpuPerRequest !== undefined) {
      context.mistake([...at, 'cpu'], 'There is "cpuPerRequest", too, and either says what CPU a request takes', 'one of the two')
    }
    const warmUp = loadWarmUp(context, [...at, 'warmUp'], entry?.warmUp)
    const memoryBytes = context.read([...at, 'memory'], asText(entry?.memory), parseBytes)
    const startUp = context.read([...at, 'startUp'], entry?.startUp, parseDistribution)
    const run = loadRun(context, [...at, 'run'], entry?.run)
    const init = loadRun(context, [...at, 'init'], entry?.init)
    const ingressController = loadIngressController(context, [...at, 'ingressController'], entry?.ingressController)
    const errors = loadErrors(context, [...at, 'errors'], entry?.errors)
    const calls = loadCalls(context, [...at, 'calls'], entry?.calls, { selector: selector ?? STANDARD.selector, workloads, names })
    if (ingressController !== undefined && entry?.calls !== undefined) refuseForControllers(context, [...at, 'calls'])
    if (ingressController !== undefined && entry?.errors !== undefined) refuseForControllers(context, [...at, 'errors'])
    workloads.push({
      selector: selector ?? STANDARD.selector,
      serviceTime: serviceTime ?? STANDARD.serviceTime,
      concurrency: entry?.concurrency ?? STANDARD.concurrency,
      queue: entry?.queue ?? STANDARD.queue,
      startUp: startUp ?? STANDARD.startUp,
      onTerminate: entry?.onTerminate ?? STANDARD.onTerminate,
      cpuMilli: cpuMilli ?? STANDARD.cpuMilli,
      ...(cpuPerRequest === undefined ? {} : { cpuPerRequest }),
      ...(warmUp === undefined ? {} : { warmUp }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(run === undefined ? {} : { run }),
      ...(init === undefined ? {} : { init }),
      ...(errors === undefined ? {} : { errors }),
      ...(calls === undefined ? {} : { calls }),
      ...(ingressController === undefined ? {} : { ingressController }),
    })
  }
  if (selectorsRead) {
    warnAboutTheRest(context, workloads)
    checkCallGraph(context, [...workloads, STANDARD])
  }
  return [...workloads, STANDARD]
}

function asText(amount: string | number | undefined): string | undefined {
  return amount === undefined ? undefined : String(amount)
}

/** `all`, or a distribution. */
function parseCpuPerRequest(text: string): Parsed<'all' | DistributionSpec> {
  if (text === 'all') return parsed('all')
  const read = parseDistribution(text)
  if (read.ok || read.complaint.accepted !== DISTRIBUTION_FORM) return read
  const didYouMean = read.complaint.didYouMean ?? nearest(text, ['all'])
  return { ok: false, complaint: { ...read.complaint, didYouMean, accepted: `all, or ${DISTRIBUTION_FORM}` } }
}

type WarmUpDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['workloads']>[number]['warmUp']>>

function loadWarmUp(context: LoadContext, path: Path, draft: WarmUpDraft | undefined): WarmUpSpec | undefined {
  const duration = context.duration([...path, 'duration'], draft?.duration)
  return duration === undefined || draft?.factor === undefined ? undefined : { duration, factor: draft.factor }
}

type RunDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['workloads']>[number]['run']>>

function loadRun(context: LoadContext, path: Path, draft: RunDraft | undefined): RunSpec | undefined {
  const duration = context.read([...path, 'duration'], draft?.duration, parseDistribution)
  if (draft === undefined || duration === undefined) return undefined
  const { failProbability = DEFAULTS.run.failProbability, exitCode = DEFAULTS.run.exitCode } = draft
  return { duration, failProbability, exitCode }
}

type ErrorsDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['workloads']>[number]['errors']>>

function loadErrors(context: LoadContext, path: Path, draft: ErrorsDraft | undefined): ErrorSpec | undefined {
  const probability = context.read([...path, 'probability'], asText(draft?.probability), parseShare)
  if (draft === undefined || probability === undefined) return undefined
  return { probability, code: draft.code ?? DEFAULTS.errorCode }
}

/** An ingress controller answers by what it finds behind it. */
function refuseForControllers(context: LoadContext, path: Path): void {
  const key = path.at(-1)
  context.mistake(path, `An ingress controller has no "${key}": it passes requests on`, `"${key}" of the pods behind it`)
}

type ControllerDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['workloads']>[number]['ingressController']>>

function loadIngressController(context: LoadContext, path: Path, draft: ControllerDraft | undefined): IngressControllerSpec | undefined {
  if (draft === undefined) return undefined
  const { controllerClass, loadBalance, reload, tls } = DEFAULTS.ingressController
  const time = (key: keyof typeof tls): Nanos =>
    context.duration([...path, 'tls', key], draft.tls?.[key]) ?? certain(parseDuration(tls[key]))
  const isGateway = draft.api === 'gateway'
  return {
    ...(isGateway ? { api: 'gateway' } : {}),
    controllerClass: draft.controllerClass ?? (isGateway ? DEFAULTS.gatewayController : controllerClass),
    loadBalance: draft.loadBalance ?? loadBalance,
    tls: { handshake: time('handshake'), resumedHandshake: time('resumedHandshake'), sessionTimeout: time('sessionTimeout') },
    reload: context.read([...path, 'reload'], draft.reload, parseDistribution) ?? certain(parseDistribution(reload)),
  }
}

function warnAboutTheRest(context: LoadContext, workloads: readonly WorkloadSpec[]): void {
  const rest = context.inventory.templates.filter(
    (template) => !workloads.some(({ selector }) => matchesSelector(selector, template.labels)),
  )
  if (rest.length === 0) return
  const { serviceTime, concurrency, queue, startUp, onTerminate } = DEFAULTS.workload
  const names = listNames(
    rest.map((template) => `${template.owner} in ${template.namespace}`),
    '',
  )
  context.warn(
    ['spec', 'workloads'],
    'assumed',
    `No workload entry matches the pods of ${names}: assumed are serviceTime ${serviceTime}, concurrency ${concurrency}, queue ${queue}, startUp ${startUp}, onTerminate ${onTerminate}`,
  )
}

function describeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  return pairs.length === 0 ? '(none)' : `"${pairs.join(',')}"`
}
