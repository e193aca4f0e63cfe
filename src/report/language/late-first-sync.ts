import type { LateFirstSyncs } from '../../metrics/summaries.ts'
import { formatMilliseconds } from '../format.ts'

type Sentence = (late: LateFirstSyncs, paint?: (text: string) => string) => string

const plain = (text: string): string => text

/** A warm-up that would have been long enough. */
function longEnough(doneSeconds: number): string {
  return `${Math.ceil(doneSeconds)}s`
}

/** What is said where kube-proxy had not yet written its rules when measuring began, as numbers then tell of a cluster that starts. */
export const LATE_FIRST_SYNC: Readonly<Record<'en' | 'zh', Sentence>> = {
  en: ({ nodes, doneSeconds }, paint = plain) => {
    const on = `kube-proxy on ${nodes} ${nodes === 1 ? 'node' : 'nodes'} was ${paint('still in its first sync')} when measuring began`
    return doneSeconds === null
      ? `${on}, and when the run ended: give a longer spec.warmUp and spec.duration`
      : `${on}, and was done at ${formatMilliseconds(doneSeconds * 1000)}: give a spec.warmUp of ${longEnough(doneSeconds)} or more`
  },
  zh: ({ nodes, doneSeconds }, paint = plain) => {
    const on = `开始测量时，${nodes} 个节点上的 kube-proxy ${paint('尚未完成首次同步')}`
    return doneSeconds === null
      ? `${on}，直到运行结束也没有完成：请把 spec.warmUp 和 spec.duration 设得更长`
      : `${on}，到 ${formatMilliseconds(doneSeconds * 1000)} 才完成：请把 spec.warmUp 设为 ${longEnough(doneSeconds)} 或更长`
  },
}
