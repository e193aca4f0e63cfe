import { parsed } from '../parse-result.ts'
import { type ImageText, NAMESPACE_FLAG, takeTarget, type VerbGrammar } from './grammar.ts'

export const SET_IMAGE: VerbGrammar = {
  verb: 'set image',
  form: 'set image KIND/NAME CONTAINER=IMAGE… [-n NAMESPACE]',
  flags: [NAMESPACE_FLAG],
  read(split) {
    const target = takeTarget(split, (kind) => kind.templated)
    if (!target.ok) return target
    const { kind, name, namespace, rest, mention } = target.value
    if (rest.length === 0) return split.complain('"set image" needs at least one CONTAINER=IMAGE')
    const words: ImageText[] = []
    const images: { container: string; image: string }[] = []
    for (const word of rest) {
      const equals = word.text.indexOf('=')
      if (equals <= 0 || equals === word.text.length - 1) return split.complain(`Cannot read "${word.text}" as CONTAINER=IMAGE`, word)
      const container = word.text.slice(0, equals)
      words.push({ container, word })
      images.push({ container, image: word.text.slice(equals + 1) })
    }
    const command = { verb: 'set image', kind: kind.kind, namespace, name: name.text, images } as const
    return parsed({ command, mentions: [mention], images: words })
  },
}
