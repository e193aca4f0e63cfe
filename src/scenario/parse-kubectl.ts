import { nearest } from '../api/did-you-mean.ts'
import { impersonated } from '../control-plane/identity.ts'
import { commandKind } from '../control-plane/kubectl/kinds.ts'
import { APPLY } from './kubectl/apply.ts'
import { AUTOSCALE } from './kubectl/autoscale.ts'
import { CREATE } from './kubectl/create.ts'
import { DELETE } from './kubectl/delete.ts'
import { EXPOSE } from './kubectl/expose.ts'
import { type Flag, flag, type KubectlText, Split, type VerbGrammar } from './kubectl/grammar.ts'
import { ANNOTATE, LABEL } from './kubectl/label.ts'
import { CORDON, DRAIN, TAINT, UNCORDON } from './kubectl/node.ts'
import { PATCH } from './kubectl/patch.ts'
import { ROLLOUT_PAUSE, ROLLOUT_RESTART, ROLLOUT_RESUME, ROLLOUT_STATUS, ROLLOUT_UNDO } from './kubectl/rollout.ts'
import { SCALE } from './kubectl/scale.ts'
import { SET_IMAGE } from './kubectl/set-image.ts'
import { splitWords, type Word } from './kubectl/words.ts'
import { complain, type Parsed, parsed } from './parse-result.ts'

export type { KubectlText, Mention } from './kubectl/grammar.ts'

/** The verbs; another one is a file and a line here. */
const GRAMMARS: readonly VerbGrammar[] = [
  APPLY,
  CREATE,
  DELETE,
  SCALE,
  AUTOSCALE,
  SET_IMAGE,
  ROLLOUT_RESTART,
  ROLLOUT_UNDO,
  ROLLOUT_PAUSE,
  ROLLOUT_RESUME,
  ROLLOUT_STATUS,
  LABEL,
  ANNOTATE,
  PATCH,
  TAINT,
  CORDON,
  UNCORDON,
  DRAIN,
  EXPOSE,
]

/** Every verb, in the order in which they are told. */
export const KUBECTL_VERBS: readonly string[] = GRAMMARS.map(({ verb }) => verb)

/** Every form of every verb. */
export const KUBECTL_FORM = GRAMMARS.map(({ form }) => form).join(', or ')

/** Of every verb. */
const AS_FLAG = flag('--as')
const AS_GROUP_FLAG = flag('--as-group')

const VERBS_ACCEPTED = `one of ${KUBECTL_VERBS.join(', ')}`

/** The kind that a name such as `deploy` or `pods` stands for; undefined when it is none of those that commands may name. */
export function kindNamed(name: string): string | undefined {
  return commandKind(name)?.kind
}

/** Reads a kubectl command, without the word kubectl. */
export function parseKubectl(text: string): Parsed<KubectlText> {
  const words = splitWords(text)
  if (words === null) return complain(`A quote in "${text}" is not closed`)
  const [first, second] = words
  if (first === undefined) return complain('The command is empty', { accepted: VERBS_ACCEPTED })
  if (first.text === 'kubectl') return complain('Leave out the word "kubectl"', { accepted: VERBS_ACCEPTED, part: first })
  const two = second === undefined ? first.text : `${first.text} ${second.text}`
  const grammar = GRAMMARS.find(({ verb }) => verb === first.text || verb === two)
  if (grammar === undefined) {
    const compound = KUBECTL_VERBS.some((verb) => verb.startsWith(`${first.text} `))
    const wanted = compound ? two : first.text
    const didYouMean = nearest(wanted, KUBECTL_VERBS) ?? nearest(first.text, [...new Set(KUBECTL_VERBS.map((verb) => verb.split(' ')[0]!))])
    return complain(`Cannot run "kubectl ${wanted}"`, {
      accepted: VERBS_ACCEPTED,
      didYouMean,
      part: compound && second !== undefined ? second : first,
    })
  }
  const split = splitFlags(words.slice(grammar.verb.includes(' ') ? 2 : 1), grammar)
  if (!split.ok) return split
  const reading = grammar.read(split.value)
  if (!reading.ok) return reading
  const as = split.value.flag('as')
  const { groups } = split.value
  if (as === undefined && groups[0] !== undefined)
    return complain('"--as-group" needs "--as": a group alone cannot be acted as', { accepted: '--as USER', part: groups[0] })
  const identity =
    as === undefined
      ? null
      : impersonated(
          as.text,
          groups.map((group) => group.text),
        )
  return parsed({ file: null, mentions: [], images: [], ...reading.value, as: identity })
}

function splitFlags(words: readonly Word[], grammar: VerbGrammar): Parsed<Split> {
  const plain: Word[] = []
  const flags = new Map<string, Word>()
  const groups: Word[] = []
  const known: readonly Flag[] = [...grammar.flags, AS_FLAG, AS_GROUP_FLAG]
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]!
    if (!word.text.startsWith('-')) {
      plain.push(word)
      continue
    }
    const equals = word.text.indexOf('=')
    const name = equals < 0 ? word.text : word.text.slice(0, equals)
    const found = known.find((candidate) => candidate.long === name || candidate.short === name)
    if (found === undefined) {
      const longs = known.map((candidate) => candidate.long)
      return complain(`"${grammar.verb}" has no option "${name}" here`, {
        accepted: known.map((candidate) => candidate.short ?? candidate.long).join(' or '),
        didYouMean: nearest(name, longs),
        part: { index: word.index, length: name.length },
      })
    }
    const keep = (value: Word): unknown => (found === AS_GROUP_FLAG ? groups.push(value) : flags.set(found.name, value))
    if (flags.has(found.name)) return complain(`The option "${name}" is given twice`, { part: word })
    if (equals >= 0) {
      const value = { text: word.text.slice(equals + 1), index: word.index + equals + 1, length: Math.max(1, word.length - equals - 1) }
      if (found.bare && value.text !== 'true' && value.text !== 'false')
        return complain(`Cannot use "${value.text}" for ${name}`, { accepted: 'true or false', part: value })
      keep(value)
      continue
    }
    if (found.bare) {
      flags.set(found.name, { ...word, text: 'true' })
      continue
    }
    i += 1
    const value = words[i]
    if (value === undefined) return complain(`The option "${name}" needs a value`, { accepted: grammar.form, part: word })
    keep(value)
  }
  for (const [name, value] of [...flags, ...groups.map((group) => [AS_GROUP_FLAG.name, group] as const)])
    if (value.text === '') return complain(`The option for the ${name} needs a value`, { accepted: grammar.form, part: value })
  return parsed(new Split(grammar, plain, flags, groups))
}
