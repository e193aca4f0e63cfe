import type { ControllerRevision, KubernetesObject, PodTemplate } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { ApiClient, Because } from '../api-client.ts'
import { emptyMeta } from '../empty-meta.ts'
import { controllerOf, type OwnerIndex } from '../owner-index.ts'
import { encodeHash, fnv1a } from '../random-name.ts'

/** Label of a ControllerRevision: the hash of its template. */
export const REVISION_HASH_LABEL = 'controller.kubernetes.io/hash'
/** Label of the pods of a StatefulSet (the revision's name) or DaemonSet (its hash). */
export const POD_REVISION_LABEL = 'controller-revision-hash'

/**
 * The ControllerRevisions of StatefulSets or DaemonSets: one for each template that the owner has had. A template that comes back gets its
 * old revision with a new number.
 *
 * Source: Kubernetes pkg/controller/history, pkg/controller/statefulset/stateful_set_control.go (getStatefulSetRevisions).
 */
export class RevisionHistory {
  readonly #revisions: OwnerIndex<'ControllerRevision'>
  readonly #client: ApiClient
  readonly #hashes = new WeakMap<PodTemplate, string>()

  constructor(revisions: OwnerIndex<'ControllerRevision'>, client: ApiClient) {
    this.#revisions = revisions
    this.#client = client
  }

  /** By age, the oldest first. */
  of(owner: KubernetesObject): ControllerRevision[] {
    return this.#revisions.of(owner.metadata.uid).sort((a, b) => a.revision - b.revision)
  }

  /** The revision of the owner's template, made or renumbered if need be; null when the API server refused. */
  *newest(owner: KubernetesObject, template: PodTemplate, because: Because): Generator<Wait, ControllerRevision | null, unknown> {
    const all = this.of(owner)
    const hash = this.#hashOf(template)
    const last = all.at(-1)
    const same = all.find((revision) => revision.metadata.labels[REVISION_HASH_LABEL] === hash)
    if (same !== undefined && same === last) return same
    const number = (last?.revision ?? 0) + 1
    if (same !== undefined) {
      const renumbered = yield* this.#client.update(
        { ...same, revision: number },
        { ...because, why: `the template of revision ${same.revision} is back` },
      )
      return renumbered.code === 200 ? renumbered.object! : null
    }
    const { name, namespace, uid } = owner.metadata
    const wanted: ControllerRevision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        ...emptyMeta(`${name}-${hash}`, namespace),
        labels: { ...template.labels, [REVISION_HASH_LABEL]: hash },
        ownerReferences: [{ kind: owner.kind, name, uid, controller: true, blockOwnerDeletion: true }],
      },
      revision: number,
      data: template,
    }
    const response = yield* this.#client.create(wanted, { ...because, why: `template revision ${number}` })
    if (response.code === 201) return response.object!
    // The cache is behind: it was made a moment ago.
    const mine = response.object !== undefined && controllerOf(response.object.metadata)?.uid === uid
    return response.code === 409 && mine ? response.object! : null
  }

  /** Deletes the oldest revisions beyond the limit, but none that is in use. */
  *trim(
    owner: KubernetesObject,
    inUse: (revision: ControllerRevision) => boolean,
    limit: number,
    because: Because,
  ): Generator<Wait, void, unknown> {
    const unused = this.of(owner).filter((revision) => !inUse(revision))
    for (const revision of unused.slice(0, Math.max(0, unused.length - limit))) {
      const { namespace, name } = revision.metadata
      yield* this.#client.delete('ControllerRevision', namespace, name, null, { ...because, why: 'beyond revisionHistoryLimit' })
    }
  }

  #hashOf(template: PodTemplate): string {
    let hash = this.#hashes.get(template)
    if (hash === undefined) {
      hash = encodeHash(fnv1a(JSON.stringify(template)))
      this.#hashes.set(template, hash)
    }
    return hash
  }
}
