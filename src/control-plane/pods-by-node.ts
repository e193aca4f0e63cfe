import type { Pod } from '../api/objects/index.ts'
import type { Informer } from './informer.ts'
import { keyOf } from './object-key.ts'

/** The pods that are bound to each node, kept up to date with an informer. */
export class PodsByNode {
  readonly #pods = new Map<string, Map<string, Pod>>()

  constructor(informer: Informer<'Pod'>) {
    informer.listen(({ type, object }) => {
      const { nodeName } = object.spec
      if (nodeName === '') return
      let pods = this.#pods.get(nodeName)
      if (pods === undefined) {
        pods = new Map()
        this.#pods.set(nodeName, pods)
      }
      if (type === 'DELETED') pods.delete(keyOf(object))
      else pods.set(keyOf(object), object)
    })
  }

  /** In the order in which they were first seen there. */
  of(nodeName: string): Pod[] {
    const pods = this.#pods.get(nodeName)
    return pods === undefined ? [] : [...pods.values()]
  }
}
