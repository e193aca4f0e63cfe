import type { EndpointSlice, Kind, Service } from '../api/objects/index.ts'
import type { Informer } from '../control-plane/informer.ts'
import type { Addresses } from '../network/addresses.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { ConfigurationSource, Watcher } from './configuration-source.ts'
import { configurationOf, type NginxConfiguration } from './nginx-configuration.ts'

/** One sync in this time at most. Source: ingress-nginx `--sync-rate-limit`, default 0.3 a second, with a burst of 1. */
export const SYNC_PERIOD: Nanos = Math.round(SECOND / 0.3)

/** After the first start of NGINX. Source: ingress-nginx internal/ingress/controller/controller.go, syncIngress, `isFirstSync`. */
export const FIRST_START: Nanos = SECOND

/** Ingresses of the classes of a controller. */
export class IngressSource implements ConfigurationSource {
  readonly name = 'ingress-nginx'
  readonly syncPeriod = SYNC_PERIOD
  readonly firstStart = FIRST_START
  readonly minded = 'changed Services'
  readonly informers: readonly Informer<Kind>[]
  readonly #ingresses: Informer<'Ingress'>
  readonly #classes: Informer<'IngressClass'>
  readonly #controllerClass: string
  readonly #addresses: Addresses

  constructor(watcher: Watcher, controllerClass: string, addresses: Addresses) {
    this.#controllerClass = controllerClass
    this.#addresses = addresses
    this.#ingresses = watcher.informer('Ingress')
    this.#classes = watcher.informer('IngressClass')
    this.informers = [this.#ingresses, this.#classes] as unknown as readonly Informer<Kind>[]
    this.#ingresses.listen((event) => watcher.changed(event))
    this.#classes.listen((event) => watcher.changed(event))
  }

  isRoute(subject: string): boolean {
    return subject.startsWith('Ingress')
  }

  configuration(services: Iterable<Service>, slices: Iterable<EndpointSlice>): NginxConfiguration {
    const view = { ingresses: this.#ingresses.values(), classes: this.#classes.values(), services, slices }
    return configurationOf(view, this.#controllerClass, this.#addresses)
  }

  /** The status of an Ingress, its addresses, is not modelled. */
  statuses(): readonly [] {
    return []
  }
}
