import type { CompareWords } from './compare.ts'

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

export const COMPARE_IN_ENGLISH: CompareWords = {
  verdict: {
    regression: (regressed, judged) => `${regressed} of ${count(judged, 'metric')} worse than the tolerance allows`,
    passed: (judged, undecided) =>
      undecided === 0
        ? `no regression: ${count(judged, 'metric')} within the tolerance`
        : `no regression found: ${judged - undecided} of ${count(judged, 'metric')} shown to be within the tolerance, ${undecided} undecided`,
    notJudged: 'done, without a tolerance to judge it by',
  },
  about: {
    replications: (pairs, seed) =>
      pairs === 1
        ? `one pair of runs, seed ${seed}/1`
        : `${pairs} pairs of runs, the same seed on both sides: ${seed}/1 to ${seed}/${pairs}`,
    single: (seed) => `one run a side, seed ${seed}`,
  },
  singleRun:
    'One run a side: with one seed the differences are exact, and with another seed they may be different. Compare the scenarios for intervals.',
  counts: (counts) =>
    [
      counts.regression > 0 ? count(counts.regression, 'regression') : '',
      counts.lost > 0 ? `${counts.lost} no longer measured` : '',
      counts.worse > 0 ? `${counts.worse} worse` : '',
      counts.different > 0 ? `${counts.different} different` : '',
      counts.better > 0 ? `${counts.better} better` : '',
      counts.negligible > 0 ? `${counts.negligible} negligible` : '',
      counts['none-found'] > 0 ? `no difference found in ${counts['none-found']}` : '',
      counts.identical > 0 ? `${counts.identical} identical` : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  headings: {
    metric: 'metric',
    a: 'A',
    b: 'B',
    difference: 'B − A',
    interval: '95 % interval',
    p: 'p (Holm)',
    pairs: 'pairs',
    verdict: 'verdict',
    method: 'test',
    tolerance: 'tolerance',
  },
  verdicts: {
    regression: 'regression',
    lost: 'not measured in B',
    worse: 'worse',
    different: 'different',
    better: 'better',
    negligible: 'negligible',
    'none-found': 'no difference found',
    gained: 'not measured in A',
    'only-a': 'only in A',
    'only-b': 'only in B',
    identical: 'identical',
    unmeasured: 'nothing measured',
  },
  tolerance: { within: 'within', beyond: 'beyond', undecided: 'undecided' },
  methods: {
    identical: 'none needed',
    single: 'none: one pair',
    t: 'paired t',
    'signed-rank': 'signed ranks, bootstrap',
    constant: 'signed ranks',
  },
  noneFound: (halfWidth, bound) => `no difference found: ± ${halfWidth}, at 95 % below ${bound}`,
  onItsOwn: (p) => `by itself p is ${p}; among so many metrics that may be chance`,
  negligibleIn: (metrics) =>
    `${count(metrics, 'metric')} ${metrics === 1 ? 'differs' : 'differ'}, and not by chance, by less than half of the last digit shown`,
  noneFoundIn: (metrics) => `No difference found in ${count(metrics, 'metric')}; ± says how large one may have been missed`,
  identical: (metrics) => `${count(metrics, 'metric')} ${metrics === 1 ? 'is' : 'are'} identical in every pair`,
  unmeasured: (metrics) => `${count(metrics, 'metric')} ${metrics === 1 ? 'was' : 'were'} measured on neither side`,
  fineprint: (tested) =>
    `Each interval holds at 95 %. ${count(tested, 'difference')} tested: p is corrected by Holm, so that even one false difference among all of them has a chance of at most 5 %.`,
  missing: (pairsOnlyA, pairsOnlyB) =>
    [
      pairsOnlyA > 0 ? `in ${count(pairsOnlyA, 'pair')} B measured nothing` : '',
      pairsOnlyB > 0 ? `in ${count(pairsOnlyB, 'pair')} A measured nothing` : '',
    ]
      .filter((part) => part !== '')
      .join(', '),
  divergence: {
    none: 'Everything that the two runs recorded is the same.',
    heading: 'Where the runs part',
    sameUntil: (time, hops) => `The runs are the same until ${time} (${count(hops, 'hop')}), when`,
    otherTable: (table, time) =>
      `Every hop of the API objects is the same. The runs first differ in ${table}.csv${time === null ? '' : ` at ${time}`}:`,
    hop: (actor, action, object, detail, time) => `${time} ${actor}: ${action} ${object}${detail === '' ? '' : ` (${detail})`}`,
    ended: 'nothing more happens',
    before: 'just before, in both',
  },
  warning: (warning) => {
    switch (warning.kind) {
      case 'scenarios-differ':
        return `The scenarios have different names: ${warning.a} and ${warning.b}`
      case 'durations-differ':
        return `The runs do not last as long: ${warning.aSeconds} s and ${warning.bSeconds} s. Counts cannot be compared`
      case 'seeds-differ':
        return `The runs have different seeds, ${warning.a} and ${warning.b}: chance is in every difference`
      case 'versions-differ':
        return `The runs were made by different versions of Towtank, ${warning.a} and ${warning.b}: its changelog may explain differences`
      case 'variants-left-out':
        return `Only ${warning.side === 'a' ? 'A' : 'B'} has ${warning.names.join(', ')}: not compared`
      case 'too-few-pairs':
        return `${count(warning.metrics, 'metric')} could not have been found to differ, however much: ranks of ${warning.pairs} pairs are too few among so many metrics. Use --replications ${warning.needed} or more`
    }
  },
  resultsIn: (folder) => `Results in ${folder}`,
  details: (metrics) => `All ${metrics} metrics`,
  semicolon: '; ',
  colon: ': ',
  from: 'from',
}
