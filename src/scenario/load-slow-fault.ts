import { SLOWED_COMPONENTS } from '../faults/index.ts'
import type { LoadContext } from './load-context.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { FaultSpec } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type FaultDraft = Draft<NonNullable<Extract<NonNullable<ScenarioFile['spec']['timeline']>[number], { fault: unknown }>['fault']>>
export type ReplicaSlowDraft = Extract<FaultDraft, { kind?: 'controller-manager-slow' | 'scheduler-slow' | undefined }>
export type ApiServerSlowDraft = Extract<FaultDraft, { kind?: 'api-server-slow' | undefined }>

/** Reads a fault by which a kube-controller-manager or kube-scheduler is slow; a mistake in it is reported. There are so many replicas. */
export function loadReplicaSlow(context: LoadContext, path: Path, draft: ReplicaSlowDraft, replicas: number): FaultSpec | undefined {
  const { kind, replica = null, factor } = draft
  const duration = loadLength(context, path, draft.for)
  if (kind !== undefined && replica !== null && replica > replicas)
    context.mistake(
      [...path, 'replica'],
      `${SLOWED_COMPONENTS[kind].component} has no replica ${replica}`,
      replicas === 1 ? '1' : `1 to ${replicas} (spec.cluster.install)`,
    )
  return kind === undefined || factor === undefined || duration === undefined ? undefined : { kind, replica, factor, duration }
}

/** Reads a fault by which a kube-apiserver is slow; a mistake in it is reported. There are so many servers. */
export function loadApiServerSlow(context: LoadContext, path: Path, draft: ApiServerSlowDraft, servers: number): FaultSpec | undefined {
  const { kind, server = 'random', factor } = draft
  const duration = loadLength(context, path, draft.for)
  if (server !== 'random' && server > servers) {
    const accepted = `${servers === 1 ? '1' : `1 to ${servers}`} (spec.cluster.apiServer.count), or random`
    context.mistake([...path, 'server'], `There is no API server ${server}`, accepted)
  }
  if (kind === undefined || factor === undefined || duration === undefined) return undefined
  return { kind, server: server === 'random' ? null : server, factor, duration }
}

function loadLength(context: LoadContext, path: Path, text: string | undefined): number | null | undefined {
  const duration = text === undefined ? null : context.duration([...path, 'for'], text)
  if (duration === 0)
    context.mistake([...path, 'for'], 'A fault of no length is none', 'a length of time above 0, or no "for" when it stays')
  return duration
}
