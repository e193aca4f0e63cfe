/**
 * What the kernel charges, in nanoseconds of CPU: for a packet, and for programming the rules; and what kube-proxy adds to each sync.
 *
 * A profile is data with its provenance (`linux-6.1.json` is built in); this file checks it and evaluates it. All
 * functions are pure. Between measured points they interpolate; where a table ends they go on as each one says.
 */
import { z } from 'zod'
import type { Nanos } from '../units.ts'
import linux61 from './linux-6.1.json' with { type: 'json' }

/** How a node turns Services into rules. kube-proxy's `iptables` mode runs on either of the first two. */
export const COST_MODES = ['iptables-legacy', 'iptables-nft', 'nftables', 'ipvs'] as const
export type CostMode = (typeof COST_MODES)[number]

/** [x, y], x strictly increasing. */
const table = z
  .array(z.tuple([z.number().nonnegative(), z.number().nonnegative()]))
  .min(1)
  .refine((points) => points.every((point, index) => index === 0 || point[0] > points[index - 1]![0]), 'The first column must increase')

const programming = z.strictObject({
  /** `linear`: time grows with x; `quadratic`: time / x grows with x. Between points and beyond the last one. */
  shape: z.enum(['linear', 'quadratic']),
  /** [Services, ns] at `endpointFactor`'s unit. */
  points: table,
  /** [endpoints a Service, factor]. */
  endpointFactor: table,
})

/** How far the profile is from what it was derived from: relative errors. */
const residual = z.strictObject({ points: z.number(), largest: z.number(), median: z.number(), at: z.string() })

const modeCosts = z.strictObject({
  derivedFromInstructions: z.boolean(),
  firstPacket: z.strictObject({
    baseNs: z.number().nonnegative(),
    perStatisticRuleNs: z.number().nonnegative(),
    /** For each Service on the node, whichever is hit: longer hash chains. */
    perServiceNs: z.number().nonnegative(),
    /** [rules before the hit, ns]: more than proportional, since a long list falls out of the caches. */
    walk: table,
  }),
  establishedPacketNs: z.number().nonnegative(),
  programFull: programming,
  programUpdate: programming,
  /** [Services, ns]: what a sync takes besides programming the kernel. */
  syncOwn: table,
  residual: z.strictObject({
    firstPacket: residual,
    establishedPacket: residual,
    programFull: residual,
    programUpdate: residual,
    /** Of whole syncs, of one changed Service and of everything: null where none was recorded. */
    syncUpdate: residual.nullable(),
    syncFull: residual.nullable(),
  }),
})

const costProfile = z.strictObject({
  name: z.string().min(1),
  schemaVersion: z.literal(1),
  kernel: z.strictObject({ timed: z.string(), counted: z.string() }),
  method: z.string(),
  source: z.string(),
  nsPerInstruction: z.number().positive(),
  modes: z.strictObject({
    'iptables-legacy': modeCosts,
    'iptables-nft': modeCosts,
    nftables: modeCosts,
    ipvs: modeCosts,
  }),
})

export type CostProfileData = z.infer<typeof costProfile>

type Table = z.infer<typeof table>
type Programming = z.infer<typeof programming>

/** Checks a profile that comes from outside. Every mistake is told, with its place in the data. */
export function parseCostProfile(value: unknown): { ok: true; profile: CostProfile } | { ok: false; problems: readonly string[] } {
  const result = costProfile.safeParse(value)
  if (result.success) return { ok: true, profile: new CostProfile(result.data) }
  return { ok: false, problems: result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
}

export class CostProfile {
  readonly data: CostProfileData

  constructor(data: CostProfileData) {
    this.data = data
  }

  get name(): string {
    return this.data.name
  }

  /**
   * CPU time of a connection's first packet on a node, from the pod's veth to the next.
   *
   * `rulesBefore`: rules of KUBE-SERVICES before the one that hits (0 in a mode that has a hash table). `statisticRules`: statistic
   * rules that drew a number. `services`: Services on the node. Beyond the longest measured walk the last slope goes on.
   */
  firstPacketNs(mode: CostMode, rulesBefore: number, statisticRules: number, services: number): Nanos {
    const costs = this.data.modes[mode].firstPacket
    const walk = interpolate(costs.walk, rulesBefore)
    return Math.round(costs.baseNs + walk + costs.perStatisticRuleNs * statisticRules + costs.perServiceNs * services)
  }

  /** CPU time of a later packet of a connection: a conntrack hit, no rules. */
  establishedPacketNs(mode: CostMode): Nanos {
    return Math.round(this.data.modes[mode].establishedPacketNs)
  }

  /**
   * CPU time to program all rules from nothing. `endpoints` is the mean number a Service.
   *
   * Assumption: the factor of more endpoints, measured at 1,000 Services, holds at any number of Services. Where a profile has only one
   * point of it (see its `method`), it is 1.
   */
  programFullNs(mode: CostMode, services: number, endpoints: number): Nanos {
    return programmingNs(this.data.modes[mode].programFull, services, endpoints)
  }

  /** CPU time to program a change of one Service's endpoints while `services` are on the node, with `endpoints` a Service, in the mean. */
  programUpdateNs(mode: CostMode, services: number, endpoints = 3): Nanos {
    return programmingNs(this.data.modes[mode].programUpdate, services, endpoints)
  }

  /**
   * kube-proxy's own part of any sync: starting the programs that talk to the kernel, building their input, comparing. Below the fewest recorded
   * Services it stays, since the programs are started all the same; beyond the most, the last slope goes on.
   */
  syncOwnNs(mode: CostMode, services: number): Nanos {
    const points = this.data.modes[mode].syncOwn
    return Math.round(interpolate(points, Math.max(points[0]![0], services)))
  }
}

function programmingNs(costs: Programming, services: number, endpoints: number): Nanos {
  const perPoint = costs.shape === 'linear' ? interpolate(costs.points, services) : interpolateQuadratic(costs.points, services)
  return Math.round(perPoint * Math.max(0, interpolate(costs.endpointFactor, endpoints)))
}

/** Straight lines between the points; the outermost lines go on beyond them. Never below 0. */
function interpolate(points: Table, x: number): number {
  if (points.length === 1) return points[0]![1]
  let index = 1
  while (index < points.length - 1 && points[index]![0] < x) index += 1
  // By index: to take arrays apart by name costs more than all the rest.
  const before = points[index - 1]!
  const after = points[index]!
  return Math.max(0, before[1] + ((after[1] - before[1]) * (x - before[0])) / (after[0] - before[0]))
}

/** Straight lines for y / x: a parabola between points, and beyond the last one. Before the first, y stays. */
function interpolateQuadratic(points: Table, x: number): number {
  if (x <= points[0]![0]) return points[0]![1]
  const perUnit = points.map((point): [number, number] => [point[0], point[1] / point[0]])
  return x * interpolate(perUnit, x)
}

/** Measured by us on Linux: see the file's own `kernel`, `method` and `residual`. */
export const LINUX_6_1 = new CostProfile(costProfile.parse(linux61))
