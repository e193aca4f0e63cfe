import type { EndpointSlice, Kind, KindMap, Service } from '../api/objects/index.ts'
import type { Informer } from '../control-plane/informer.ts'
import type { WatchEvent } from '../control-plane/watch-cache.ts'
import type { Nanos } from '../units.ts'
import type { StatusWrite } from './gateway/status-writer.ts'
import type { NginxConfiguration } from './nginx-configuration.ts'

/** What a controller needs to watch a kind. */
export interface Watcher {
  informer<K extends Kind>(kind: K): Informer<K>
  /** Something that may matter has happened. */
  changed(event: WatchEvent<KindMap[Kind]>): void
}

/** Where the routes of a controller come from: Ingresses, or the Gateway API. */
export interface ConfigurationSource {
  /** How stories name the controller's pods. */
  readonly name: string
  /** One sync in this time at most. */
  readonly syncPeriod: Nanos
  /** Beside the time of the first reload. */
  readonly firstStart: Nanos
  /** Of the objects of routes, in the order in which they are listed. */
  readonly informers: readonly Informer<Kind>[]
  /** A Service that comes or goes matters, and not only its endpoints. */
  readonly minded: 'changed Services' | 'all Services'
  /** An object that a reload is told of, by its key. */
  isRoute(subject: string): boolean
  configuration(services: Iterable<Service>, slices: Iterable<EndpointSlice>): NginxConfiguration
  /** What is to be written about the objects, as they are known. */
  statuses(services: Iterable<Service>, now: Nanos): readonly StatusWrite[]
}
