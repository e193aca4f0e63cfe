import { formatCount } from '../format.ts'
import type { RolloutWords } from './rollout.english.ts'

export const ROLLOUT_IN_CHINESE: RolloutWords = {
  settings: (preStop, minReady, grace) =>
    `preStop sleep ${preStop} s，minReadySeconds ${minReady}${grace === null ? '' : `，terminationGracePeriodSeconds ${grace}`}`,
  loses: (name, { lost, rollouts, each }) =>
    `${name} 在 ${formatCount(rollouts)} 次滚动更新中丢失 ${formatCount(lost)} 个请求，平均每次 ${each} 个。`,
  losesNone: (name, rollouts, settings) => `${name} 在 ${formatCount(rollouts)} 次滚动更新中没有丢失请求（${settings}）。`,
  smallest: (settings, remark) => `不丢请求的最小设置：${settings}；${remark}。`,
  minReadyCanBe: (seconds) => `minReadySeconds 可以降到 ${seconds}`,
  sleepNotEnough: '只加 sleep 不够',
  minReadyNoMatter: 'minReadySeconds 没有影响',
  best: (each, settings) => `试过的设置中最好的一组平均每次仍丢失 ${each} 个（${settings}）。`,
  noneFound: (limit) => `preStop sleep 和 minReadySeconds 加到 ${limit} s 仍无法做到不丢请求。`,
  columns: { asItIs: '当前设置', withPatch: '打补丁后', best: '试过的最好设置' },
  rows: {
    preStop: 'preStop sleep',
    requests: '请求数',
    withLoss: '有丢失的滚动更新',
    lost: '平均每次丢失',
    rolledOut: '更新完成用时',
    oldPodsGone: '最后一个旧 Pod 消失用时',
    staleP50: '规则过时时长 p50',
    staleP99: '规则过时时长 p99',
  },
  of: (some, all) => `${some} / ${all}`,
  interval: (mean, low, high) => `${mean}（${low} 至 ${high}）`,
  colon: '：',
  listed: (names) => names.join('、'),
  why: {
    refused: '发给了进程已不再接受连接的 Pod（或所在节点尚不知道它正在退出）',
    reset: '已被 Pod 接受，但进程在应答之前就结束了',
    'connect-timeout': '发往已经消失的 Pod 的地址',
    timeout: '应答太晚：Pod 数量撑不住负载，或某个 Pod 悄然退出',
    'queue-full': 'Pod 数量撑不住负载：队列已满',
    'no-endpoints': '没有就绪的 Pod：下线的比上线的多',
    'no-client': '没有可以发出它的 Pod',
    'conntrack-full': 'conntrack 表已满',
    'http-404': 'Ingress controller 没有匹配的路由',
    'http-500': 'Pod 返回了错误',
    'http-502': 'Ingress controller 仍把请求发给正在退出的 Pod',
    'http-503': 'Ingress controller 没有就绪的 endpoint',
    'dns-failed': '域名解析失败',
    'policy-denied': '被 NetworkPolicy 拒绝，或节点尚不知道这个 Pod',
    'snat-exhausted': '节点的 SNAT 源端口已用尽',
    'http-504': 'Ingress controller 等不到应答',
    'http-308': 'Ingress controller 将客户端重定向到 https',
    'call-failed': 'Pod 调用它所依赖的另一个 Service 失败',
  },
  stale: (p50, p99, max) => `Pod 被删除后，各节点仍会继续向它发送新连接：p50 为 ${p50}，p99 为 ${p99}，最长 ${max}。`,
  unprobed: (containers) =>
    `容器 ${containers} 没有 readinessProbe：新 Pod 还没开始监听就会收到请求，sleep 和 minReadySeconds 都避免不了。`,
  background: (requests) => `不做滚动更新，同一时段内也有 ${formatCount(requests)} 个请求失败：其中因随机波动而不同的部分也计为丢失。`,
  own: (requests) => `被替换的 Pod 自己发出的 ${formatCount(requests)} 个请求随它们一起结束，不计入丢失。`,
  unfinished: '有些设置没有丢失请求，但运行结束时滚动更新尚未完成：加长 spec.duration 或许能找到可用的设置。',
  claim: ({ rollouts, requests, ofRollouts, ofRequests }) =>
    [
      `${formatCount(rollouts)} 次滚动更新、${formatCount(requests)} 个请求，无一丢失。置信度 95 %：会丢失请求的滚动更新不到 ${ofRollouts}`,
      `（1 − 0.05^(1/次数)）；若各请求相互独立，丢失的请求不到 ${ofRequests}（3/请求数）。`,
    ].join('\n'),
  patchNote: '应用补丁本身时被替换的 Pod 还没有这些设置：那一次滚动更新仍会丢失请求。',
  resultsIn: (folder) => `结果写入 ${folder}`,
}
