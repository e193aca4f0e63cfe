import type { Node, Taint, TaintEffect } from '../../api/objects/index.ts'
import { objectKey } from '../object-key.ts'
import type { VerbRunner } from './session.ts'

export interface TaintCommand {
  readonly verb: 'taint'
  readonly node: string
  readonly add: readonly Taint[]
  /** Taints of the key with that effect; with every effect when it is empty. */
  readonly remove: readonly { readonly key: string; readonly effect: TaintEffect | '' }[]
  readonly overwrite: boolean
}

/** Adds and removes taints of a node. Source: kubectl pkg/cmd/taint. */
export const taint: VerbRunner<TaintCommand> = {
  subject: ({ node }) => objectKey('Node', '', node),
  *run({ node, add, remove, overwrite }, session) {
    const { client, cause } = session
    const key = objectKey('Node', '', node)
    if (!(yield* session.mayRead('Node', '', node))) return
    const live = yield* client.get('Node', '', node)
    const same = (a: { key: string; effect: string }, b: { key: string; effect: string }): boolean =>
      a.key === b.key && a.effect === b.effect
    if (live !== undefined) {
      const held = overwrite ? undefined : add.find((taint) => live.spec.taints.some((other) => same(other, taint)))
      if (held !== undefined) {
        session.failed(key, `${key} already has ${held.key} taint(s) with the effect ${held.effect}, and --overwrite is not given`)
        return
      }
      const missing = remove.find(
        ({ key, effect }) => !live.spec.taints.some((taint) => taint.key === key && (effect === '' || taint.effect === effect)),
      )
      if (missing !== undefined) {
        session.failed(key, `taint "${missing.key}${missing.effect === '' ? '' : `:${missing.effect}`}" not found on ${key}`)
        return
      }
    }
    const change = (current: Node): Node => {
      const kept = current.spec.taints.filter(
        (held) =>
          !add.some((taint) => same(taint, held)) &&
          !remove.some(({ key, effect }) => held.key === key && (effect === '' || held.effect === effect)),
      )
      return { ...current, spec: { ...current.spec, taints: [...kept, ...add] } }
    }
    const why = [
      ...add.map(({ key, value, effect }) => `${key}${value === '' ? '' : `=${value}`}:${effect}`),
      ...remove.map(({ key, effect }) => `${key}${effect === '' ? '' : `:${effect}`}-`),
    ].join(' ')
    session.told(yield* client.patch('Node', '', node, change, { cause, why }), key)
  },
}
