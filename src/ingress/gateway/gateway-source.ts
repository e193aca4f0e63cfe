import type { EndpointSlice, Gateway, GatewayClass, HTTPRoute, Kind, Service } from '../../api/objects/index.ts'
import type { Informer } from '../../control-plane/informer.ts'
import type { WatchEvent } from '../../control-plane/watch-cache.ts'
import type { Addresses } from '../../network/addresses.ts'
import type { Nanos } from '../../units.ts'
import type { ConfigurationSource, Watcher } from '../configuration-source.ts'
import type { NginxConfiguration } from '../nginx-configuration.ts'
import { gatewayConfigurationOf } from './gateway-configuration.ts'
import { gatewayStatuses } from './gateway-status.ts'
import type { StatusWrite } from './status-writer.ts'

/**
 * Gateways of the classes of a controller, and their HTTPRoutes. What comes while a reload takes place waits for its end, and then goes into one
 * reload together; there is no other limit. Changes of a status alone ask for nothing.
 *
 * Source: nginx-gateway-fabric internal/framework/events/loop.go, controller/predicate (behaviour).
 */
export class GatewaySource implements ConfigurationSource {
  readonly name = 'gateway'
  readonly syncPeriod = 0
  readonly firstStart = 0
  readonly minded = 'all Services'
  readonly informers: readonly Informer<Kind>[]
  readonly #classes: Informer<'GatewayClass'>
  readonly #gateways: Informer<'Gateway'>
  readonly #routes: Informer<'HTTPRoute'>
  readonly #controllerName: string
  readonly #addresses: Addresses

  constructor(watcher: Watcher, controllerName: string, addresses: Addresses) {
    this.#controllerName = controllerName
    this.#addresses = addresses
    this.#classes = watcher.informer('GatewayClass')
    this.#gateways = watcher.informer('Gateway')
    this.#routes = watcher.informer('HTTPRoute')
    this.informers = [this.#classes, this.#gateways, this.#routes] as unknown as readonly Informer<Kind>[]
    const changed = (event: WatchEvent<GatewayClass | Gateway | HTTPRoute>): void => {
      const isStatusAlone = event.type === 'MODIFIED' && event.previous!.spec === event.object.spec
      if (!isStatusAlone) watcher.changed(event)
    }
    this.#classes.listen(changed)
    this.#gateways.listen(changed)
    this.#routes.listen(changed)
  }

  isRoute(subject: string): boolean {
    return subject.startsWith('Gateway') || subject.startsWith('HTTPRoute/')
  }

  configuration(services: Iterable<Service>, slices: Iterable<EndpointSlice>): NginxConfiguration {
    return gatewayConfigurationOf({ ...this.#view(), services, slices }, this.#controllerName, this.#addresses)
  }

  statuses(services: Iterable<Service>, now: Nanos): readonly StatusWrite[] {
    return gatewayStatuses({ ...this.#view(), services }, this.#controllerName, now)
  }

  #view() {
    return { classes: [...this.#classes.values()], gateways: [...this.#gateways.values()], routes: [...this.#routes.values()] }
  }
}
