import { joined, type Sentence, type Span, sentence } from '../charts/sentence.ts'
import { formatCount } from '../format.ts'

const list = (items: readonly Sentence[]): Sentence => {
  if (items.length < 2) return items.flat()
  return joined([joined(items.slice(0, -1), ', '), items.at(-1)!], ' and ')
}
const inVariant = (of: Span | null): Sentence => (of === null ? [] : sentence` in ${of}`)
const requests = (count: number): string => `${formatCount(count)} ${count === 1 ? 'request' : 'requests'}`

interface Cost {
  /** From how many on the cheap one is cheaper; null when it always or never is. */
  readonly from: string | null
  readonly count: string
  readonly dear: Span
  readonly cheap: Span
  readonly times: string
}

interface AtNode {
  readonly most: string
  readonly node: string
  readonly at: string
  readonly of: Span | null
}

interface Spread {
  readonly name: Span | null
  readonly least: string
  readonly most: string
}

const range = (least: string, most: string): string => (least === most ? least : `${least} to ${most}`)

interface Slow {
  readonly name: Span
  readonly p50: string
  readonly p99: string
}

/** All words of charts in English. Other catalogues have the type of this one. */
export const CHARTS_IN_ENGLISH = {
  simulatedTime: 'simulated time',
  warmUp: 'warm-up',
  node: 'node',
  nothing: 'Nothing to draw: the table has no such values',
  overall: 'overall',
  lastValue: 'at the end',
  count: formatCount,
  footer: (tool: string, scenario: string, seed: string) => `scenario ${scenario}, seed ${seed}, ${tool}`,
  footerOfBench: (tool: string, seed: string) => `${tool} bench, seed ${seed}; the model’s own structures in JavaScript, not the kernel’s`,
  rolloutOf: (name: string) => `rollout of ${name}`,
  bandNote: (length: string) => `lines: means over ${length}; bands: from the smallest to the largest second`,
  binNote: (length: string) => `each step is ${length}`,

  latency: {
    title: (traffic: string) => `Latency of ${traffic}`,
    caption: (quantiles: string): readonly [string, string] => [
      `Latency ${quantiles}`,
      ' of the answered requests of each second, log scale',
    ],
    axis: 'latency (ms)',
    none: 'No request was answered',
    /** The highest value of the quantile, when, and in which variant when there are several; and what it is usually. */
    finding: (quantile: string, highest: string, at: string, of: Span | null, usual: string): Sentence =>
      sentence`${quantile} is ${usual} in the median second${inVariant(of)}, and ${highest} in the worst, at ${at}`,
  },

  failed: {
    title: (traffic: string) => `Failed requests of ${traffic}`,
    caption: ['Failed requests', ', % of those sent in each second'] as readonly [string, string],
    latencyCaption: ['Latency p99', ' of the answered requests of each second, log scale'] as readonly [string, string],
    axis: 'failed requests (%)',
    none: 'No request was sent',
    noneFailed: 'No request failed',
    /** The worst variant first. */
    finding: (variants: readonly { readonly name: Span; readonly share: string }[], peak: string, at: string): Sentence =>
      variants.length === 1
        ? sentence`${variants[0]!.share} of requests fail, and ${peak} in the worst second, at ${at}`
        : sentence`${list(variants.map(({ name, share }) => sentence`${name} fails ${share}`))} of requests; in the worst second ${peak}, at ${at}`,
  },

  errors: {
    title: (traffic: string | null) => (traffic === null ? 'Why requests fail' : `Why requests of ${traffic} fail`),
    caption: ['Failed requests', ' a second, by cause, stacked'] as readonly [string, string],
    rateNote: ', requests a second by cause, stacked',
    axis: 'failed requests (1/s)',
    noneFailed: 'No request failed',
    failed: (count: number) => `${formatCount(count)} failed`,
    others: (count: number) => `${count} other causes:`,
    finding: (of: {
      readonly total: number
      readonly cause: string
      readonly ofCause: number
      readonly worst: { readonly name: Span; readonly total: number } | null
    }): Sentence => {
      const most = sentence`${requests(of.total)} failed, most by ${of.cause} (${formatCount(of.ofCause)})`
      return of.worst === null ? most : sentence`${most}; ${formatCount(of.worst.total)} of them in ${of.worst.name}`
    },
  },

  distribution: {
    title: (traffic: string) => `How the latency of ${traffic} is distributed`,
    caption: ['Latency', ' that so many of the answered requests did not exceed, both axes log scale'] as readonly [string, string],
    most: (latency: string) => `max ${latency}`,
    axis: 'percentile of the answered requests (%)',
    finding: ({ slowest, fastest }: { readonly slowest: Slow; readonly fastest: Slow | null }): Sentence =>
      fastest === null
        ? sentence`Half of the requests take ${slowest.p50} or less, and 1 in 100 more than ${slowest.p99}`
        : sentence`1 in 100 requests takes more than ${slowest.p99} in ${slowest.name} and more than ${fastest.p99} in ${fastest.name}; half take ${slowest.p50} and ${fastest.p50} or less`,
  },

  variants: {
    title: (traffic: string) => `Variants compared by ${traffic}`,
    p99Caption: ['Latency p99', ''] as readonly [string, string],
    imbalanceCaption: (workload: string): readonly [string, string] => ['Imbalance', ` of ${workload}`],
    failedCaption: ['Failed', ' requests'] as readonly [string, string],
    finding: (
      fastest: { readonly name: Span; readonly p99: string },
      slowest: { readonly name: Span; readonly p99: string } | null,
    ): Sentence =>
      slowest === null
        ? sentence`p99 is ${fastest.p99} in ${fastest.name}`
        : sentence`p99 is lowest in ${fastest.name}, ${fastest.p99}, and highest in ${slowest.name}, ${slowest.p99}`,
  },

  differences: {
    title: 'Differences with their intervals',
    caption: ['Change from A to B', ' of the mean, dot; its 95 % interval, line; the tolerance, stroke'] as readonly [string, string],
    exactCaption: ['Change from A to B', ' of one run a side, dot; the tolerance, stroke'] as readonly [string, string],
    axis: 'B − A (% of A)',
    none: 'No difference to draw: nothing differs whose value in A is not 0',
    /** Of those that were told apart the largest. */
    finding: (name: string, change: string, interval: string): Sentence =>
      sentence`The largest difference that was found: ${name}, ${change}${interval === '' ? '' : `, 95 % interval ${interval}`}`,
    noneFound: 'No difference was found: what is drawn may be chance',
  },

  pods: {
    title: 'How evenly requests come to pods',
    caption: ['Requests a second', ' of each pod, over the mean of its workload; a dot a pod'] as readonly [string, string],
    axis: 'load (times the mean)',
    none: 'No workload has two pods that had requests',
    count: (pods: number) => `${formatCount(pods)} pods`,
    figure: (times: string, mean: string) => `busiest ${times}×, mean ${mean}`,
    finding: (of: {
      readonly workload: string
      readonly times: string
      readonly of: Span | null
      readonly best: { readonly name: Span; readonly times: string } | null
    }): Sentence => {
      const worst = sentence`The busiest pod of ${of.workload} has ${of.times} times the mean${inVariant(of.of)}`
      return of.best === null ? worst : sentence`${worst}, and ${of.best.times} times in ${of.best.name}`
    },
  },

  connections: {
    title: 'Connections of pods',
    measure: 'Open connections',
    caption: ' of each pod at the end of each second',
    pod: 'pod',
    none: 'No pod had a connection',
    note: (least: string, most: string) => `at the end ${range(least, most)} a pod`,
    /** Where no two pods of a workload are there at the end. */
    most: (most: string, pod: string): Sentence => sentence`At most ${most} connections, of ${pod}`,
    finding: ({ workload, worst, best }: { readonly workload: string; readonly worst: Spread; readonly best: Spread | null }): Sentence => {
      const most = sentence`At the end pods of ${workload} have ${range(worst.least, worst.most)} connections each${inVariant(worst.name)}`
      return best === null ? most : sentence`${most}, and ${range(best.least, best.most)}${inVariant(best.name)}`
    },
  },

  staleness: {
    title: 'How old changes were when nodes took them over',
    measure: 'Age of the oldest change',
    caption: ' of each sync of a node’s kube-proxy, from etcd to the rules, log scale',
    none: 'No sync carried out a change',
    finding: ({ most, node, at, of }: AtNode): Sentence =>
      sentence`The oldest change was ${most} old when its rules were in effect, on ${node} at ${at}${inVariant(of)}`,
  },

  cpu: {
    title: 'CPU time of nodes for packets and rules',
    measure: 'CPU time',
    caption: ', % of the node’s cores that handle packets; packets and syncs of kube-proxy',
    none: 'No node spent CPU time on packets or rules',
    finding: ({ most, node, at, of }: AtNode): Sentence => sentence`At most ${most} of a node’s CPU, on ${node} at ${at}${inVariant(of)}`,
  },

  conntrack: {
    title: 'Connection tracking of nodes',
    measure: 'Entries',
    caption: ' of connection tracking at the end of each second',
    none: 'No node tracked a connection',
    finding: ({ most, node, at, of }: AtNode): Sentence => sentence`At most ${most} entries, on ${node} at ${at}${inVariant(of)}`,
  },

  lookup: {
    title: 'Lookup cost against number of Services',
    caption: ['First-packet lookup', ', any Service equally likely, log scale'] as readonly [string, string],
    axis: 'Services (log scale)',
    costAxis: 'time a lookup (ns)',
    single: (name: Span, cost: string): Sentence => sentence`A lookup costs ${cost} in ${name}`,
    finding: ({ from, count, dear, cheap, times }: Cost): Sentence =>
      from === null
        ? sentence`At ${count} Services a lookup in ${dear} costs ${times} times one in ${cheap}`
        : sentence`From about ${from} Services on ${cheap} is cheaper; at ${count} Services a lookup in ${dear} costs ${times} times as much`,
    crossover: (from: string): Sentence => [
      { text: 'crossover', of: '' },
      { text: ` at about ${from} ${from === '1' ? 'Service' : 'Services'}` },
    ],
  },

  firstPacket: {
    title: 'First-packet cost against number of Services',
    caption: ['First packet', ' of a connection: lookup, choice and entry, log scale'] as readonly [string, string],
    axis: 'Services (log scale)',
    costAxis: 'time a first packet (ns)',
    single: (name: Span, cost: string): Sentence => sentence`A first packet costs ${cost} in ${name}`,
    finding: ({ from, count, dear, cheap, times }: Cost): Sentence =>
      from === null
        ? sentence`At ${count} Services a first packet in ${dear} costs ${times} times one in ${cheap}`
        : sentence`From about ${from} Services on ${cheap} is cheaper; at ${count} Services a first packet in ${dear} costs ${times} times as much`,
    crossover: (from: string): Sentence => [
      { text: 'crossover', of: '' },
      { text: ` at about ${from} ${from === '1' ? 'Service' : 'Services'}` },
    ],
  },

  pick: {
    title: 'Cost of choosing an endpoint',
    caption: ['Choice of an endpoint', ', log scale'] as readonly [string, string],
    axis: 'endpoints of the Service (log scale)',
    costAxis: 'time a choice (ns)',
    single: (name: Span, cost: string): Sentence => sentence`A choice costs ${cost} in ${name}`,
    finding: ({ from, count, dear, cheap, times }: Cost): Sentence =>
      from === null
        ? sentence`Of ${count} endpoints a choice by ${dear} costs ${times} times one by ${cheap}`
        : sentence`From about ${from} endpoints on ${cheap} is cheaper; of ${count} endpoints a choice by ${dear} costs ${times} times as much`,
    crossover: (from: string): Sentence => [{ text: 'crossover', of: '' }, { text: ` at about ${from} endpoints` }],
  },
}
