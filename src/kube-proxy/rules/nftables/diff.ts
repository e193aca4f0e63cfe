import { invariant } from '../../../invariant.ts'
import type { Chain, MapElement, Ruleset } from './ruleset.ts'
import { ruleText, verdictText } from './text.ts'
import { type Command, printTransaction, type Transaction } from './transaction.ts'

/**
 * What a sync sends to the kernel to get from one table to another: only what differs. A chain whose rules differ is written anew as a
 * whole, since rules have no names. (kube-proxy also writes again the unchanged chains of a Service of which something else changed; the
 * table is the same afterwards.)
 *
 * A chain that nothing leads to any more is emptied only. Kernels before 6.2 may still count a reference of a map element that was deleted
 * a moment ago, so it is deleted by the next sync, to which it looks like a chain without rules. (kube-proxy leaves chains that are younger
 * than 1 s to yet another sync; its syncs are at least 1 s apart.)
 *
 * A set whose time-out changed is added again, upon which the kernel keeps its elements and takes the new time-out (observed: Linux 6.18).
 *
 * `before` is null when the table is not there yet.
 *
 * Source: kubernetes v1.36.2 pkg/proxy/nftables/proxier.go syncProxyRules, nftElementStorage.
 */
export function diff(before: Ruleset | null, after: Ruleset): Transaction {
  invariant(before === null || before.family === after.family, 'a table does not change its family')
  const commands: Command[] = before === null ? [{ kind: 'add-table' }] : []
  const chains = changedChains(before, after)
  for (const chain of chains.stale) commands.push({ kind: 'delete-chain', name: chain.name })
  for (const set of after.sets.values()) {
    if (before?.sets.get(set.name)?.timeoutSeconds !== set.timeoutSeconds) commands.push({ kind: 'add-set', set })
  }
  for (const map of after.maps.values()) if (before?.maps.has(map.name) !== true) commands.push({ kind: 'add-map', map })
  for (const chain of chains.added) commands.push({ kind: 'add-chain', chain })
  for (const chain of [...chains.removed, ...chains.rewritten]) commands.push({ kind: 'flush-chain', name: chain.name })
  for (const chain of [...chains.added, ...chains.rewritten]) {
    for (const rule of chain.rules) commands.push({ kind: 'add-rule', chain: chain.name, rule })
  }
  addElementChanges(commands, before, after)
  for (const { name } of before?.sets.values() ?? []) if (!after.sets.has(name)) commands.push({ kind: 'delete-set', name })
  return { family: after.family, commands }
}

/** The whole table as `nft -f` reads it. */
export function print(rules: Ruleset): string {
  return printTransaction(diff(null, rules))
}

interface ChangedChains {
  readonly added: readonly Chain[]
  readonly rewritten: readonly Chain[]
  /** Not wanted any more: to be emptied. */
  readonly removed: readonly Chain[]
  /** Emptied by an earlier sync: to be deleted. */
  readonly stale: readonly Chain[]
}

function changedChains(before: Ruleset | null, after: Ruleset): ChangedChains {
  const added: Chain[] = []
  const rewritten: Chain[] = []
  for (const chain of after.chains.values()) {
    const previous = before?.chains.get(chain.name)
    if (previous === undefined) added.push(chain)
    else if (!sameRules(previous, chain, after)) rewritten.push(chain)
  }
  const unwanted = [...(before?.chains.values() ?? [])].filter(({ name }) => !after.chains.has(name))
  return {
    added,
    rewritten,
    removed: unwanted.filter(({ rules }) => rules.length > 0),
    stale: unwanted.filter(({ rules }) => rules.length === 0),
  }
}

function sameRules(a: Chain, b: Chain, { family }: Ruleset): boolean {
  return (
    a === b || (a.rules.length === b.rules.length && a.rules.every((rule, i) => ruleText(rule, family) === ruleText(b.rules[i]!, family)))
  )
}

/** A map's element cannot be changed: it is deleted and added again. The clients in affinity sets are none of kube-proxy's business. */
function addElementChanges(commands: Command[], before: Ruleset | null, after: Ruleset): void {
  for (const { name: container, elements, timeoutSeconds } of after.sets.values()) {
    if (timeoutSeconds !== null) continue
    const previous = before?.sets.get(container)?.elements ?? new Set()
    for (const key of previous) if (!elements.has(key)) commands.push({ kind: 'delete-element', container, key })
    for (const key of elements) if (!previous.has(key)) commands.push({ kind: 'add-element', container, key, value: null })
  }
  for (const { name: container, elements } of after.maps.values()) {
    const previous: ReadonlyMap<string, MapElement> = before?.maps.get(container)?.elements ?? new Map()
    for (const [key, value] of previous) {
      if (!sameElement(value, elements.get(key))) commands.push({ kind: 'delete-element', container, key })
    }
    for (const [key, value] of elements) {
      if (!sameElement(value, previous.get(key))) commands.push({ kind: 'add-element', container, key, value })
    }
  }
}

function sameElement(a: MapElement, b: MapElement | undefined): boolean {
  return b !== undefined && verdictText(a.verdict) === verdictText(b.verdict) && a.comment === b.comment
}
