import type { CompareWords } from './compare.ts'

export const COMPARE_IN_CHINESE: CompareWords = {
  verdict: {
    regression: (regressed, judged) => `${judged} 项指标中有 ${regressed} 项变差，超出容差`,
    passed: (judged, undecided) =>
      undecided === 0
        ? `没有退化：${judged} 项指标都在容差之内`
        : `未发现退化：${judged} 项指标中 ${judged - undecided} 项证实在容差之内，${undecided} 项尚不能断定`,
    notJudged: '已完成，未给出用来判定的容差',
  },
  about: {
    replications: (pairs, seed) =>
      pairs === 1 ? `一对运行，种子 ${seed}/1` : `${pairs} 对运行，两边种子相同：${seed}/1 至 ${seed}/${pairs}`,
    single: (seed) => `每边一次运行，种子 ${seed}`,
  },
  singleRun: '每边只有一次运行：对这个种子，差值是精确的；换一个种子，结果可能不同。要得到置信区间，请比较场景文件。',
  counts: (counts) =>
    [
      counts.regression > 0 ? `退化 ${counts.regression} 项` : '',
      counts.lost > 0 ? `不再有测量值 ${counts.lost} 项` : '',
      counts.worse > 0 ? `变差 ${counts.worse} 项` : '',
      counts.different > 0 ? `不同 ${counts.different} 项` : '',
      counts.better > 0 ? `变好 ${counts.better} 项` : '',
      counts.negligible > 0 ? `可忽略 ${counts.negligible} 项` : '',
      counts['none-found'] > 0 ? `未发现差异 ${counts['none-found']} 项` : '',
      counts.identical > 0 ? `完全相同 ${counts.identical} 项` : '',
    ]
      .filter((part) => part !== '')
      .join('，'),
  headings: {
    metric: '指标',
    a: 'A',
    b: 'B',
    difference: 'B − A',
    interval: '95 % 置信区间',
    p: 'p（Holm）',
    pairs: '对数',
    verdict: '结论',
    method: '检验',
    tolerance: '容差',
  },
  verdicts: {
    regression: '退化',
    lost: 'B 中无测量值',
    worse: '变差',
    different: '不同',
    better: '变好',
    negligible: '可忽略',
    'none-found': '未发现差异',
    gained: 'A 中无测量值',
    'only-a': '仅 A 有',
    'only-b': '仅 B 有',
    identical: '完全相同',
    unmeasured: '无测量值',
  },
  tolerance: { within: '之内', beyond: '超出', undecided: '未定' },
  methods: { identical: '无需检验', single: '无：仅一对', t: '配对 t', 'signed-rank': '符号秩，自助法', constant: '符号秩' },
  noneFound: (halfWidth, bound) => `未发现差异：± ${halfWidth}，以 95 % 的置信度小于 ${bound}`,
  onItsOwn: (p) => `单看它 p 为 ${p}；指标这么多，可能只是偶然`,
  negligibleIn: (metrics) => `${metrics} 项指标有差异且并非偶然，但不到 A 所示末位数字的一半`,
  noneFoundIn: (metrics) => `${metrics} 项指标未发现差异；± 表示可能漏掉的差异有多大`,
  identical: (metrics) => `${metrics} 项指标在每一对中都完全相同`,
  unmeasured: (metrics) => `${metrics} 项指标两边都没有测量值`,
  fineprint: (tested) =>
    `每个置信区间各自的置信度为 95 %。共检验 ${tested} 项差异：p 值经 Holm 校正，其中哪怕出现一项误判的概率也不超过 5 %。`,
  missing: (pairsOnlyA, pairsOnlyB) =>
    [pairsOnlyA > 0 ? `${pairsOnlyA} 对中 B 无测量值` : '', pairsOnlyB > 0 ? `${pairsOnlyB} 对中 A 无测量值` : '']
      .filter((part) => part !== '')
      .join('，'),
  divergence: {
    none: '两次运行所记录的一切都相同。',
    heading: '两次运行从何处开始不同',
    sameUntil: (time, hops) => `在 ${time} 之前（${hops} 步）两次运行完全相同，此时`,
    otherTable: (table, time) => `API 对象的每一步都相同。两次运行最先在 ${table}.csv 中不同${time === null ? '' : `，时刻 ${time}`}：`,
    hop: (actor, action, object, detail, time) => `${time} ${actor}：${action} ${object}${detail === '' ? '' : `（${detail}）`}`,
    ended: '此后不再有任何事件',
    before: '在此之前两边都有',
  },
  warning: (warning) => {
    switch (warning.kind) {
      case 'scenarios-differ':
        return `两个场景的名称不同：${warning.a} 与 ${warning.b}`
      case 'durations-differ':
        return `两次运行的时长不同：${warning.aSeconds} s 与 ${warning.bSeconds} s，计数不可比`
      case 'seeds-differ':
        return `两次运行的种子不同（${warning.a} 与 ${warning.b}）：每项差异都含有偶然成分`
      case 'versions-differ':
        return `两次运行由不同版本的 Towtank 产生（${warning.a} 与 ${warning.b}）：差异可能来自其变更记录`
      case 'variants-left-out':
        return `只有 ${warning.side === 'a' ? 'A' : 'B'} 含有 ${warning.names.join('、')}：未比较`
      case 'too-few-pairs':
        return `有 ${warning.metrics} 项指标无论差多少都不可能被发现：指标这么多，${warning.pairs} 对的秩检验太少。请使用 --replications ${warning.needed} 或更多`
    }
  },
  resultsIn: (folder) => `结果写入 ${folder}`,
  details: (metrics) => `全部 ${metrics} 项指标`,
  semicolon: '；',
  colon: '：',
  from: '起始值',
}
