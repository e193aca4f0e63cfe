import type { FailureCause } from '../../metrics/failure-cause.ts'
import { formatCount } from '../format.ts'

const count = (number: number, noun: string): string => `${formatCount(number)} ${noun}${number === 1 ? '' : 's'}`

const WHY: Readonly<Record<FailureCause, string>> = {
  refused: 'sent to a pod whose process no longer accepts (or whose node did not know yet that it is leaving)',
  reset: 'accepted by a pod whose process ended before the answer',
  'connect-timeout': 'sent to the address of a pod that is gone',
  timeout: 'answered too late: too few pods for the load, or a pod that ended silently',
  'queue-full': 'too few pods for the load: their queues were full',
  'no-endpoints': 'no pod was ready: more were taken away than had come',
  'no-client': 'no pod was there to send it',
  'conntrack-full': 'a connection tracking table was full',
  'http-404': 'an ingress controller had no route',
  'http-500': 'a pod answered with an error',
  'http-502': 'an ingress controller still sent to a pod that was leaving',
  'http-503': 'an ingress controller had no ready endpoint',
  'dns-failed': 'the name could not be looked up',
  'policy-denied': 'a NetworkPolicy did not let it through, or a node did not know the pod yet',
  'snat-exhausted': 'a node had no source port left for it',
  'http-504': 'an ingress controller met silence',
  'http-308': 'an ingress controller sent the client to https',
  'call-failed': 'a pod could not get what it needs of another Service',
}

/** Words of the answer of `towtank rollout`. Causes and the names of fields stay as they are. */
export const ROLLOUT_IN_ENGLISH = {
  settings: (preStop: number, minReady: number, grace: number | null) =>
    `preStop sleep ${preStop} s, minReadySeconds ${minReady}${grace === null ? '' : `, terminationGracePeriodSeconds ${grace}`}`,
  loses: (name: string, { lost, rollouts, each }: { lost: number; rollouts: number; each: string }) =>
    `${name} loses ${count(lost, 'request')} in ${count(rollouts, 'rollout')}, ${each} each.`,
  losesNone: (name: string, rollouts: number, settings: string) =>
    `${name} loses no request in ${count(rollouts, 'rollout')} (${settings}).`,
  smallest: (settings: string, remark: string) => `The smallest that loses none: ${settings}; ${remark}.`,
  minReadyCanBe: (seconds: number) => `minReadySeconds can be ${seconds}`,
  sleepNotEnough: 'a sleep alone is not enough',
  minReadyNoMatter: 'minReadySeconds makes no difference',
  best: (each: string, settings: string) => `The best of those tried still loses ${each} each (${settings}).`,
  noneFound: (limit: number) => `No preStop sleep and minReadySeconds up to ${limit} s loses none.`,
  columns: { asItIs: 'as it is', withPatch: 'with the patch', best: 'best tried' },
  rows: {
    preStop: 'preStop sleep',
    requests: 'requests',
    withLoss: 'rollouts that lose some',
    lost: 'lost a rollout',
    rolledOut: 'rolled out after',
    oldPodsGone: 'last old pod gone after',
    staleP50: 'stale for, p50',
    staleP99: 'stale for, p99',
  },
  of: (some: number, all: number) => `${some} of ${all}`,
  interval: (mean: string, low: string, high: string) => `${mean} (${low} to ${high})`,
  colon: ': ',
  listed: (names: readonly string[]) => names.join(', '),
  why: WHY,
  stale: (p50: string, p99: string, max: string) =>
    `Nodes went on sending new connections to a pod for ${p50} (p50), ${p99} (p99), at most ${max} after its deletion.`,
  unprobed: (containers: string) =>
    `The container ${containers} has no readinessProbe: new pods get requests before they listen, which neither a sleep nor minReadySeconds prevents.`,
  background: (requests: number) =>
    `${count(requests, 'request')} failed in the same seconds without the rollout too: what differs there by chance also counts as lost.`,
  own: (requests: number) => `${count(requests, 'request')} of the replaced pods themselves ended with them; they are not counted.`,
  unfinished: 'With some settings nothing was lost, but the run ended before the rollout was over: a longer spec.duration may find one.',
  claim: ({ rollouts, requests, ofRollouts, ofRequests }: { rollouts: number; requests: number; ofRollouts: string; ofRequests: string }) =>
    [
      `None lost in ${count(rollouts, 'rollout')} and ${count(requests, 'request')}. At 95 %: fewer than ${ofRollouts} of such rollouts lose a request`,
      `(1 − 0.05^(1/rollouts)); as far as requests are independent, fewer than ${ofRequests} of them are lost (3/requests).`,
    ].join('\n'),
  patchNote: 'The pods that are replaced when the patch itself is applied do not have it yet: that rollout still loses requests.',
  resultsIn: (folder: string) => `Results in ${folder}`,
}

export type RolloutWords = typeof ROLLOUT_IN_ENGLISH
