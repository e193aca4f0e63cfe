import { nearest } from '../../api/did-you-mean.ts'
import { parseSelector } from '../../api/labels.ts'
import { complain, parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, takeKind, tooMuch, type VerbGrammar } from './grammar.ts'

const CASCADES = { background: 'Background', foreground: 'Foreground', orphan: 'Orphan' } as const

export const DELETE: VerbGrammar = {
  verb: 'delete',
  form: 'delete KIND/NAME or delete KIND -l SELECTOR [-n NAMESPACE] [--grace-period=SECONDS] [--cascade=background|foreground|orphan]',
  flags: [NAMESPACE_FLAG, flag('--grace-period'), flag('--selector', { short: '-l' }), flag('--cascade')],
  read(split) {
    const found = takeKind(split, (kind) => kind.kind !== 'Node')
    if (!found.ok) return found
    const { kind, name, rest, word } = found.value
    if (rest[0] !== undefined) return tooMuch(split, rest[0])
    const grace = split.number('grace-period', null, 0, 86_400)
    if (!grace.ok) return grace
    const cascade = split.flag('cascade')
    if (cascade !== undefined && !Object.hasOwn(CASCADES, cascade.text)) {
      const names = Object.keys(CASCADES)
      const didYouMean = nearest(cascade.text, names)
      return complain(`Cannot use "${cascade.text}" for --cascade`, { accepted: `one of ${names.join(', ')}`, didYouMean, part: cascade })
    }
    const namespace = kind.namespaced ? split.namespace : ''
    const common = {
      verb: 'delete',
      kind: kind.kind,
      namespace,
      gracePeriodSeconds: grace.value,
      ...(cascade === undefined ? {} : { propagation: CASCADES[cascade.text as keyof typeof CASCADES] }),
    } as const
    const selector = split.flag('selector')
    if (selector === undefined) {
      if (name === null) return split.complain(`"delete ${word.text}" lacks the name of the ${kind.kind}`, word)
      return parsed({ command: { ...common, name: name.text }, mentions: [{ kind: kind.kind, namespace, name }] })
    }
    if (name !== null) return split.complain('A name and a selector must not both be given', selector)
    const result = parseSelector(selector.text)
    if (!result.ok)
      return complain(`Cannot read "${selector.text}" as a label selector: ${result.message}`, {
        accepted: 'for example app=frontend',
        part: selector,
      })
    return parsed({ command: { ...common, name: { selector: result.selector } } })
  },
}
