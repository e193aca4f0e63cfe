import { nearest } from '../../api/did-you-mean.ts'
import { complaintsAboutQualifiedName } from '../../api/names.ts'
import type { Taint, TaintEffect } from '../../api/objects/index.ts'
import { complain, parsed } from '../parse-result.ts'
import { flag, takeNode, tooMuch, type VerbGrammar } from './grammar.ts'

const EFFECTS: readonly TaintEffect[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export const TAINT: VerbGrammar = {
  verb: 'taint',
  form: 'taint node NAME KEY=VALUE:EFFECT… KEY:EFFECT-… KEY-… [--overwrite]',
  flags: [flag('--overwrite', { bare: true })],
  read(split) {
    const node = takeNode(split)
    if (!node.ok) return node
    const { name, rest, mention } = node.value
    if (rest.length === 0) return split.complain('"taint" needs at least one taint')
    const add: Taint[] = []
    const remove: { key: string; effect: TaintEffect | '' }[] = []
    for (const word of rest) {
      const removes = word.text.endsWith('-')
      const match = /^([^=:]+)(?:=([^:]*))?(?::(.*))?$/.exec(removes ? word.text.slice(0, -1) : word.text)
      if (match === null) return split.complain(`Cannot read "${word.text}" as a taint`, word)
      const [, key, value = '', effect = ''] = match as unknown as [string, string, string | undefined, string | undefined]
      const wrong = complaintsAboutQualifiedName(key)
      if (wrong.length > 0) return complain(`Cannot use "${key}" as a key: it ${wrong.join(', and ')}`, { part: word })
      if (!(EFFECTS as readonly string[]).includes(effect) && !(removes && effect === ''))
        return complain(effect === '' ? `The taint "${word.text}" has no effect` : `A taint cannot have the effect "${effect}"`, {
          accepted: `one of ${EFFECTS.join(', ')}`,
          didYouMean: nearest(effect, EFFECTS),
          part: word,
        })
      if (removes) remove.push({ key, effect: effect as TaintEffect | '' })
      else add.push({ key, value, effect: effect as TaintEffect })
    }
    const command = { verb: 'taint', node: name.text, add, remove, overwrite: split.has('overwrite') } as const
    return parsed({ command, mentions: [mention] })
  },
}

function cordonGrammar(verb: 'cordon' | 'uncordon'): VerbGrammar {
  return {
    verb,
    form: `${verb} NODE`,
    flags: [],
    read(split) {
      const node = takeNode(split)
      if (!node.ok) return node
      const [extra] = node.value.rest
      if (extra !== undefined) return tooMuch(split, extra)
      return parsed({ command: { verb, node: node.value.name.text }, mentions: [node.value.mention] })
    },
  }
}

export const CORDON = cordonGrammar('cordon')
export const UNCORDON = cordonGrammar('uncordon')

export const DRAIN: VerbGrammar = {
  verb: 'drain',
  form: 'drain NODE [--ignore-daemonsets] [--force] [--grace-period=SECONDS] [--timeout=TIME]',
  flags: [flag('--ignore-daemonsets', { bare: true }), flag('--force', { bare: true }), flag('--grace-period'), flag('--timeout')],
  read(split) {
    const node = takeNode(split)
    if (!node.ok) return node
    const [extra] = node.value.rest
    if (extra !== undefined) return tooMuch(split, extra)
    const grace = split.number('grace-period', null, 0, 86_400)
    if (!grace.ok) return grace
    const timeout = split.seconds('timeout')
    if (!timeout.ok) return timeout
    const command = {
      verb: 'drain',
      node: node.value.name.text,
      ignoreDaemonSets: split.has('ignore-daemonsets'),
      force: split.has('force'),
      gracePeriodSeconds: grace.value,
      timeoutSeconds: timeout.value,
    } as const
    return parsed({ command, mentions: [node.value.mention] })
  },
}
