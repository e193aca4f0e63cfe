import { joined, type Sentence, type Span, sentence } from '../charts/sentence.ts'
import { formatCount } from '../format.ts'
import type { ChartWords } from './charts.ts'

const inVariant = (of: Span | null): Sentence => (of === null ? [] : sentence`（${of}）`)
const costOf =
  (what: string, of: string): ChartWords['lookup']['finding'] =>
  ({ from, count, dear, cheap, times }) =>
    from === null
      ? sentence`${count} 个${of}时，${dear} 的${what}耗时是 ${cheap} 的 ${times} 倍`
      : sentence`约 ${from} 个${of}起 ${cheap} 更省；${count} 个${of}时，${dear} 的${what}耗时是其 ${times} 倍`
const crossoverAt =
  (of: string) =>
  (from: string): Sentence => [{ text: '交叉点', of: '' }, { text: `约 ${from} 个${of}` }]

const range = (least: string, most: string): string => (least === most ? least : `${least} 到 ${most}`)

/** All words of charts in Chinese. */
export const CHARTS_IN_CHINESE: ChartWords = {
  simulatedTime: '模拟时间',
  warmUp: '预热',
  node: '节点',
  nothing: '没有可画的内容：表中没有这样的数值',
  overall: '总体',
  lastValue: '末值',
  count: formatCount,
  footer: (tool, scenario, seed) => `场景 ${scenario}，种子 ${seed}，${tool}`,
  footerOfBench: (tool, seed) => `${tool} bench，种子 ${seed}；测的是模型自己的 JavaScript 数据结构，不是内核`,
  rolloutOf: (name) => `${name} 滚动更新`,
  bandNote: (length) => `线：每 ${length} 的均值；带：其中各秒的最小到最大`,
  binNote: (length) => `每一级为 ${length}`,

  latency: {
    title: (traffic) => `${traffic} 的延迟`,
    caption: (quantiles) => [`延迟 ${quantiles}`, '，每秒内得到应答的请求，对数刻度'],
    axis: '延迟 (ms)',
    none: '没有请求得到应答',
    finding: (quantile, highest, at, of, usual) =>
      sentence`${quantile} 的各秒中位数为 ${usual}${inVariant(of)}，最差一秒为 ${highest}，在 ${at}`,
  },

  failed: {
    title: (traffic) => `${traffic} 的失败请求`,
    caption: ['失败的请求', '，占每秒发出请求的百分比'],
    latencyCaption: ['延迟 p99', '，每秒内得到应答的请求，对数刻度'],
    axis: '失败的请求 (%)',
    none: '没有发出请求',
    noneFailed: '没有请求失败',
    finding: (variants, peak, at) =>
      variants.length === 1
        ? sentence`${variants[0]!.share} 的请求失败，最差一秒为 ${peak}，在 ${at}`
        : sentence`请求失败率：${joined(
            variants.map(({ name, share }) => sentence`${name} ${share}`),
            '、',
          )}；最差一秒为 ${peak}，在 ${at}`,
  },

  errors: {
    title: (traffic) => (traffic === null ? '请求为什么失败' : `${traffic} 的请求为什么失败`),
    caption: ['失败的请求', '，每秒个数，按原因堆叠'],
    rateNote: '，每秒个数，按原因堆叠',
    axis: '失败的请求 (1/s)',
    noneFailed: '没有请求失败',
    failed: (count) => `失败 ${formatCount(count)}`,
    others: (count) => `其他 ${count} 种原因：`,
    finding: (of) => {
      const most = sentence`共 ${formatCount(of.total)} 个请求失败，最多的原因是 ${of.cause}（${formatCount(of.ofCause)}）`
      return of.worst === null ? most : sentence`${most}；其中 ${formatCount(of.worst.total)} 个在 ${of.worst.name}`
    },
  },

  distribution: {
    title: (traffic) => `${traffic} 的延迟分布`,
    caption: ['延迟', '：这么多得到应答的请求不超过它，两轴均为对数刻度'],
    most: (latency) => `最大 ${latency}`,
    axis: '得到应答的请求的百分位 (%)',
    finding: ({ slowest, fastest }) =>
      fastest === null
        ? sentence`一半的请求不超过 ${slowest.p50}，百分之一的请求超过 ${slowest.p99}`
        : sentence`百分之一的请求在 ${slowest.name} 超过 ${slowest.p99}，在 ${fastest.name} 超过 ${fastest.p99}；一半的请求分别不超过 ${slowest.p50} 和 ${fastest.p50}`,
  },

  variants: {
    title: (traffic) => `各变体比较：${traffic}`,
    p99Caption: ['延迟 p99', ''],
    imbalanceCaption: (workload) => ['不均衡度', `，${workload}`],
    failedCaption: ['失败', '的请求'],
    finding: (fastest, slowest) =>
      slowest === null
        ? sentence`${fastest.name} 的 p99 为 ${fastest.p99}`
        : sentence`p99 最低的是 ${fastest.name}，${fastest.p99}；最高的是 ${slowest.name}，${slowest.p99}`,
  },

  differences: {
    title: '差异及其置信区间',
    caption: ['从 A 到 B 的变化', '：点为均值，线为其 95 % 置信区间，竖线为容差'],
    exactCaption: ['从 A 到 B 的变化', '：每边一次运行，点；竖线为容差'],
    axis: 'B − A（占 A 的 %）',
    none: '没有可画的差异：凡有差异的指标，在 A 中都是 0',
    finding: (name, change, interval) =>
      sentence`发现的最大差异：${name}，${change}${interval === '' ? '' : `，95 % 置信区间 ${interval}`}`,
    noneFound: '未发现差异：所画的可能只是偶然',
  },

  pods: {
    title: '请求在 Pod 之间是否均匀',
    caption: ['每秒请求数', '，各 Pod 与所属工作负载均值之比；一点一个 Pod'],
    axis: '负载（均值的倍数）',
    none: '没有哪个工作负载有两个收到请求的 Pod',
    count: (pods) => `${formatCount(pods)} 个 Pod`,
    figure: (times, mean) => `最忙 ${times}×，均值 ${mean}`,
    finding: (of) => {
      const worst = sentence`${of.workload} 最忙的 Pod 是均值的 ${of.times} 倍${inVariant(of.of)}`
      return of.best === null ? worst : sentence`${worst}，在 ${of.best.name} 为 ${of.best.times} 倍`
    },
  },

  connections: {
    title: 'Pod 的连接',
    measure: '打开的连接数',
    caption: '，各 Pod 在每秒末',
    pod: 'Pod',
    none: '没有 Pod 有过连接',
    note: (least, most) => `结束时每个 Pod ${range(least, most)}`,
    most: (most, pod) => sentence`最多 ${most} 个连接，在 ${pod}`,
    finding: ({ workload, worst, best }) => {
      const most = sentence`结束时 ${workload} 的每个 Pod 有 ${range(worst.least, worst.most)} 个连接${inVariant(worst.name)}`
      return best === null ? most : sentence`${most}，${range(best.least, best.most)} 个${inVariant(best.name)}`
    },
  },

  staleness: {
    title: '节点生效时变更有多旧',
    measure: '最旧变更的年龄',
    caption: '，各节点 kube-proxy 每次同步，从写入 etcd 到规则生效，对数刻度',
    none: '没有同步执行过变更',
    finding: ({ most, node, at, of }) => sentence`最旧的变更在规则生效时已有 ${most}，在 ${node}，${at}${inVariant(of)}`,
  },

  cpu: {
    title: '节点用于数据包和规则的 CPU 时间',
    measure: 'CPU 时间',
    caption: '，占节点处理数据包的核的百分比；数据包与 kube-proxy 同步',
    none: '没有节点为数据包或规则花费 CPU 时间',
    finding: ({ most, node, at, of }) => sentence`最多占节点 CPU 的 ${most}，在 ${node}，${at}${inVariant(of)}`,
  },

  conntrack: {
    title: '节点的连接跟踪',
    measure: '条目数',
    caption: '，每秒末的连接跟踪条目',
    none: '没有节点跟踪过连接',
    finding: ({ most, node, at, of }) => sentence`最多 ${most} 条，在 ${node}，${at}${inVariant(of)}`,
  },

  lookup: {
    title: '查找耗时与 Service 数量',
    caption: ['首包查找', '，各 Service 机会均等，对数刻度'],
    axis: 'Service 数量（对数刻度）',
    costAxis: '每次查找的时间 (ns)',
    single: (name, cost) => sentence`${name} 的一次查找耗时 ${cost}`,
    finding: costOf('查找', ' Service '),
    crossover: crossoverAt(' Service'),
  },

  firstPacket: {
    title: '首包耗时与 Service 数量',
    caption: ['连接的首包', '：查找、选择与建立条目，对数刻度'],
    axis: 'Service 数量（对数刻度）',
    costAxis: '每个首包的时间 (ns)',
    single: (name, cost) => sentence`${name} 的一个首包耗时 ${cost}`,
    finding: costOf('首包', ' Service '),
    crossover: crossoverAt(' Service'),
  },

  pick: {
    title: '选择端点的耗时',
    caption: ['选择一个端点', '，对数刻度'],
    axis: 'Service 的端点数（对数刻度）',
    costAxis: '每次选择的时间 (ns)',
    single: (name, cost) => sentence`${name} 的一次选择耗时 ${cost}`,
    finding: costOf('选择', '端点'),
    crossover: crossoverAt('端点'),
  },
}
