import { joined, type Sentence, type Span, sentence } from '../charts/sentence.ts'

const list = (items: readonly Sentence[]): Sentence => {
  if (items.length < 2) return items.flat()
  return joined([joined(items.slice(0, -1), ', '), items.at(-1)!], ' and ')
}

/** All words of charts in English. Other catalogues have the type of this one. */
export const CHARTS_IN_ENGLISH = {
  simulatedTime: 'simulated time',
  warmUp: 'warm-up',
  nothing: 'Nothing to draw: the tables have no such values',
  overall: 'overall',
  lastValue: 'at the end',
  list,
  rolloutOf: (name: string) => `rollout of ${name}`,
  bandNote: (seconds: string) => `lines: means of ${seconds}; bands: smallest to largest`,

  latency: {
    title: (traffic: string) => `Latency of ${traffic}`,
    caption: (quantiles: string) => [`Latency ${quantiles}`, ' of the answered requests of each second, log scale'] as const,
    axis: 'latency (ms)',
    none: 'No request was answered',
    /** The highest value of the 99th percentile, when, and in which variant when there are several. */
    finding: (quantile: string, highest: string, at: string, of: Span | null, usual: string) =>
      of === null
        ? sentence`${quantile} is ${usual} in half of the seconds or more, and up to ${highest} at ${at}`
        : sentence`${quantile} is highest in ${of}: up to ${highest} at ${at}, where it is ${usual} in half of the seconds`,
  },
}
