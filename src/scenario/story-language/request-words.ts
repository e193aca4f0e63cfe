import type { LanguageCode } from './codes.ts'
import { translator } from './language.ts'

/** The words in which the story of a request is told. */
export interface RequestWords {
  /** Of a step, by its name in the table of samples. */
  readonly step: (name: string) => string
  /** Of its detail. */
  readonly detail: (text: string) => string
  readonly title: (request: number, traffic: string, outcome: string, took: string) => string
  readonly spent: (parts: string) => string
  readonly listTitle: (traffic: string, sent: number) => string
  /** Why a request is in the list, such as `slowest`. */
  readonly kept: (reason: string) => string
  readonly nothingKept: string
  readonly howToTell: (object: string) => string
  readonly comma: string
}

const ENGLISH_STEPS: ReadonlyMap<string, string> = new Map([
  ['request', 'is to be sent'],
  ['try', 'is tried'],
  ['call', 'calls'],
  ['dns query', 'asks the DNS of the cluster'],
  ['upstream try', 'passes it on'],
  ['routed', 'rules are asked'],
  ['retries', 'earlier tries, and the waits between them'],
  ['network', 'on the network'],
  ['rules', 'first packet: CPU for the rules'],
  ['packets', 'packet: CPU'],
  ['retransmit', 'lost: waits to be sent again'],
  ['pod-queue', 'waits in the queue of the pod'],
  ['service', 'is served'],
  ['upstream', 'is with the Ingress controller'],
  ['client-queue', 'waits for a connection of its client'],
  ['tls', 'TLS handshake'],
  ['dns', 'the name is looked up'],
  ['calls', 'its server waits for what it has called'],
  ['softirq', 'waits for a core of the node'],
  ['throttled', 'its container is throttled'],
])

const CHINESE_STEPS: ReadonlyMap<string, string> = new Map([
  ['request', '预定发送'],
  ['try', '一次尝试'],
  ['call', '发起调用'],
  ['dns query', '查询集群 DNS'],
  ['upstream try', '转发给后端'],
  ['routed', '查询规则'],
  ['retries', '先前的尝试及其间的等待'],
  ['network', '网络传输'],
  ['rules', '首包：规则的 CPU 时间'],
  ['packets', '数据包：CPU 时间'],
  ['retransmit', '丢失：等待重传'],
  ['pod-queue', '在 Pod 队列中等待'],
  ['service', '处理中'],
  ['upstream', '由 Ingress 控制器转发'],
  ['client-queue', '等待客户端的空闲连接'],
  ['tls', 'TLS 握手'],
  ['dns', '解析域名'],
  ['calls', '服务线程等待其调用返回'],
  ['softirq', '等待节点的 CPU 核'],
  ['throttled', '容器被限流'],
])

const CHINESE_DETAILS: ReadonlyMap<string, string> = new Map([
  ['ok', '成功'],
  ['given up', '放弃，另一次尝试先得到答复'],
  ['on its way', '运行结束时仍未完成'],
  ['on a kept connection', '使用已有连接'],
  ['rejected: no endpoint', '拒绝：没有端点'],
  ['dropped: no endpoint on the node', '丢弃：该节点上没有端点'],
  ['no rule', '没有匹配的规则'],
])

const CHINESE_PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^failed: (\S+)$/, '失败：$1'],
  [/^traffic (.+)$/, '流量 $1'],
  [/^to (\S+)$/, '发往 $1'],
  [/^(\d+) SYNs? repeated$/, '重发 SYN $1 次'],
]

const chineseDetail = translator(CHINESE_DETAILS, CHINESE_PATTERNS)

const CHINESE_REASONS: ReadonlyMap<string, string> = new Map([
  ['spread', '按时间选取'],
  ['slowest', '最慢'],
  ['failed', '失败'],
  ['named', '指定'],
])

export const REQUEST_WORDS: Readonly<Record<LanguageCode, RequestWords>> = {
  en: {
    step: (name) => ENGLISH_STEPS.get(name) ?? name,
    detail: (text) => text,
    title: (request, traffic, outcome, took) => `Request ${request} of ${traffic}: ${outcome}, after ${took}`,
    spent: (parts) => `Its time: ${parts}`,
    listTitle: (traffic, sent) => `Of ${sent} requests of ${traffic}:`,
    kept: (reason) => reason,
    nothingKept: 'There is none.',
    howToTell: (object) => `${object} tells one of them.`,
    comma: ', ',
  },
  zh: {
    step: (name) => CHINESE_STEPS.get(name) ?? name,
    detail: (text) =>
      text
        .split('; ')
        .map((part) => chineseDetail(part) ?? part)
        .join('；'),
    title: (request, traffic, outcome, took) => `${traffic} 的第 ${request} 个请求：${outcome}，用时 ${took}`,
    spent: (parts) => `时间分布：${parts}`,
    listTitle: (traffic, sent) => `${traffic} 共 ${sent} 个请求，其中：`,
    kept: (reason) =>
      reason
        .split(' ')
        .map((one) => CHINESE_REASONS.get(one) ?? one)
        .join('、'),
    nothingKept: '没有这样的请求。',
    howToTell: (object) => `用 ${object} 讲述其中一个。`,
    comma: '，',
  },
}

/** Steps that a language has words for. For the test that holds the tables complete. */
export const TOLD_STEPS: Readonly<Record<LanguageCode, readonly string[]>> = {
  en: [...ENGLISH_STEPS.keys()],
  zh: [...CHINESE_STEPS.keys()],
}
