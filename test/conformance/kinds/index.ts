import { check as cronJobSchedules } from './cronjob-schedules.ts'
import { check as deploymentRolling } from './deployment-rolling.ts'
import { check as endpointSlicePacking } from './endpointslice-packing.ts'
import { check as hpaReplicas } from './hpa-replicas.ts'
import { check as ingressPathMatching } from './ingress-path-matching.ts'
import { check as iptablesGolden } from './iptables-golden.ts'
import { check as ipvsState } from './ipvs-state.ts'
import { check as ipvsTraces } from './ipvs-traces.ts'
import { check as jobBackOff } from './job-backoff.ts'
import { check as labelSelectors } from './label-selectors.ts'
import { check as names } from './names.ts'
import { check as nftablesGolden } from './nftables-golden.ts'
import type { Check } from './outcome.ts'
import { check as packetFlows } from './packet-flows.ts'
import { check as podDeletionRanking } from './pod-deletion-ranking.ts'
import { check as quantities } from './quantities.ts'
import { check as ruleCounts } from './rule-counts.ts'
import { check as schedulerScores } from './scheduler-scores.ts'
import { check as timelines } from './timelines.ts'
import { check as topologyEndpoints } from './topology-endpoints.ts'

/** The kinds of recorded cases that can be replayed, by the name that the command takes. */
export const KINDS: ReadonlyMap<string, Check> = new Map([
  ['cronjob-schedules', cronJobSchedules],
  ['deployment-rolling', deploymentRolling],
  ['endpointslice-packing', endpointSlicePacking],
  ['hpa-replicas', hpaReplicas],
  ['iptables-golden', iptablesGolden],
  ['ingress-path-matching', ingressPathMatching],
  ['ipvs-state', ipvsState],
  ['ipvs-traces', ipvsTraces],
  ['job-backoff', jobBackOff],
  ['label-selectors', labelSelectors],
  ['names', names],
  ['nftables-golden', nftablesGolden],
  ['packet-flows', packetFlows],
  ['pod-deletion-ranking', podDeletionRanking],
  ['quantities', quantities],
  ['rule-counts', ruleCounts],
  ['scheduler-scores', schedulerScores],
  ['timelines', timelines],
  ['topology-endpoints', topologyEndpoints],
])
