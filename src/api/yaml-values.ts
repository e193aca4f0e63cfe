import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, visit } from 'yaml'
import type { SourceProblem } from './source-problem.ts'
import { type ChildPlace, type ContainerPlace, isContainer, type Range, type SourceFile } from './source-text.ts'

/** Nodes that aliases may stand for in one document. *Assumption*: no honest manifest comes near. */
export const ALIASED_NODES_MAX = 100_000

const MERGE_KEY = '<<'

/** Turns the library's nodes into values, noting their places. */
export class DocumentReader {
  readonly problems: SourceProblem[] = []
  readonly places = new Map<object, ContainerPlace>()
  readonly #file: SourceFile
  readonly #document: Document.Parsed
  readonly #targets = new Map<Node, Node>()
  readonly #values = new Map<Node, unknown>()
  readonly #sizes = new Map<Node, number>()
  readonly #open = new Set<Node>()

  constructor(file: SourceFile, document: Document.Parsed) {
    this.#file = file
    this.#document = document
  }

  read(): unknown {
    const root = this.#document.contents
    if (root === null) return null
    const nodes = this.#resolveAliases()
    if (this.problems.length === 0 && this.#size(root) - nodes > ALIASED_NODES_MAX) {
      this.#complain(rangeOf(root), `Aliases stand for more than ${ALIASED_NODES_MAX} values`)
    }
    return this.problems.length === 0 ? this.#value(root) : null
  }

  /** Finds what each alias stands for: the last node before it with that anchor. Returns how many nodes there are. */
  #resolveAliases(): number {
    const anchors = new Map<string, Node>()
    let count = 0
    visit(this.#document, {
      Node: (_key, node) => {
        count += 1
        if (isAlias(node)) {
          const target = anchors.get(node.source)
          if (target === undefined) this.#complain(rangeOf(node), `There is no anchor "${node.source}" before this alias`)
          else this.#targets.set(node, target)
        } else if (node.anchor !== undefined) {
          anchors.set(node.anchor, node)
        }
      },
    })
    return count
  }

  /** Nodes in the value once aliases are written out. */
  #size(node: Node): number {
    const known = this.#sizes.get(node)
    if (known !== undefined) return known
    if (this.#open.has(node)) {
      this.#complain(rangeOf(node), 'This value contains itself')
      return 0
    }
    this.#open.add(node)
    let size = 1
    if (isAlias(node)) size = this.#size(this.#targets.get(node)!)
    else if (isSeq(node)) for (const item of node.items) size += this.#size(item as Node)
    else if (isMap(node)) for (const pair of node.items) size += pairNodes(pair).reduce((sum, child) => sum + this.#size(child), 0)
    this.#open.delete(node)
    this.#sizes.set(node, size)
    return size
  }

  #value(node: Node): unknown {
    if (isAlias(node)) return this.#value(this.#targets.get(node)!)
    if (isScalar(node)) return scalarValue(node)
    const known = this.#values.get(node)
    if (known !== undefined) return known
    const value = isSeq(node) ? this.#list(node, node.items as Node[]) : isMap(node) ? this.#map(node, node.items) : null
    this.#values.set(node, value)
    return value
  }

  #list(node: Node, items: readonly Node[]): unknown[] {
    const children = new Map<number, ChildPlace>()
    const list = items.map((item, index) => {
      children.set(index, { key: rangeOf(item), value: rangeOf(item) })
      return this.#value(item)
    })
    this.places.set(list, { range: rangeOf(node), children })
    return list
  }

  #map(node: Node, pairs: readonly Pair[]): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    const children = new Map<string, ChildPlace>()
    const merged: { readonly node: Node }[] = []
    for (const pair of pairs) {
      const keyNode = pair.key as Node
      const key = this.#key(keyNode)
      if (key === null) continue
      const valueNode = pair.value as Node | null
      if (key === MERGE_KEY && isScalar(keyNode) && keyNode.type === 'PLAIN' && valueNode !== null) {
        merged.push({ node: valueNode })
        continue
      }
      const first = children.get(key)
      if (first !== undefined) {
        this.#complain(rangeOf(keyNode), `The key "${key}" is given twice: first in line ${this.#file.lineAt(first.key[0])}`)
        continue
      }
      children.set(key, { key: rangeOf(keyNode), value: valueNode === null ? rangeOf(keyNode) : rangeOf(valueNode) })
      setOwn(map, key, valueNode === null ? null : this.#value(valueNode))
    }
    for (const { node: source } of merged) this.#merge(map, children, source)
    this.places.set(map, { range: rangeOf(node), children })
    return map
  }

  /** Takes over what is not there yet from the map, or from each map of the list, that a merge key names. */
  #merge(map: Record<string, unknown>, children: Map<string, ChildPlace>, source: Node): void {
    const value = this.#value(source)
    for (const part of Array.isArray(value) ? value : [value]) {
      const place = isContainer(part) && !Array.isArray(part) ? this.places.get(part) : undefined
      if (place === undefined) {
        this.#complain(rangeOf(source), 'Only a map, or a list of maps, can be merged with "<<"')
        continue
      }
      for (const [key, child] of place.children) {
        if (children.has(String(key))) continue
        children.set(String(key), child)
        setOwn(map, String(key), (part as Record<string, unknown>)[key])
      }
    }
  }

  #key(node: Node | null): string | null {
    const target = isAlias(node) ? this.#targets.get(node) : node
    if (isScalar(target)) {
      const value = scalarValue(target)
      return typeof value === 'string' ? value : String(value)
    }
    this.#complain(node === null ? rangeOf(this.#document.contents!) : rangeOf(node), 'Only a text can be a key')
    return null
  }

  #complain(range: Range, message: string): void {
    this.problems.push(this.#file.problem(range, [], { message }))
  }
}

function pairNodes(pair: Pair): Node[] {
  return [pair.key, pair.value].filter((node): node is Node => node !== null)
}

export function rangeOf(node: Node): Range {
  const range = node.range
  return range ? [range[0], Math.max(range[1], range[0])] : [0, 0]
}

/** Where YAML 1.2, which the library speaks, and `kubectl` differ on plain scalars. */
function scalarValue(scalar: Scalar): unknown {
  const { source, value } = scalar
  if (scalar.type !== 'PLAIN' || scalar.tag !== undefined || source === undefined) return value
  if (/^(yes|Yes|YES|on|On|ON)$/.test(source)) return true
  if (/^(no|No|NO|off|Off|OFF)$/.test(source)) return false
  if (/^[-+]?0[0-7]+$/.test(source)) return Number.parseInt(source, 8)
  if (/^[-+]?0b[01]+$/.test(source)) return Number.parseInt(source.replace('0b', ''), 2)
  if (/^[-+]?[1-9]\d*(_\d+)+$/.test(source)) return Number(source.replaceAll('_', ''))
  return value
}

/** Sets an own property, whatever its name. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true })
}
