import { convert } from '../../api/convert/convert.ts'
import { complaintsAboutDns1123Subdomain } from '../../api/names.ts'
import { complain, parsed } from '../parse-result.ts'
import { FILE_FLAG, flag, NAMESPACE_FLAG, tooMuch, type VerbGrammar } from './grammar.ts'

/** The container's name is the last part of its image's, as kubectl makes it. Source: kubectl pkg/cmd/create/create_deployment.go. */
function containerName(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1)
  return /^[^:@]*/.exec(last)![0]
}

export const CREATE: VerbGrammar = {
  verb: 'create',
  form: 'create -f FILE, or create deployment NAME --image=IMAGE [--replicas=N] [--port=PORT] [-n NAMESPACE]',
  flags: [FILE_FLAG, flag('--image'), flag('--replicas', { short: '-r' }), flag('--port'), NAMESPACE_FLAG],
  read(split) {
    const file = split.flag('filename')
    const [what, name, extra] = split.plain
    if (file !== undefined) {
      if (what !== undefined) return tooMuch(split, what)
      const other = ['image', 'replicas', 'port', 'namespace'].map((option) => split.flag(option)).find((word) => word !== undefined)
      if (other !== undefined) return split.complain('"create -f" takes no other option', other)
      return parsed({ command: { verb: 'create', objects: [] }, file })
    }
    if (what === undefined) return split.complain('"create" needs a file, or what to create')
    if (what.text !== 'deployment' && what.text !== 'deploy') return split.complain(`Cannot create a "${what.text}" without a file`, what)
    if (name === undefined) return split.complain('"create deployment" lacks the name', what)
    if (extra !== undefined) return tooMuch(split, extra)
    const wrong = complaintsAboutDns1123Subdomain(name.text)
    if (wrong.length > 0) return complain(`Cannot use "${name.text}" as a name: it ${wrong.join(', and ')}`, { part: name })
    const image = split.flag('image')
    if (image === undefined) return split.complain('"create deployment" needs --image')
    const replicas = split.number('replicas', 1, 0, 1_000_000)
    if (!replicas.ok) return replicas
    const port = split.number('port', null, 1, 65_535)
    if (!port.ok) return port
    const labels = { app: name.text }
    const deployment = convert('Deployment', {
      metadata: { name: name.text, namespace: split.namespace, labels },
      spec: {
        replicas: replicas.value,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: containerName(image.text),
                image: image.text,
                ...(port.value === null ? {} : { ports: [{ containerPort: port.value }] }),
              },
            ],
          },
        },
      },
    })
    return parsed({ command: { verb: 'create', objects: [deployment] } })
  },
}
