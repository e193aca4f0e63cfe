import type { Container, Kind } from '../../api/objects/index.ts'
import { objectKey } from '../object-key.ts'
import { withContainers, withTemplate } from './kinds.ts'
import type { VerbRunner } from './session.ts'

export interface SetImageCommand {
  readonly verb: 'set image'
  /** A Deployment when not given. */
  readonly kind?: Kind
  readonly namespace: string
  readonly name: string
  /** The container `*` stands for all. */
  readonly images: readonly { readonly container: string; readonly image: string }[]
}

export const setImage: VerbRunner<SetImageCommand> = {
  subject: ({ kind, namespace, name }) => objectKey(kind ?? 'Deployment', namespace, name),
  *run({ kind = 'Deployment', namespace, name, images }, session) {
    const { client, cause, told } = session
    if (!(yield* session.mayRead(kind, namespace, name))) return
    const change = (container: Container): Container => {
      const wanted = images.find((image) => image.container === container.name || image.container === '*')
      return wanted === undefined || wanted.image === container.image ? container : { ...container, image: wanted.image }
    }
    const why = images.map(({ container, image }) => `${container}=${image}`).join(' ')
    const response = yield* client.patch(
      kind,
      namespace,
      name,
      (current) => withTemplate(current, (template) => withContainers(template, change)),
      { cause, why },
    )
    told(response, objectKey(kind, namespace, name))
  },
}
