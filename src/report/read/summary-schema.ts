import { z } from 'zod'
import { BLAME_PARTS } from '../../metrics/blame.ts'
import { type RunSummary, SUMMARY_SCHEMA_VERSION } from '../run-summary.ts'

const measured = z.number().nullable()
const quantiles = z.object({ count: z.number(), mean: measured, p50: measured, p90: measured, p99: measured, max: measured })
const blame = z.object(Object.fromEntries(BLAME_PARTS.map((part) => [part, z.number()]))).nullable()

const traffic = z.looseObject({
  traffic: z.string(),
  sent: z.number(),
  ok: z.number(),
  failed: z.number(),
  inFlight: z.number(),
  failedByCause: z.record(z.string(), z.number()),
  stale: z.number(),
  errorRate: z.number(),
  requestsPerSecond: z.number(),
  latencyMs: quantiles,
  blameMs: z.object({ mean: blame, p99: blame }),
})

const fault = z.looseObject({
  fault: z.string(),
  tookEffect: z.boolean(),
  effect: z.string(),
  optional: z.boolean().optional(),
  strikes: z.array(z.looseObject({ atSeconds: z.number(), fault: z.string(), tookEffect: z.boolean(), effect: z.string() })).optional(),
})

const threshold = z.looseObject({
  expression: z.string(),
  metric: z.string(),
  operator: z.enum(['<', '<=', '>', '>=']),
  limit: z.number(),
  value: measured,
  passed: z.boolean(),
})

const variant = z.looseObject({
  variant: z.string(),
  traffic: z.array(traffic),
  propagation: quantiles,
  deployments: z.array(
    z.looseObject({
      namespace: z.string(),
      name: z.string(),
      replicas: z.number(),
      available: z.number(),
      availableAtSeconds: measured,
    }),
  ),
  kubeProxy: z.looseObject({
    mode: z.string(),
    syncs: z.number(),
    rulesMax: z.number(),
    syncMsMax: z.number(),
    lateFirstSyncs: z.looseObject({ nodes: z.number(), doneSeconds: measured }).optional(),
  }),
  nodes: z.looseObject({
    packetsDropped: z.number(),
    busiestCore: z.looseObject({ node: z.string(), share: z.number(), atSeconds: z.number() }).nullable(),
    conntrackEntriesMax: z.number(),
    conntrackDropped: z.number(),
  }),
  bootstrap: z.object({ allNodesReadySeconds: measured }).optional(),
  faults: z.array(fault),
  refusals: z.array(z.looseObject({ command: z.string(), reason: z.string() })),
  flowControl: z
    .array(z.looseObject({ priorityLevel: z.string(), waited: z.number(), longestWaitMs: z.number(), rejected: z.number() }))
    .optional(),
  thresholds: z.array(threshold),
  engine: z.looseObject({ events: z.number(), hops: z.number(), simulatedSeconds: z.number() }),
})

const summary = z.looseObject({
  tool: z.looseObject({ name: z.literal('towtank'), version: z.string() }),
  scenario: z.string(),
  seed: z.string(),
  inputHash: z.string(),
  variants: z.array(variant).min(1),
})

export type ReadSummary = { readonly ok: true; readonly summary: RunSummary } | { readonly ok: false; readonly reason: string }

/** Reads the text of a `summary.json` of `towtank run`, as far as a report needs it. */
export function readSummary(text: string): ReadSummary {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, reason: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  const version = typeof value === 'object' && value !== null ? (value as { schemaVersion?: unknown }).schemaVersion : undefined
  if (version !== undefined && version !== SUMMARY_SCHEMA_VERSION)
    return {
      ok: false,
      reason: `its schemaVersion is ${JSON.stringify(version)}, and this version of Towtank reads ${SUMMARY_SCHEMA_VERSION}: run the scenario again`,
    }
  const checked = summary.safeParse(value)
  if (checked.success) return { ok: true, summary: checked.data as unknown as RunSummary }
  const issue = checked.error.issues[0]!
  return { ok: false, reason: `it is not a summary of "towtank run": ${issue.path.join('.') || 'its top'}: ${issue.message}` }
}
