import { LATE_FIRST_SYNC } from './late-first-sync.ts'

type Paint = (text: string) => string

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** Words of the summary of a run in the terminal. Causes, parts of a latency, metrics and names are words of the data and stay as they are. */
export const SUMMARY_IN_ENGLISH = {
  colon: ': ',
  comma: ', ',
  /** Between the verdict and what it is about. */
  gap: ' ',
  passed: (thresholds: number) => `${count(thresholds, 'threshold')} passed`,
  failed: (failed: number, thresholds: number) => `${failed} of ${count(thresholds, 'threshold')} failed`,
  missing: (faults: number) => `${count(faults, 'fault')} never took effect`,
  notJudged: 'done, without thresholds to judge it by',
  about: (seed: string, hash: string) => `(seed ${seed}, ${hash})`,
  nothingMeasured: 'nothing measured',
  titles: {
    propagation: 'endpoint propagation',
    kubeProxy: 'kube-proxy',
    nodes: 'nodes',
    bootstrap: 'bootstrap',
    deployments: 'deployments available',
  },
  rows: {
    mode: 'mode',
    syncs: 'syncs',
    longestSync: 'longest sync',
    rulesMax: 'rules at most',
    busiestCore: 'busiest core',
    packetsDropped: 'packets dropped',
    allNodesReady: 'all nodes Ready at',
    sent: 'sent',
    ok: 'ok',
    errorRate: 'error rate',
    stale: '(stale rules)',
    inFlight: 'in flight at end',
    requestsPerSecond: 'requests/s',
    slowest: 'slowest 1 %',
  },
  never: 'never',
  available: (available: number, replicas: number, at: string | null) =>
    `${available}/${replicas}, ${at === null ? 'never all' : `all at ${at}`}`,
  refused: (command: string, reason: string, paint: Paint) => `${command} ${paint('was refused')}: ${reason}`,
  waited: (level: string, { waited, rejected, longest }: { waited: number; rejected: number; longest: string }, paint: Paint) =>
    `priority level ${level}: ${count(waited, 'request')} ${paint('waited')} for a seat of the API server, at most ${longest}${rejected === 0 ? '' : `; ${count(rejected, 'request')} rejected`}`,
  lateFirstSync: LATE_FIRST_SYNC.en,
  noEffect: (fault: string, effect: string, paint: Paint) => `${fault} ${paint('did not take effect')}: ${effect}`,
  noEffectFails: (fault: string, effect: string, paint: Paint) =>
    `${fault} ${paint('did not take effect')}, so the run has failed: ${effect}`,
  resultsIn: (folder: string) => `Results in ${folder}`,
}

export type SummaryWords = typeof SUMMARY_IN_ENGLISH
