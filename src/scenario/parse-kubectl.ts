import { nearest } from '../api/did-you-mean.ts'
import { complain, type Parsed, parsed } from './parse-result.ts'

/** A kubectl command as it is written; whether what it names exists is not looked at here. */
export type KubectlText =
  | { readonly verb: 'apply'; readonly file: Word }
  | {
      readonly verb: 'scale'
      readonly kind: 'Deployment' | 'ReplicaSet'
      readonly name: Word
      readonly namespace: Word | null
      readonly replicas: number
    }
  | { readonly verb: 'set image'; readonly name: Word; readonly namespace: Word | null; readonly images: readonly ImageText[] }
  | {
      readonly verb: 'delete'
      readonly kind: DeletableKind
      readonly name: Word
      readonly namespace: Word | null
      readonly gracePeriodSeconds: number | null
    }

export interface ImageText {
  readonly container: string
  readonly image: string
  readonly word: Word
}

/** A word of the command with its 0-based place, quotes removed. */
export interface Word {
  readonly text: string
  readonly index: number
  readonly length: number
}

export type DeletableKind = 'Deployment' | 'Namespace' | 'Pod' | 'ReplicaSet' | 'Service'

/** Source: kubernetes v1.36.2, the resources' names in the API and the short names in pkg/registry. */
const KIND_NAMES: ReadonlyMap<string, DeletableKind> = new Map<string, DeletableKind>([
  ...aliases('Deployment', ['deployment', 'deployments', 'deploy', 'deployment.apps', 'deployments.apps']),
  ...aliases('Namespace', ['namespace', 'namespaces', 'ns']),
  ...aliases('Pod', ['pod', 'pods', 'po']),
  ...aliases('ReplicaSet', ['replicaset', 'replicasets', 'rs', 'replicaset.apps', 'replicasets.apps']),
  ...aliases('Service', ['service', 'services', 'svc']),
])

/** The kind that a name such as `deploy` or `pods` stands for; undefined when it is none of those that commands may name. */
export function kindNamed(name: string): DeletableKind | undefined {
  return KIND_NAMES.get(name.toLowerCase())
}

function aliases(kind: DeletableKind, names: readonly string[]): [string, DeletableKind][] {
  return names.map((name) => [name, kind])
}

const FORMS = {
  apply: 'apply -f FILE',
  scale: 'scale deployment/NAME --replicas=N [-n NAMESPACE]',
  'set image': 'set image deployment/NAME CONTAINER=IMAGE… [-n NAMESPACE]',
  delete: 'delete KIND/NAME [-n NAMESPACE] [--grace-period=SECONDS]',
} as const

export const KUBECTL_FORM = Object.values(FORMS).join(', or ')

type Verb = keyof typeof FORMS

interface Flag {
  readonly name: string
  readonly long: string
  readonly short: string | null
}

const FILE_FLAG: Flag = { name: 'file', long: '--filename', short: '-f' }
const NAMESPACE_FLAG: Flag = { name: 'namespace', long: '--namespace', short: '-n' }
const REPLICAS_FLAG: Flag = { name: 'replicas', long: '--replicas', short: null }
const GRACE_FLAG: Flag = { name: 'grace', long: '--grace-period', short: null }

const FLAGS: Readonly<Record<Verb, readonly Flag[]>> = {
  apply: [FILE_FLAG],
  scale: [REPLICAS_FLAG, NAMESPACE_FLAG],
  'set image': [NAMESPACE_FLAG],
  delete: [NAMESPACE_FLAG, GRACE_FLAG],
}

/** A wish for more than a million replicas can only be a slip: Kubernetes is tested up to 150,000 pods. */
const REPLICAS_MAX = 1_000_000

/** Reads a kubectl command, without the word kubectl. */
export function parseKubectl(text: string): Parsed<KubectlText> {
  const words = splitWords(text)
  if (words === null) return complain(`A quote in "${text}" is not closed`)
  const [first] = words
  if (first === undefined) return complain('The command is empty', { accepted: KUBECTL_FORM })
  if (first.text === 'kubectl') return complain('Leave out the word "kubectl"', { accepted: KUBECTL_FORM, part: first })
  const verb = verbOf(words)
  if (verb === null) {
    const nearby = nearest(first.text, ['apply', 'scale', 'set', 'delete'])
    const wanted = first.text === 'set' && words[1] !== undefined ? `set ${words[1].text}` : first.text
    return complain(`Cannot run "kubectl ${wanted}"`, {
      accepted: KUBECTL_FORM,
      didYouMean: nearby === first.text ? null : nearby,
      part: first,
    })
  }
  const split = splitFlags(words.slice(verb === 'set image' ? 2 : 1), verb)
  return split.ok ? command(verb, split.value) : split
}

function verbOf(words: readonly Word[]): Verb | null {
  const [first, second] = words
  if (first!.text === 'set') return second?.text === 'image' ? 'set image' : null
  return first!.text === 'apply' || first!.text === 'scale' || first!.text === 'delete' ? first!.text : null
}

interface Split {
  readonly plain: readonly Word[]
  readonly flags: ReadonlyMap<string, Word>
}

function command(verb: Verb, { plain, flags }: Split): Parsed<KubectlText> {
  const accepted = FORMS[verb]
  if (verb === 'apply') {
    const file = flags.get('file')
    if (file === undefined) return complain('"apply" needs a file', { accepted })
    return plain[0] === undefined ? parsed({ verb, file }) : tooMuch(plain[0], accepted)
  }
  const target = takeTarget(plain, verb)
  if (!target.ok) return target
  const { kind, name, rest } = target.value
  const namespace = flags.get('namespace') ?? null
  if (verb === 'set image') {
    if (rest.length === 0) return complain('"set image" needs at least one CONTAINER=IMAGE', { accepted })
    const images: ImageText[] = []
    for (const word of rest) {
      const equals = word.text.indexOf('=')
      if (equals <= 0 || equals === word.text.length - 1)
        return complain(`Cannot read "${word.text}" as CONTAINER=IMAGE`, { accepted, part: word })
      images.push({ container: word.text.slice(0, equals), image: word.text.slice(equals + 1), word })
    }
    return parsed({ verb, name, namespace, images })
  }
  if (rest[0] !== undefined) return tooMuch(rest[0], accepted)
  if (verb === 'scale') {
    const flag = flags.get('replicas')
    if (flag === undefined) return complain('"scale" needs --replicas', { accepted })
    const replicas = wholeNumber(flag, '--replicas', REPLICAS_MAX)
    if (!replicas.ok) return replicas
    return parsed({ verb, kind: kind === 'ReplicaSet' ? kind : 'Deployment', name, namespace, replicas: replicas.value })
  }
  const grace = flags.get('grace')
  if (grace === undefined) return parsed({ verb, kind, name, namespace, gracePeriodSeconds: null })
  const gracePeriod = wholeNumber(grace, '--grace-period', 86_400)
  return gracePeriod.ok ? parsed({ verb, kind, name, namespace, gracePeriodSeconds: gracePeriod.value }) : gracePeriod
}

/** The object that the command is about, as `KIND/NAME` or `KIND NAME`, and the words after it. */
function takeTarget(plain: readonly Word[], verb: Verb): Parsed<{ kind: DeletableKind; name: Word; rest: readonly Word[] }> {
  const accepted = FORMS[verb]
  const [first, second] = plain
  if (first === undefined) return complain(`"${verb}" needs to know which object`, { accepted })
  const slash = first.text.indexOf('/')
  const kindText = slash < 0 ? first.text : first.text.slice(0, slash)
  const kind = kindNamed(kindText)
  const allowed: readonly DeletableKind[] =
    verb === 'delete' ? [...new Set(KIND_NAMES.values())] : verb === 'scale' ? ['Deployment', 'ReplicaSet'] : ['Deployment']
  if (kind === undefined || !allowed.includes(kind)) {
    const names = [...KIND_NAMES].filter(([, candidate]) => allowed.includes(candidate)).map(([name]) => name)
    const part = { index: first.index, length: Math.max(1, kindText.length) }
    return complain(`Cannot ${verb === 'set image' ? 'set the image of' : verb} a "${kindText}"`, {
      accepted: `one of ${allowed.map((candidate) => candidate.toLowerCase()).join(', ')}`,
      didYouMean: nearest(kindText, names),
      part,
    })
  }
  const name =
    slash < 0
      ? second
      : { text: first.text.slice(slash + 1), index: first.index + slash + 1, length: Math.max(1, first.length - slash - 1) }
  if (name === undefined || name.text === '')
    return complain(`"${verb} ${first.text}" lacks the name of the ${kind}`, { accepted, part: first })
  return parsed({ kind, name, rest: plain.slice(slash < 0 ? 2 : 1) })
}

function splitFlags(words: readonly Word[], verb: Verb): Parsed<Split> {
  const plain: Word[] = []
  const flags = new Map<string, Word>()
  const known = FLAGS[verb]
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i]!
    if (!word.text.startsWith('-')) {
      plain.push(word)
      continue
    }
    const equals = word.text.indexOf('=')
    const name = equals < 0 ? word.text : word.text.slice(0, equals)
    const flag = known.find((candidate) => candidate.long === name || candidate.short === name)
    if (flag === undefined) {
      const names = known.map((candidate) => candidate.short ?? candidate.long)
      const longs = known.map((candidate) => candidate.long)
      return complain(`"${verb}" has no option "${name}" here`, {
        accepted: names.join(' or '),
        didYouMean: nearest(name, longs),
        part: { index: word.index, length: name.length },
      })
    }
    if (flags.has(flag.name)) return complain(`The option "${name}" is given twice`, { part: word })
    if (equals >= 0) {
      flags.set(flag.name, {
        text: word.text.slice(equals + 1),
        index: word.index + equals + 1,
        length: Math.max(1, word.length - equals - 1),
      })
      continue
    }
    i += 1
    const value = words[i]
    if (value === undefined) return complain(`The option "${name}" needs a value`, { accepted: FORMS[verb], part: word })
    flags.set(flag.name, value)
  }
  for (const [name, value] of flags)
    if (value.text === '') return complain(`The option for the ${name} needs a value`, { accepted: FORMS[verb], part: value })
  return parsed({ plain, flags })
}

function wholeNumber(word: Word, option: string, most: number): Parsed<number> {
  const value = /^\d{1,9}$/.test(word.text) ? Number(word.text) : Number.NaN
  return value <= most
    ? parsed(value)
    : complain(`Cannot use "${word.text}" for ${option}`, { accepted: `a whole number from 0 to ${most}`, part: word })
}

function tooMuch(word: Word, accepted: string): Parsed<never> {
  return complain(`Cannot make sense of "${word.text}"`, { accepted, part: word })
}

/** Splits at blanks; single and double quotes hold a word together. Null when a quote is not closed. */
function splitWords(text: string): readonly Word[] | null {
  const words: Word[] = []
  for (const match of text.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g)) {
    const raw = match[0]
    const plain = raw.replace(/"([^"]*)"|'([^']*)'/g, (_whole, double?: string, single?: string) => double ?? single ?? '')
    if (/["']/.test(raw.replace(/"[^"]*"|'[^']*'/g, ''))) return null
    words.push({ text: plain, index: match.index, length: raw.length })
  }
  return words
}
