import { type StoryLanguage, translator } from './language.ts'

/** What somebody did. Kubernetes' own verbs of the API stay, with their meaning beside them. */
const ACTIONS: ReadonlyMap<string, string> = new Map([
  ['accepted', '接受 Pod'],
  ['admitted', '准入通过'],
  ['answered', '得到答复'],
  ['authenticated', '认证通过'],
  ['authorised', '授权通过'],
  ['began termination', '开始终止'],
  ['bind', '绑定'],
  ['checked image', '检查镜像'],
  ['chose', '选定'],
  ['cleaned up', '完成清理'],
  ['committed', '写入成功'],
  ['conflict', '写入冲突'],
  ['create', '请求创建'],
  ['created sandbox', '创建沙箱'],
  ['delete', '请求删除'],
  ['failed to set up network', '网络配置失败'],
  ['found no node', '找不到合适的节点'],
  ['init container finished', 'Init 容器运行结束'],
  ['killed', '强制终止'],
  ['mounted volumes', '挂载卷'],
  ['node came back', '节点恢复'],
  ['node crashed', '节点宕机'],
  ['noticed silence', '发现节点失联'],
  ['observed', '观察到'],
  ['patch', '请求修补'],
  ['preStop hook ended', 'preStop 钩子结束'],
  ['process exited', '进程退出'],
  ['process listens', '进程开始监听'],
  ['programmed', '规则已下发'],
  ['pulled image', '拉取镜像'],
  ['readiness probe failed', '就绪探针失败'],
  ['readiness probe succeeded', '就绪探针成功'],
  ['refused', '拒绝'],
  ['removed', '删除成功'],
  ['removed sandbox', '移除沙箱'],
  ['saw containers running', '发现容器已运行'],
  ['sent SIGTERM', '发送 SIGTERM'],
  ['set up network', '配置网络'],
  ['started', '启动'],
  ['started container', '启动容器'],
  ['started init container', '启动 Init 容器'],
  ['startup probe succeeded', '启动探针成功'],
  ['update', '请求更新'],
  ['was refused', '被拒绝'],
])

const DETAILS: ReadonlyMap<string, string> = new Map([
  ['ADDED', '新增'],
  ['DELETED', '删除'],
  ['MODIFIED', '修改'],
  ['apply of the manifests', 'apply 全部清单'],
  ['apply: it does not exist yet', 'apply：尚不存在'],
  ['apply: it exists, what differs is patched', 'apply：已存在，修补有差异的部分'],
  ['beyond revisionHistoryLimit', '超出 revisionHistoryLimit'],
  ['configured', '已更新'],
  ['containers are being created', '正在创建容器'],
  ['created', '已创建'],
  ['deleted', '已删除'],
  ['empty, its containers start anew', '内核状态清空，容器重新启动'],
  ['everything of it has stopped', '其一切都已停止'],
  ['finished what it had accepted', '已处理完接受的请求'],
  ['for good', '不再恢复'],
  ['heartbeats are back: taints removed', '心跳恢复：移除污点'],
  ['no endpoint left for these ports', '这些端口已没有端点'],
  ['no free address in the node’s block', '节点地址段没有空闲地址'],
  ['on a quorum of disks', '多数成员已落盘'],
  ['pause container and network namespace', 'pause 容器与网络命名空间'],
  ['pod worker started', 'Pod worker 已启动'],
  ['runtime relisted', '重新列出容器运行时'],
  ['service account token projected', '投射服务账号令牌'],
  ['to every container', '发往每个容器'],
  ['unchanged', '无变化'],
  ['volumes and cgroups', '卷与 cgroup'],
])

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^(\S+) by client certificate$/, '$1，凭客户端证书'],
  [/^(\S+) by service account token$/, '$1，凭服务账号令牌'],
  [/^changed by (.+)$/, '由 $1 修改'],
  [/^grace period (\d+) s$/, '宽限期 $1 秒'],
  [/^slept (\d+) s$/, '休眠 $1 秒'],
  [/^grace period is over, (\d+) requests in flight$/, '宽限期已过，仍有 $1 个请求在处理'],
  [/^at once, (\d+) requests in flight$/, '立即退出，有 $1 个请求在处理'],
  [/^(\S+) accepts connections$/, '$1 可接受连接'],
  [/^(\S+) is up to date$/, '$1 已是最新'],
  [/^replicas: (\d+)$/, '副本数：$1'],
  [/^scaled from (\d+) to (\d+)$/, '副本数由 $1 调整为 $2'],
  [/^has fewer than (\d+) pods$/, 'Pod 少于 $1 个'],
  [/^has more than (\d+) pods$/, 'Pod 多于 $1 个'],
  [/^bound to (\S+)$/, '绑定到 $1'],
  [/^template revision (\d+), (\d+) replicas$/, '模板修订版本 $1，副本数 $2'],
  [/^tainted (.+)$/, '打上污点 $1'],
  [/^tolerated the taint of (\S+) for (\d+) s$/, '已容忍 $1 的污点 $2 秒'],
  [/^its owner (.+) is gone$/, '其属主 $1 已不存在'],
  [/^for (\d+(?:\.\d+)?) s$/, '持续 $1 秒'],
]

const action = translator(ACTIONS, [])
const detail = translator(DETAILS, PATTERNS)

/** Simplified Chinese, with the terms of the Kubernetes documentation in that language. */
export const CHINESE: StoryLanguage = {
  action: (text) => action(text) ?? text,
  detail: (text) => detail(text) ?? text,
  withDetail: (done, why) => `${done}（${why}）`,
  comma: '，',
  colon: '：',
  notTold: (hops, otherPods) => {
    const others = otherPods === 0 ? '' : `；另有 ${otherPods} 个 Pod 经历相同`
    return `省略了 ${hops} 步${others}。--all 讲述每一步。`
  },
}

/** Whether the language has its own words for it. For the test that holds the tables complete. */
export function hasChinese(kind: 'action' | 'detail', text: string): boolean {
  return (kind === 'action' ? action(text) : detail(text)) !== null
}
