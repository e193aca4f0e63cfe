import { IPTABLES_BACKEND } from '../../kube-proxy/modes/iptables.ts'
import { COST_MODES, type CostMode, LINUX_6_1 } from '../../profiles/cost-profile.ts'
import { onIptables, onIpvs, onNftables } from '../conditions.ts'
import { assumed, type Condition, entry, group, measured, type Origin, type Parameter } from '../parameter.ts'
import { of, points } from '../quantity.ts'

const { data } = LINUX_6_1
const PROFILE = 'src/profiles/linux-6.1.json'
const COSTS = `${PROFILE}, from test/kernel/costs.csv`
const SYNCS = `${PROFILE}, from test/kernel/kube-proxy-syncs.jsonl`

/** iptables mode is charged as one of its two backends; the numbers of the other stand beside, and no run uses them. */
const NOT_USED: Condition = { text: 'not in any run: iptables mode is charged as the other backend', holds: () => false }

const CONDITIONS: Readonly<Record<CostMode, Condition>> = {
  'iptables-legacy': IPTABLES_BACKEND === 'iptables-legacy' ? onIptables : NOT_USED,
  'iptables-nft': IPTABLES_BACKEND === 'iptables-nft' ? onIptables : NOT_USED,
  nftables: onNftables,
  ipvs: onIpvs,
}

/** A table of one point is a factor that was not measured at others. */
function factorOf(table: readonly (readonly [number, number])[]): Origin {
  return table.length > 1 ? measured(COSTS) : assumed('assumption: more endpoints a Service make no difference; not measured for this mode')
}

function parametersOf(mode: CostMode): readonly Parameter[] {
  const costs = data.modes[mode]
  const { residual } = costs
  const when = CONDITIONS[mode]
  const derived = costs.derivedFromInstructions ? 'Derived: instructions counted on Linux 6.1 times nsPerInstruction. ' : ''
  const misses = ({ largest, at }: { readonly largest: number; readonly at: string }) =>
    `${derived}Misses what it was derived from by ${Math.round(largest * 1000) / 10} % at most (${at}).`
  const statistic =
    mode === 'iptables-nft'
      ? assumed('assumption: a statistic rule costs what it costs in iptables-legacy')
      : mode === 'iptables-legacy'
        ? measured(COSTS)
        : assumed('assumption: this mode has no statistic rules')
  const own =
    mode === 'ipvs'
      ? assumed('assumption: as iptables-legacy, since each sync runs iptables-save and -restore for the constant rules')
      : measured(SYNCS)
  const full = [costs.programFull, costs.programUpdate] as const
  return [
    entry(`${mode}.firstPacket.base`, of(costs.firstPacket.baseNs, 'ns'), measured(COSTS), { note: misses(residual.firstPacket), when }),
    entry(`${mode}.firstPacket.walk`, points(costs.firstPacket.walk, 'rules:ns'), measured(COSTS), { when }),
    entry(`${mode}.firstPacket.perStatisticRule`, of(costs.firstPacket.perStatisticRuleNs, 'ns'), statistic, { when }),
    entry(`${mode}.firstPacket.perService`, of(costs.firstPacket.perServiceNs, 'ns'), measured(COSTS), { when }),
    entry(`${mode}.establishedPacket`, of(costs.establishedPacketNs, 'ns'), measured(COSTS), {
      note: misses(residual.establishedPacket),
      when,
    }),
    entry(`${mode}.programFull`, points(full[0].points, 'Services:ns'), measured(COSTS), { note: misses(residual.programFull), when }),
    entry(`${mode}.programFull.endpointFactor`, points(full[0].endpointFactor, 'endpoints:factor'), factorOf(full[0].endpointFactor), {
      when,
    }),
    entry(`${mode}.programUpdate`, points(full[1].points, 'Services:ns'), measured(COSTS), { note: misses(residual.programUpdate), when }),
    entry(`${mode}.programUpdate.endpointFactor`, points(full[1].endpointFactor, 'endpoints:factor'), factorOf(full[1].endpointFactor), {
      when,
    }),
    entry(`${mode}.syncOwn`, points(costs.syncOwn, 'Services:ns'), own, {
      note:
        residual.syncUpdate === null
          ? 'No sync of this mode was recorded.'
          : `A sync of one changed Service misses recorded ones by ${Math.round(residual.syncUpdate.largest * 1000) / 10} % at most (${residual.syncUpdate.at}), ${Math.round(residual.syncUpdate.median * 1000) / 10} % at the median.`,
      when,
    }),
  ]
}

/** What the kernel charges and what kube-proxy adds, as measured: the built-in profile. */
export const COST_PROFILE = group('costProfile', `Cost profile ${LINUX_6_1.name}`, [
  entry('nsPerInstruction', of(data.nsPerInstruction, 'ns'), measured(COSTS), { note: 'Of what was counted and not timed.' }),
  ...COST_MODES.flatMap(parametersOf),
])
