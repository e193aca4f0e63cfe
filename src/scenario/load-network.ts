import type { DistributionSpec } from '../engine/distributions.ts'
import { type ByLink, LINK_CLASSES, type NetworkSpec } from '../network/network-spec.ts'
import type { LoadContext } from './load-context.ts'
import { certain } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import { parseDistribution } from './parse-distribution.ts'
import { parseDuration } from './parse-duration.ts'
import { parseShare } from './parse-share.ts'
import { parseBandwidth } from './parse-size.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ScenarioFile } from './schema.ts'

type NetworkDraft = Draft<NonNullable<NonNullable<ScenarioFile['spec']['cluster']>['network']>>
type Value = string | number
type ByLinkDraft = Value | { readonly [L in keyof ByLink<unknown>]?: Value | undefined }

const AT: Path = ['spec', 'cluster', 'network']

/** Delays of links, and what else happens to packets on them. What happens nowhere is left out. */
export function loadNetwork(context: LoadContext, draft: NetworkDraft | undefined): NetworkSpec {
  const delay = (key: keyof ByLink<unknown>) =>
    context.read([...AT, key], draft?.[key], parseDuration) ?? certain(parseDuration(DEFAULTS[key]))
  const loss = loadByLink(context, [...AT, 'loss'], draft?.loss, 0, (text) => parseShare(text))
  const jitter = loadByLink<DistributionSpec | null>(context, [...AT, 'jitter'], draft?.jitter, null, (text) => parseDistribution(text))
  for (const link of LINK_CLASSES) {
    if (loss?.[link] !== 1) continue
    context.mistake([...AT, 'loss'], 'A link that loses everything is none', 'a share below 1; the fault partition cuts links for a while')
    break
  }
  const bandwidth = context.read([...AT, 'bandwidth'], draft?.bandwidth, parseBandwidth)
  return {
    sameNode: delay('sameNode'),
    sameZone: delay('sameZone'),
    crossZone: delay('crossZone'),
    external: delay('external'),
    ...(loss === undefined || LINK_CLASSES.every((link) => loss[link] === 0) ? {} : { loss }),
    ...(jitter === undefined || LINK_CLASSES.every((link) => isNone(jitter[link])) ? {} : { jitter }),
    ...(bandwidth === undefined ? {} : { bandwidth }),
    ...((draft?.cni ?? DEFAULTS.cni) === 'overlay' ? { isOverlay: true } : {}),
  }
}

/** One value for all links, or values for some. */
function loadByLink<T>(
  context: LoadContext,
  path: Path,
  draft: ByLinkDraft | undefined,
  none: T,
  parse: Parameters<LoadContext['read']>[2],
): ByLink<T> | undefined {
  if (draft === undefined) return undefined
  const value = (at: Path, text: Value | undefined): T =>
    text === undefined ? none : ((context.read(at, String(text), parse) as T | undefined) ?? none)
  if (typeof draft !== 'object') {
    const all = value(path, draft)
    return { sameNode: all, sameZone: all, crossZone: all, external: all }
  }
  const of = (link: keyof ByLink<unknown>) => value([...path, link], draft[link])
  return { sameNode: of('sameNode'), sameZone: of('sameZone'), crossZone: of('crossZone'), external: of('external') }
}

function isNone(jitter: DistributionSpec | null): boolean {
  return jitter === null || (jitter.kind === 'constant' && jitter.value === 0)
}
