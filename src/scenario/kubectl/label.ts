import { complaintsAboutLabelValue, complaintsAboutQualifiedName } from '../../api/names.ts'
import { complain, parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, takeTarget, type VerbGrammar } from './grammar.ts'

function grammar(verb: 'label' | 'annotate'): VerbGrammar {
  return {
    verb,
    form: `${verb} KIND/NAME KEY=VALUE… KEY-… [--overwrite] [-n NAMESPACE]`,
    flags: [flag('--overwrite', { bare: true }), NAMESPACE_FLAG],
    read(split) {
      const target = takeTarget(split, () => true)
      if (!target.ok) return target
      const { kind, name, namespace, rest, mention } = target.value
      if (rest.length === 0) return split.complain(`"${verb}" needs at least one KEY=VALUE or KEY-`)
      const changes: { key: string; value: string | null }[] = []
      for (const word of rest) {
        const equals = word.text.indexOf('=')
        if (equals < 0 && !word.text.endsWith('-')) return split.complain(`Cannot read "${word.text}" as KEY=VALUE or KEY-`, word)
        const key = equals < 0 ? word.text.slice(0, -1) : word.text.slice(0, equals)
        const value = equals < 0 ? null : word.text.slice(equals + 1)
        const wrong = complaintsAboutQualifiedName(key)
        if (wrong.length > 0) return complain(`Cannot use "${key}" as a key: it ${wrong.join(', and ')}`, { part: word })
        const wrongValue = verb === 'label' && value !== null ? complaintsAboutLabelValue(value) : []
        if (wrongValue.length > 0)
          return complain(`Cannot use "${value}" as a label's value: it ${wrongValue.join(', and ')}`, { part: word })
        if (changes.some((change) => change.key === key)) return split.complain(`The key "${key}" is given twice`, word)
        changes.push({ key, value })
      }
      const command = { verb, kind: kind.kind, namespace, name: name.text, changes, overwrite: split.has('overwrite') }
      return parsed({ command, mentions: [mention] })
    },
  }
}

export const LABEL = grammar('label')
export const ANNOTATE = grammar('annotate')
