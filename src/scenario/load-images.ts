import { nearest } from '../api/did-you-mean.ts'
import { taggedImage } from '../node/image-name.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import type { Parsed } from './parse-result.ts'
import { parseBandwidth, parseBytes } from './parse-size.ts'
import type { Draft } from './parse-structure.ts'
import type { Path } from './parse-yaml.ts'
import type { ImageSpec, TimelineEntry } from './scenario.ts'
import type { ScenarioFile } from './schema.ts'

type ImagesDraft = Draft<NonNullable<ScenarioFile['spec']['cluster']>>['images']

const AT: Path = ['spec', 'cluster', 'images']

/** Reads how images come to nodes. */
export function loadImages(context: LoadContext, draft: ImagesDraft): ImageSpec {
  const size = (key: string, given: string | number | undefined, fallback: string, parse: (text: string) => Parsed<number>): number =>
    context.read([...AT, key], given === undefined ? undefined : String(given), parse) ?? certain(parse(fallback))
  const registry =
    draft?.registryBandwidth === undefined ? undefined : context.read([...AT, 'registryBandwidth'], draft.registryBandwidth, parseBandwidth)
  const sizes = new Map<string, number>()
  for (const [image, given] of Object.entries(draft?.sizes ?? {})) {
    const path: Path = [...AT, 'sizes', image]
    if (!isImageName(image)) context.mistake(path, `Cannot use "${image}" as the name of an image`, IMAGE_FORM)
    else if (sizes.has(taggedImage(image))) context.mistake(path, `The size of "${taggedImage(image)}" is given twice`)
    const bytes = given === undefined ? undefined : context.read(path, String(given), parseBytes)
    if (bytes !== undefined) sizes.set(taggedImage(image), bytes)
  }
  const missing: string[] = []
  for (const [index, image] of (draft?.missing ?? []).entries()) {
    if (image === undefined) continue
    if (!isImageName(image)) context.mistake([...AT, 'missing', index], `Cannot use "${image}" as the name of an image`, IMAGE_FORM)
    else missing.push(taggedImage(image))
  }
  if (draft?.maxParallel !== undefined && draft.parallel !== true)
    context.mistake([...AT, 'maxParallel'], 'Pulls that wait for each other have no number of pulls at once', 'parallel: true beside it')
  return {
    sizeBytes: size('size', draft?.size, DEFAULTS.imageSize, parseBytes),
    sizes,
    bandwidthBytesPerSecond: size('bandwidth', draft?.bandwidth, DEFAULTS.imageBandwidth, parseBandwidth),
    registryBytesPerSecond: registry,
    preloaded: draft?.preloaded ?? DEFAULTS.imagesPreloaded,
    missing,
    parallel: draft?.parallel === true ? (draft.maxParallel ?? Number.POSITIVE_INFINITY) : 1,
    pullQps: draft?.pullQps ?? DEFAULTS.imagePullQps,
    pullBurst: draft?.pullBurst ?? DEFAULTS.imagePullBurst,
  }
}

/** Images that are spoken of although no container has them: most likely a slip of the pen. */
export function warnOfUnusedImages(context: LoadContext, draft: ImagesDraft, timeline: readonly TimelineEntry[]): void {
  if (context.inventory.mayHaveMorePods) return
  const used = new Set<string>()
  for (const { spec } of context.inventory.templates)
    for (const { image } of [...spec.initContainers, ...spec.containers]) used.add(taggedImage(image))
  for (const entry of timeline) {
    if (entry.kind === 'kubectl' && 'images' in entry.command) for (const { image } of entry.command.images) used.add(taggedImage(image))
  }
  const check = (path: Path, image: string): void => {
    if (used.has(taggedImage(image))) return
    const near = nearest(taggedImage(image), [...used])
    context.warn(path, 'no-effect', `No container has the image "${image}"${near === null ? '' : `. Did you mean "${near}"?`}`)
  }
  for (const image of Object.keys(draft?.sizes ?? {})) check([...AT, 'sizes', image], image)
  for (const [index, image] of (draft?.missing ?? []).entries()) if (image !== undefined) check([...AT, 'missing', index], image)
}

const IMAGE_FORM = 'a name as in a pod, such as shop/frontend:v2'

function isImageName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/.test(text)
}
