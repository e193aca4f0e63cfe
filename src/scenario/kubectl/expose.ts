import { nearest } from '../../api/did-you-mean.ts'
import { complaintsAboutDns1035Label } from '../../api/names.ts'
import type { ExposableKind } from '../../control-plane/kubectl/expose.ts'
import { complain, type Parsed, parsed } from '../parse-result.ts'
import { flag, NAMESPACE_FLAG, type Split, takeOnlyTarget, type VerbGrammar } from './grammar.ts'

const KINDS: readonly string[] = ['Deployment', 'ReplicaSet', 'Pod', 'Service'] satisfies ExposableKind[]
const TYPES = ['ClusterIP', 'NodePort', 'LoadBalancer'] as const
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const

export const EXPOSE: VerbGrammar = {
  verb: 'expose',
  form: 'expose KIND/NAME --port=PORT [--target-port=PORT] [--protocol=PROTOCOL] [--type=TYPE] [--name=NAME] [-n NAMESPACE]',
  flags: [flag('--port'), flag('--target-port'), flag('--protocol'), flag('--type'), flag('--name'), NAMESPACE_FLAG],
  read(split) {
    const target = takeOnlyTarget(split, (kind) => KINDS.includes(kind.kind))
    if (!target.ok) return target
    const { kind, name, namespace, mention } = target.value
    const port = split.number('port', null, 1, 65_535)
    if (!port.ok) return port
    if (port.value === null) return split.complain('"expose" needs --port')
    const targetPort = split.flag('target-port')
    if (targetPort !== undefined && !/^([1-9]\d{0,4}|(?=.*[a-z])[a-z0-9-]{1,15})$/.test(targetPort.text))
      return complain(`Cannot use "${targetPort.text}" for --target-port`, {
        accepted: 'a port number, or the name of a port',
        part: targetPort,
      })
    const type = oneOf(split, 'type', TYPES, 'ClusterIP')
    if (!type.ok) return type
    const protocol = oneOf(split, 'protocol', PROTOCOLS, 'TCP')
    if (!protocol.ok) return protocol
    const as = split.flag('name') ?? name
    const wrong = complaintsAboutDns1035Label(as.text)
    if (wrong.length > 0) return complain(`Cannot use "${as.text}" as the name of a Service: it ${wrong.join(', and ')}`, { part: as })
    const text = targetPort?.text
    const command = {
      verb: 'expose',
      kind: kind.kind as ExposableKind,
      namespace,
      name: name.text,
      as: as.text,
      port: port.value,
      targetPort: text === undefined ? port.value : /^\d+$/.test(text) ? Number(text) : text,
      type: type.value,
      protocol: protocol.value,
    } as const
    return parsed({ command, mentions: [mention] })
  },
}

function oneOf<const T extends string>(split: Split, option: string, choices: readonly T[], missing: T): Parsed<T> {
  const word = split.flag(option)
  if (word === undefined) return parsed(missing)
  const found = choices.find((choice) => choice === word.text)
  if (found !== undefined) return parsed(found)
  const didYouMean = nearest(word.text, choices)
  return complain(`Cannot use "${word.text}" for --${option}`, { accepted: `one of ${choices.join(', ')}`, didYouMean, part: word })
}
