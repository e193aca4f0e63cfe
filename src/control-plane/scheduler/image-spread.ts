import type { Node } from '../../api/objects/index.ts'

/** On how many nodes each image is, by every name it has. */
export class ImageSpread {
  readonly #nodes = new Map<string, number>()

  /** A node came (before null), changed, or left (after null). */
  replace(before: Node | null, after: Node | null): void {
    if (before?.status.images === after?.status.images) return
    for (const name of namesOn(before)) {
      const left = this.#nodes.get(name)! - 1
      if (left === 0) this.#nodes.delete(name)
      else this.#nodes.set(name, left)
    }
    for (const name of namesOn(after)) this.#nodes.set(name, this.nodesWith(name) + 1)
  }

  nodesWith(name: string): number {
    return this.#nodes.get(name) ?? 0
  }
}

function namesOn(node: Node | null): ReadonlySet<string> {
  return new Set((node?.status.images ?? []).flatMap((image) => image.names))
}
