import { parsed } from '../parse-result.ts'
import { FILE_FLAG, tooMuch, type VerbGrammar } from './grammar.ts'

export const APPLY: VerbGrammar = {
  verb: 'apply',
  form: 'apply -f FILE',
  flags: [FILE_FLAG],
  read(split) {
    const file = split.flag('filename')
    if (file === undefined) return split.complain('"apply" needs a file')
    const [extra] = split.plain
    return extra === undefined ? parsed({ command: { verb: 'apply', objects: [] }, file }) : tooMuch(split, extra)
  },
}
