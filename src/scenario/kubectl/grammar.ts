import { nearest } from '../../api/did-you-mean.ts'
import type { Kind } from '../../api/objects/index.ts'
import type { Identity } from '../../control-plane/identity.ts'
import { COMMAND_KINDS, type CommandKind, commandKind } from '../../control-plane/kubectl/kinds.ts'
import type { KubectlVerb } from '../../control-plane/kubectl/verbs.ts'
import { DEFAULTS } from '../load-defaults.ts'
import { complain, type Parsed, parsed } from '../parse-result.ts'
import type { Word } from './words.ts'

/** An option of a verb. */
export interface Flag {
  /** As the verb asks for it. */
  readonly name: string
  readonly long: string
  readonly short: string | null
  /** Takes no value; `--long=true` and `--long=false` are understood. */
  readonly bare: boolean
}

export function flag(long: string, options: { short?: string; bare?: boolean } = {}): Flag {
  return { name: long.slice(2), long, short: options.short ?? null, bare: options.bare ?? false }
}

export const NAMESPACE_FLAG = flag('--namespace', { short: '-n' })
export const FILE_FLAG = flag('--filename', { short: '-f' })

/** A command as it is written; whether what it names exists is not looked at here. */
export interface KubectlText {
  /** With no objects yet where they are in a file. */
  readonly command: KubectlVerb
  /** Whom the administrator acts as. */
  readonly as: Identity | null
  readonly file: Word | null
  /** Objects that must exist by then. */
  readonly mentions: readonly Mention[]
  /** Images of the object that is mentioned. */
  readonly images: readonly ImageText[]
}

export interface Mention {
  readonly kind: Kind
  readonly namespace: string
  readonly name: Word
}

export interface ImageText {
  readonly container: string
  readonly word: Word
}

/** What a verb gives: the rest is filled in. */
export type Reading = Partial<KubectlText> & { readonly command: KubectlVerb }

/** How one verb is written: one file beside this one, and one line in index.ts. */
export interface VerbGrammar {
  /** Its words, such as `set image`. */
  readonly verb: string
  /** The whole form, for messages. */
  readonly form: string
  readonly flags: readonly Flag[]
  read(split: Split): Parsed<Reading>
}

/** The words of a command after its verb. */
export class Split {
  readonly grammar: VerbGrammar
  readonly plain: readonly Word[]
  /** Of `--as-group`, which may be given more than once. */
  readonly groups: readonly Word[]
  readonly #flags: ReadonlyMap<string, Word>

  constructor(grammar: VerbGrammar, plain: readonly Word[], flags: ReadonlyMap<string, Word>, groups: readonly Word[] = []) {
    this.groups = groups
    this.grammar = grammar
    this.plain = plain
    this.#flags = flags
  }

  flag(name: string): Word | undefined {
    return this.#flags.get(name)
  }

  /** Whether a bare option is given. */
  has(name: string): boolean {
    return this.#flags.get(name)?.text === 'true'
  }

  get namespace(): string {
    return this.#flags.get('namespace')?.text ?? DEFAULTS.namespace
  }

  /** The whole number of an option; `missing` when it is not given. */
  number<T>(name: string, missing: T, least: number, most: number): Parsed<number | T> {
    const word = this.#flags.get(name)
    if (word === undefined) return parsed(missing)
    const value = /^\d{1,9}$/.test(word.text) ? Number(word.text) : Number.NaN
    if (value >= least && value <= most) return parsed(value)
    return complain(`Cannot use "${word.text}" for --${name}`, { accepted: `a whole number from ${least} to ${most}`, part: word })
  }

  /** A number of seconds, written as `30` or `30s`, `5m`, `1h`; null when it is not given or 0. */
  seconds(name: string): Parsed<number | null> {
    const word = this.#flags.get(name)
    if (word === undefined) return parsed(null)
    const match = /^(\d{1,6})([smh]?)$/.exec(word.text)
    if (match === null)
      return complain(`Cannot use "${word.text}" for --${name}`, {
        accepted: 'whole seconds, minutes or hours, such as 90s or 5m',
        part: word,
      })
    const value = Number(match[1]) * (match[2] === 'h' ? 3600 : match[2] === 'm' ? 60 : 1)
    return parsed(value === 0 ? null : value)
  }

  complain(message: string, part: Word | null = null): Parsed<never> {
    return complain(message, { accepted: this.grammar.form, part })
  }
}

export interface Targeted {
  readonly kind: CommandKind
  readonly name: Word
  readonly namespace: string
  readonly rest: readonly Word[]
  /** The object as a mention. */
  readonly mention: Mention
}

/** The object that the command is about, as `KIND/NAME` or `KIND NAME`, and the words after it. */
export function takeTarget(split: Split, allowed: (kind: CommandKind) => boolean): Parsed<Targeted> {
  const found = takeKind(split, allowed)
  if (!found.ok) return found
  const { kind, name, rest, word } = found.value
  if (name === null) return split.complain(`"${split.grammar.verb} ${word.text}" lacks the name of the ${kind.kind}`, word)
  const namespace = kind.namespaced ? split.namespace : ''
  return parsed({ kind, name, namespace, rest, mention: { kind: kind.kind, namespace, name } })
}

/** As {@link takeTarget}, but the name may be missing. */
export function takeKind(
  split: Split,
  allowed: (kind: CommandKind) => boolean,
): Parsed<{ kind: CommandKind; name: Word | null; rest: readonly Word[]; word: Word }> {
  const { plain, grammar } = split
  const [first, second] = plain
  if (first === undefined) return split.complain(`"${grammar.verb}" needs to know which object`)
  const slash = first.text.indexOf('/')
  const kindText = slash < 0 ? first.text : first.text.slice(0, slash)
  const kind = commandKind(kindText)
  if (kind === undefined || !allowed(kind)) {
    const kinds = COMMAND_KINDS.filter(allowed)
    return complain(`Cannot ${grammar.verb} a "${kindText}"`, {
      accepted: `one of ${kinds.map((candidate) => candidate.names[0]).join(', ')}`,
      didYouMean: nearest(
        kindText,
        kinds.flatMap((candidate) => candidate.names),
      ),
      part: { index: first.index, length: Math.max(1, kindText.length) },
    })
  }
  const inside = { text: first.text.slice(slash + 1), index: first.index + slash + 1, length: Math.max(1, first.length - slash - 1) }
  const name = slash < 0 ? (second ?? null) : inside.text === '' ? null : inside
  return parsed({ kind, name, rest: plain.slice(slash < 0 ? 2 : 1), word: first })
}

/** The target, when nothing may follow it. */
export function takeOnlyTarget(split: Split, allowed: (kind: CommandKind) => boolean): Parsed<Targeted> {
  const target = takeTarget(split, allowed)
  if (!target.ok) return target
  const [extra] = target.value.rest
  return extra === undefined ? target : tooMuch(split, extra)
}

/** The name of a node, as `NAME` or `node/NAME`, and the words after it. */
export function takeNode(split: Split): Parsed<{ name: Word; rest: readonly Word[]; mention: Mention }> {
  const [first, ...rest] = split.plain
  if (first === undefined) return split.complain(`"${split.grammar.verb}" needs to know which node`)
  const slash = first.text.indexOf('/')
  const isKind = commandKind(slash < 0 ? first.text : first.text.slice(0, slash))?.kind === 'Node'
  if (slash >= 0 || (isKind && rest[0] !== undefined)) {
    const target = takeTarget(split, (kind) => kind.kind === 'Node')
    return target.ok ? parsed({ name: target.value.name, rest: target.value.rest, mention: target.value.mention }) : target
  }
  return parsed({ name: first, rest, mention: { kind: 'Node', namespace: '', name: first } })
}

export function tooMuch(split: Split, word: Word): Parsed<never> {
  return split.complain(`Cannot make sense of "${word.text}"`, word)
}
