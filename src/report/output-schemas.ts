import { z } from 'zod'
import { type Comparison, METRIC_VERDICTS } from '../experiment/comparison/comparison.ts'
import { DIVERGENCE_TABLES } from '../experiment/comparison/divergence.ts'
import { BLAME_PARTS } from '../metrics/blame.ts'
import type { RolloutAnswer } from './rollout-answer.ts'
import type { RunSummary } from './run-summary.ts'
import type { SweepAnswer } from './sweep-answer.ts'

/**
 * The form of what commands print with `--json` and write as `summary.json`. Objects may get further fields without a new `schemaVersion`;
 * none is taken away or changes its meaning without one.
 */

const count = z.int().min(0)
const finite = z.number()
const orNull = finite.nullable()
const version = z.literal(1).meta({ description: 'Grows when a reader of the old form would misread the new one' })
const tool = z.object({ name: z.literal('towtank'), version: z.string() })
const inputHash = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .meta({ description: 'Over the texts of the scenario and of all files that it names' })

const quantiles = z
  .object({ count, mean: orNull, p50: orNull, p90: orNull, p99: orNull, max: orNull })
  .meta({ description: 'Milliseconds; null where nothing was observed' })

const blame = z
  .object(Object.fromEntries(BLAME_PARTS.map((part) => [part, finite])) as Record<(typeof BLAME_PARTS)[number], z.ZodNumber>)
  .nullable()
  .meta({ description: 'Mean milliseconds a request by part; null without requests' })

const traffic = z.object({
  traffic: z.string(),
  from: z.string().optional().meta({ description: 'Which pods send it, where it is their calls' }),
  sent: count,
  ok: count,
  failed: count,
  inFlight: count,
  failedByCause: z.record(z.string(), count),
  stale: count.meta({ description: 'Of the failed: those whose node had rules that did not know a change that would have spared them' }),
  errorRate: finite,
  retries: count,
  hedges: count,
  hedgesWon: count,
  triesDenied: count,
  answersWasted: count,
  amplification: orNull,
  requestsPerSecond: finite,
  latencyMs: quantiles,
  blameMs: z.object({ mean: blame, p99: blame }),
})

const threshold = z.object({
  expression: z.string(),
  metric: z.string(),
  operator: z.string(),
  limit: finite,
  value: orNull.meta({ description: 'null when nothing was measured, which fails the threshold' }),
  passed: z.boolean(),
})

const strike = { fault: z.string(), tookEffect: z.boolean(), effect: z.string() }

const variant = z.object({
  variant: z.string(),
  traffic: z.array(traffic),
  propagation: quantiles,
  deployments: z.array(
    z.object({
      namespace: z.string(),
      name: z.string(),
      replicas: count,
      available: count,
      availableAtSeconds: orNull,
      imbalance: orNull,
      throttled: finite.optional(),
    }),
  ),
  kubeProxy: z.object({
    mode: z.string(),
    syncs: count,
    rulesMax: count,
    syncMsMax: finite,
    lateFirstSyncs: z.object({ nodes: count, doneSeconds: orNull }).optional(),
  }),
  nodes: z.object({
    packets: count,
    packetsDropped: count,
    busiestCore: z.object({ node: z.string(), share: finite, atSeconds: finite }).nullable(),
    conntrackEntriesMax: count,
    conntrackDropped: count,
  }),
  bootstrap: z.object({ allNodesReadySeconds: orNull }).optional(),
  faults: z.array(
    z.object({
      ...strike,
      optional: z.literal(true).optional(),
      strikes: z.array(z.object({ atSeconds: finite, ...strike })).optional(),
    }),
  ),
  refusals: z.array(z.object({ command: z.string(), reason: z.string() })),
  flowControl: z.array(z.object({ priorityLevel: z.string(), waited: count, longestWaitMs: finite, rejected: count })).optional(),
  thresholds: z.array(threshold),
  engine: z.object({ events: count, hops: count, simulatedSeconds: finite }),
})

export const RUN_OUTPUT = z
  .object({ schemaVersion: version, tool, scenario: z.string(), seed: z.string(), inputHash, variants: z.array(variant).min(1) })
  .meta({ title: 'Towtank: summary.json and towtank run --json' })

const interval = z.object({ mean: finite, low: finite, high: finite }).meta({ description: 'A mean with its 95 % t-interval' })

const setting = z.object({
  preStopSeconds: count,
  minReadySeconds: count,
  terminationGracePeriodSeconds: count,
  replications: count,
  finished: count,
  requests: count,
  rolloutsWithLoss: count,
  lost: count,
  lostByCause: z.record(z.string(), z.object({ lost: count, perRollout: interval })),
  background: count,
  ownRequests: count,
  p99Ms: z.record(z.string(), orNull),
  rolledOutSeconds: orNull,
  oldPodsGoneSeconds: orNull,
  stalenessMs: z.object({ count, p50: orNull, p99: orNull, max: orNull }),
})

export const ROLLOUT_OUTPUT = z
  .object({
    schemaVersion: version,
    tool,
    command: z.literal('rollout'),
    scenario: z.string(),
    variant: z.string(),
    seed: z.string(),
    inputHash,
    rollout: z.object({ object: z.string(), atSeconds: finite, commands: z.array(z.string()) }),
    verdict: z.enum(['loses-none', 'patch-found', 'none-found']),
    replications: count,
    limitSeconds: count,
    asItIs: setting,
    withPatch: setting.nullable(),
    best: setting.nullable(),
    minReadySecondsMatters: z.boolean().nullable(),
    withoutReadinessProbe: z.array(z.string()),
    claim: z.object({ rolloutsThatLoseBelow: finite, lossRateBelow: finite }).nullable(),
    patch: z.string().nullable(),
    tried: z.array(setting),
  })
  .meta({ title: 'Towtank: summary.json of towtank rollout, and its --json' })

const line = z.int().min(1)

const problem = z.object({
  file: z.string(),
  line,
  column: line,
  length: line,
  path: z.string(),
  message: z.string(),
  accepted: z.string().nullable(),
  didYouMean: z.string().nullable(),
})

const warning = z.object({
  file: z.string(),
  line,
  message: z.string(),
  kind: z.enum(['unmodelled-kind', 'unmodelled-field', 'inert-field', 'assumed', 'no-effect', 'unreachable']),
})

export const VALIDATE_OUTPUT = z
  .object({
    schemaVersion: version,
    files: z.array(z.object({ file: z.string(), valid: z.boolean(), problems: z.array(problem), warnings: z.array(warning) })),
  })
  .meta({ title: 'Towtank: towtank validate --json' })

/** What every command prints with `--json` in place of its result when the input is wrong. */
export const PROBLEMS_OUTPUT = z
  .object({
    schemaVersion: version,
    problems: z.array(problem).meta({ description: 'Mistakes in files' }),
    refusals: z.array(z.string()).meta({ description: 'What is wrong with the command itself' }),
  })
  .meta({ title: 'Towtank: --json of a command whose input is wrong (exit code 2)' })

export const TRACE_OUTPUT = z
  .object({ schemaVersion: version, scenario: z.string(), variant: z.string(), object: z.string(), lines: z.array(z.string()) })
  .meta({ title: 'Towtank: towtank trace --json' })

export const BENCH_OUTPUT = z
  .object({
    schemaVersion: version,
    tool,
    command: z.literal('bench'),
    seed: z.string(),
    quick: z.boolean(),
    checksum: z.string(),
    ratios: z.array(
      z.object({
        question: z.string(),
        numerator: z.string(),
        denominator: z.string(),
        numeratorNs: finite,
        denominatorNs: finite,
        ratio: finite.meta({ description: "The median of the turns' own ratios" }),
        target: z.object({ kind: z.enum(['at most', 'at least']), value: finite }).nullable(),
        met: z.boolean().nullable(),
      }),
    ),
    environment: z.object({ node: z.string(), cpu: z.string(), cpus: count, platform: z.string() }),
  })
  .meta({ title: 'Towtank: summary.json of towtank bench, and its --json' })

const unit = z.enum(['count', 'ratio', 'fraction', 'milliseconds', 'perSecond'])
const row = z.record(z.string(), z.string()).nullable()

const divergence = z
  .object({
    table: z.enum(DIVERGENCE_TABLES),
    rowsSame: count,
    atSeconds: orNull,
    a: row,
    b: row,
    columns: z.array(z.string()),
    before: z.array(z.record(z.string(), z.string())),
  })
  .nullable()
  .meta({ description: 'Where both runs of one seed part; null when they are the same' })

const comparedSide = z.object({
  given: z.string(),
  scenario: z.string(),
  inputHash,
  durationSeconds: orNull,
  version: z.string(),
  seed: z.string(),
})

const comparedMetric = z.object({
  variantA: z.string(),
  variantB: z.string(),
  name: z.string(),
  metric: z.string(),
  labels: z.record(z.string(), z.string()),
  unit,
  worse: z.enum(['higher', 'lower']).nullable(),
  a: orNull,
  b: orNull,
  difference: orNull,
  low: orNull,
  high: orNull,
  relative: orNull,
  bound: orNull,
  p: orNull,
  pHolm: orNull,
  method: z.enum(['identical', 'single', 't', 'signed-rank', 'constant']).nullable(),
  normalityP: orNull,
  pairs: count,
  pairsOnlyA: count,
  pairsOnlyB: count,
  tolerance: z.string().nullable(),
  toleranceVerdict: z.enum(['within', 'beyond', 'undecided']).nullable(),
  verdict: z.enum(METRIC_VERDICTS),
  valuesA: z.array(orNull),
  valuesB: z.array(orNull),
})

const comparisonWarning = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('scenarios-differ'), a: z.string(), b: z.string() }),
  z.object({ kind: z.literal('durations-differ'), aSeconds: finite, bSeconds: finite }),
  z.object({ kind: z.literal('seeds-differ'), a: z.string(), b: z.string() }),
  z.object({ kind: z.literal('versions-differ'), a: z.string(), b: z.string() }),
  z.object({ kind: z.literal('variants-left-out'), side: z.enum(['a', 'b']), names: z.array(z.string()) }),
  z.object({ kind: z.literal('too-few-pairs'), pairs: count, needed: count, metrics: count }),
])

export const COMPARE_OUTPUT = z
  .object({
    schemaVersion: version,
    tool,
    command: z.literal('compare'),
    kind: z.enum(['replications', 'single']),
    a: comparedSide,
    b: comparedSide,
    seed: z.string(),
    replications: count,
    confidence: finite,
    familyLevel: finite,
    tested: count,
    tolerances: z.array(z.string()),
    verdict: z.enum(['regression', 'passed', 'not-judged']),
    warnings: z.array(comparisonWarning),
    variants: z.array(z.object({ variantA: z.string(), variantB: z.string(), divergence })).min(1),
    metrics: z.array(comparedMetric),
  })
  .meta({ title: 'Towtank: compare.json and towtank compare --json' })

const measure = z.union([
  z.object({ name: z.string(), unit, n: z.literal(0) }),
  z.object({
    name: z.string(),
    unit,
    n: z.int().min(1),
    mean: finite,
    half: orNull.meta({ description: 'Half of the 95 % t-interval of the mean; null with one value' }),
    min: finite,
    max: finite,
  }),
])

/** Also what `towtank merge` prints: the sweep, as if one machine had run it. */
export const SWEEP_OUTPUT = z
  .object({
    schemaVersion: version,
    tool: z.object({ name: z.literal('towtank'), version: z.string(), build: z.string() }),
    command: z.literal('sweep'),
    name: z.string(),
    scenario: z.string(),
    inputHash: z.string(),
    status: z.enum(['unfinished', 'partial', 'complete']),
    cells: count,
    finished: count,
    notPassed: count,
    combinations: z.array(
      z.object({
        variant: z.string().nullable(),
        parameters: z.record(z.string(), z.unknown()),
        seeds: count,
        notPassed: count,
        measures: z.array(measure),
      }),
    ),
  })
  .meta({ title: 'Towtank: towtank sweep --json and towtank merge --json' })

export const WORKER_OUTPUT = z
  .object({
    schemaVersion: version,
    tool: z.object({ name: z.literal('towtank'), version: z.string(), build: z.string() }),
    command: z.literal('worker'),
    name: z.string(),
    finished: count.meta({ description: 'Runs whose results it has given' }),
    failed: count.meta({ description: 'Runs that are not tried again' }),
    givenBack: count.meta({ description: 'Runs that it was told to leave to others' }),
  })
  .meta({ title: 'Towtank: towtank worker --json' })

export const CHART_OUTPUT = z
  .object({
    schemaVersion: version,
    charts: z.array(
      z.object({
        kind: z.string(),
        title: z.string(),
        finding: z.string(),
        empty: z.boolean().meta({ description: 'There was nothing to draw' }),
        files: z.array(z.string()),
      }),
    ),
  })
  .meta({ title: 'Towtank: towtank chart --json' })

const names = z.array(z.string())

export const IMPORT_OUTPUT = z
  .object({
    schemaVersion: version,
    tool,
    scenario: z.string(),
    found: z.object({
      nodes: count,
      nodeGroups: count,
      services: count,
      endpoints: count,
      pods: count,
      mode: z.string().nullable(),
      rules: z.array(z.object({ file: z.string(), mode: z.string(), services: count, counts: z.record(z.string(), count) })),
    }),
    assumed: names,
    findings: names,
    leftOut: z.array(z.object({ what: z.string(), count, why: z.string(), names })),
    crossChecks: z
      .array(
        z.object({
          file: z.string(),
          mode: z.string(),
          same: count,
          missing: names,
          stale: names,
          endpoints: z.array(z.object({ servicePort: z.string(), missing: count, stale: count })),
          settings: names,
        }),
      )
      .meta({ description: "Rules of a node against the API's Services" }),
    folder: z.string().optional().meta({ description: 'Where the scenario is; in --json only' }),
    files: z
      .record(z.string(), z.string())
      .optional()
      .meta({ description: 'Hashes of the files as they were written; in import.json only' }),
  })
  .meta({ title: 'Towtank: import.json and towtank import --json' })

// The compiler checks that these describe what the code writes.
type Described<Schema extends z.ZodType, Written> = Written extends Loose<z.infer<Schema>> ? true : never
type Loose<Value> = Value extends readonly (infer Element)[]
  ? readonly Loose<Element>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Loose<Value[Key]> }
    : Value
type Assert<Claim extends true> = Claim
/** The compiler looks at it, and nobody else. @public */
export type Checked = [
  Assert<Described<typeof RUN_OUTPUT, RunSummary>>,
  Assert<Described<typeof ROLLOUT_OUTPUT, RolloutAnswer>>,
  Assert<Described<typeof COMPARE_OUTPUT, Comparison>>,
  Assert<Described<typeof SWEEP_OUTPUT, SweepAnswer>>,
]
