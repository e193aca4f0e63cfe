/** The parts of one rule of iptables-save that kube-proxy's rules are told by. What has another meaning is passed over. */
export interface IptablesRule {
  readonly chain: string
  /** `-s`, with the length of the network as it stands there. */
  readonly source: string | null
  readonly sourceNegated: boolean
  /** `-d`. */
  readonly destination: string | null
  readonly destinationNegated: boolean
  readonly protocol: string | null
  /** 0 when there is none. */
  readonly destinationPort: number
  readonly comment: string | null
  /** `-j` or `-g`; null for a rule that only counts. */
  readonly target: string | null
  /** Of a statistic match; null when there is none. */
  readonly probability: number | null
  /** `--to-destination` of a DNAT. */
  readonly toDestination: string | null
  /** `--rcheck` with its `--seconds`; null when there is none. */
  readonly recentSeconds: number | null
}

/** Why a rule cannot be read, and at which character, from 1. */
export interface RuleComplaint {
  readonly column: number
  readonly message: string
  readonly accepted: string
}

/** No rule of kube-proxy comes near it: what is longer is no rule. */
const WORDS_MAX = 200

interface Word {
  readonly text: string
  readonly column: number
}

/** Words of a line. Quotes hold words together; a backslash within them takes the next character as it is, as iptables-save writes it. */
function wordsOf(line: string): readonly Word[] | RuleComplaint {
  const words: Word[] = []
  let at = 0
  while (at < line.length) {
    if (line[at] === ' ' || line[at] === '\t') {
      at += 1
      continue
    }
    if (words.length >= WORDS_MAX)
      return { column: at + 1, message: `The rule has more than ${WORDS_MAX} words`, accepted: 'a rule of iptables-save' }
    const column = at + 1
    if (line[at] !== '"') {
      let end = at
      while (end < line.length && line[end] !== ' ' && line[end] !== '\t') end += 1
      words.push({ text: line.slice(at, end), column })
      at = end
      continue
    }
    let text = ''
    at += 1
    while (at < line.length && line[at] !== '"') {
      if (line[at] === '\\' && at + 1 < line.length) at += 1
      text += line[at]
      at += 1
    }
    if (at >= line.length) return { column, message: 'A quote is not closed', accepted: 'a comment in double quotes' }
    words.push({ text, column })
    at += 1
  }
  return words
}

/** Reads `-A CHAIN …`, with or without the counters that `iptables-save -c` puts before it. */
export function parseIptablesRule(line: string): IptablesRule | RuleComplaint {
  const words = wordsOf(line.replace(/^\[\d+:\d+\] /, (counters) => ' '.repeat(counters.length)))
  if (!Array.isArray(words)) return words as RuleComplaint
  const rule = {
    ...{ chain: '', source: null as string | null, sourceNegated: false, destination: null as string | null, destinationNegated: false },
    ...{ protocol: null as string | null, destinationPort: 0, comment: null as string | null, target: null as string | null },
    ...{ probability: null as number | null, toDestination: null as string | null, recentSeconds: null as number | null },
  }
  let negated = false
  let checks = false
  let seconds: number | null = null
  for (let index = 0; index < words.length; index += 1) {
    const option = words[index] as Word
    if (option.text === '!') {
      negated = true
      continue
    }
    const takes = OPTIONS[option.text]
    if (takes === undefined) {
      checks ||= option.text === '--rcheck' || option.text === '--update'
      negated = false
      continue
    }
    const value = words[index + 1] as Word | undefined
    if (value === undefined) {
      return { column: option.column, message: `"${option.text}" has no value`, accepted: `${option.text} ${takes}` }
    }
    const wrong = (accepted: string): RuleComplaint => ({
      column: value.column,
      message: `Cannot use "${value.text}" for "${option.text}"`,
      accepted,
    })
    index += 1
    switch (option.text) {
      case '-A':
        rule.chain = value.text
        break
      case '-s':
        rule.source = value.text
        rule.sourceNegated = negated
        break
      case '-d':
        rule.destination = value.text
        rule.destinationNegated = negated
        break
      case '-p':
        rule.protocol = value.text
        break
      case '--dport':
        if (!/^\d{1,5}$/.test(value.text) || Number(value.text) > 65_535) return wrong('a port from 0 to 65535')
        rule.destinationPort = Number(value.text)
        break
      case '--comment':
        rule.comment = value.text
        break
      case '-j':
      case '-g':
        rule.target = value.text
        break
      case '--probability':
        if (!(Number(value.text) >= 0 && Number(value.text) <= 1)) return wrong('a probability from 0 to 1')
        rule.probability = Number(value.text)
        break
      case '--to-destination':
        rule.toDestination = value.text
        break
      case '--seconds':
        if (!/^\d{1,9}$/.test(value.text)) return wrong('a whole number of seconds')
        seconds = Number(value.text)
        break
    }
    negated = false
  }
  if (rule.chain === '') return { column: 1, message: 'The rule names no chain', accepted: '-A CHAIN …' }
  return { ...rule, recentSeconds: checks ? seconds : null }
}

export function isComplaint(read: IptablesRule | RuleComplaint): read is RuleComplaint {
  return 'message' in read
}

/** Options that are read, and what each takes. */
const OPTIONS: Readonly<Record<string, string>> = {
  '-A': 'CHAIN',
  '-s': 'NETWORK',
  '-d': 'NETWORK',
  '-p': 'PROTOCOL',
  '--dport': 'PORT',
  '--comment': '"TEXT"',
  '-j': 'TARGET',
  '-g': 'CHAIN',
  '--probability': 'NUMBER',
  '--to-destination': 'ADDRESS:PORT',
  '--seconds': 'SECONDS',
}
