import { invariant } from '../../../invariant.ts'
import type { ProxyConfig } from '../../model/proxy-config.ts'
import { type NftFamily, nftFamily } from './family.ts'
import type { Chain, KeyPart, MapElement, Match, NftMap, NftSet, Rule, Ruleset, Statement } from './ruleset.ts'

/** Collects a {@link Ruleset}. Chains, sets and maps are declared before what is put in them. */
export class RulesetBuilder {
  readonly family: NftFamily
  readonly #localAddresses: ReadonlySet<string>
  readonly #chains = new Map<string, Chain & { readonly rules: Rule[] }>()
  readonly #sets = new Map<string, NftSet & { readonly elements: Set<string> }>()
  readonly #maps = new Map<string, NftMap & { readonly elements: Map<string, MapElement> }>()

  constructor(config: Pick<ProxyConfig, 'ipFamily' | 'localAddresses'>) {
    this.family = nftFamily(config.ipFamily)
    this.#localAddresses = new Set(config.localAddresses)
  }

  chain(name: string, base: Chain['base'] = null, comment: string | null = null): void {
    invariant(!this.#chains.has(name), `chain "${name}" is declared twice`)
    this.#chains.set(name, { name, base, comment, rules: [] })
  }

  set(name: string, key: readonly KeyPart[], comment: string | null, timeoutSeconds: number | null = null): void {
    invariant(!this.#sets.has(name), `set "${name}" is declared twice`)
    this.#sets.set(name, { name, key, comment, timeoutSeconds, elements: new Set() })
  }

  map(name: string, key: readonly KeyPart[], comment: string): void {
    this.#maps.set(name, { name, key, comment, elements: new Map() })
  }

  rule(chain: string, matches: readonly Match[], statements: readonly Statement[], comment: string | null = null): void {
    const target = this.#chains.get(chain)
    invariant(target !== undefined, `chain "${chain}" is not declared`)
    target.rules.push({ matches, statements, comment })
  }

  /** An element that is there already stays once. */
  setElement(set: string, key: string): void {
    const target = this.#sets.get(set)
    invariant(target !== undefined, `set "${set}" is not declared`)
    target.elements.add(key)
  }

  /** Of two elements with one key (two Services with one external IP and port) the later stays. */
  mapElement(map: string, key: string, element: MapElement): void {
    const target = this.#maps.get(map)
    invariant(target !== undefined, `map "${map}" is not declared`)
    target.elements.set(key, element)
  }

  finish(): Ruleset {
    return { family: this.family, chains: this.#chains, sets: this.#sets, maps: this.#maps, localAddresses: this.#localAddresses }
  }
}
