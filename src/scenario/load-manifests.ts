import { posix } from 'node:path'
import { nearest } from '../api/did-you-mean.ts'
import { readManifests } from '../api/manifest.ts'
import type { AnyObject } from '../api/objects/index.ts'
import type { SourceProblem, SourceWarning } from '../api/source-problem.ts'
import { BYTES_MAX, type FileContent, type FileReader } from './load-files.ts'
import { type Complaint, complain, type Parsed, parsed } from './parse-result.ts'
import { normaliseText } from './parse-yaml.ts'

/** What an `apply` brings, by the file as it is written. */
export type AppliedManifests = (file: string) => Parsed<readonly AnyObject[]>

/** Objects of one or more manifest files, and what is wrong with them. */
export interface ManifestSet {
  readonly objects: readonly AnyObject[]
  /** Names of objects that are written there but could not be read. */
  readonly unread: readonly string[]
  /** Whether some of the files are not there at all. */
  readonly missing: boolean
  readonly problems: readonly SourceProblem[]
  readonly warnings: readonly SourceWarning[]
}

interface ManifestFile {
  readonly path: string
  readonly text: string
}

/** Reads manifests relative to a scenario file, each file once, however often it is named. */
export class ManifestLibrary {
  readonly #files: FileReader
  readonly #folder: string
  readonly #found = new Map<string, Parsed<readonly ManifestFile[]>>()
  readonly #sets = new Map<string, ManifestSet>()
  readonly #texts = new Map<string, string>()
  readonly #asked = new Map<string, string>()

  constructor(files: FileReader, folder: string) {
    this.#files = files
    this.#folder = folder
  }

  /** The texts of all files that have been read, in the order of reading. */
  get texts(): readonly string[] {
    return [...this.#texts.values()]
  }

  /** From here on {@link textsOfLoad} is about another load of the scenario. */
  beginLoad(): void {
    this.#asked.clear()
  }

  /** As {@link texts}, of the files that were asked for since {@link beginLoad}, read then or earlier. */
  get textsOfLoad(): readonly string[] {
    return [...this.#asked.values()]
  }

  /** The files that are meant: one, or those of a folder that end in .yaml, .yml or .json, in the order of their names. */
  async find(name: string): Promise<Parsed<readonly ManifestFile[]>> {
    const result = this.#found.get(name) ?? (await this.#find(name))
    this.#found.set(name, result)
    if (result.ok) for (const file of result.value) this.#remember(file)
    return result
  }

  async #find(name: string): Promise<Parsed<readonly ManifestFile[]>> {
    const path = this.#pathOf(name)
    const content = await this.#files.read(path, BYTES_MAX.manifests)
    if (content.kind === 'file') return parsed([{ path, text: normaliseText(content.text) }])
    if (content.kind === 'unreadable') return complain(`Cannot read "${name}": ${whyUnreadable(content)}`)
    if (content.kind === 'missing') return this.#missing(name, path, 'a file or folder, relative to the scenario file')
    const names = content.names.filter((entry) => /\.(ya?ml|json)$/.test(entry)).toSorted(byCodeUnit)
    const files: ManifestFile[] = []
    for (const entry of names) {
      const inside = await this.#files.read(posix.join(path, entry), BYTES_MAX.manifests)
      if (inside.kind === 'file') files.push({ path: posix.join(path, entry), text: normaliseText(inside.text) })
      else if (inside.kind === 'unreadable') return complain(`Cannot read "${posix.join(name, entry)}": ${whyUnreadable(inside)}`)
    }
    if (files.length === 0) return complain(`The folder "${name}" has no manifest`, { accepted: 'files that end in .yaml, .yml or .json' })
    return parsed(files)
  }

  /** The text of one file of another kind than a manifest; it counts among {@link texts}. */
  async readText(name: string): Promise<Parsed<string>> {
    const path = this.#pathOf(name)
    const content = await this.#files.read(path, BYTES_MAX.arrivals)
    if (content.kind === 'folder') return complain(`"${name}" is a folder`, { accepted: 'a file, relative to the scenario file' })
    if (content.kind === 'unreadable') return complain(`Cannot read "${name}": ${whyUnreadable(content)}`)
    if (content.kind === 'missing') return this.#missing(name, path, 'a file, relative to the scenario file')
    this.#remember({ path, text: content.text })
    return parsed(content.text)
  }

  #remember({ path, text }: ManifestFile): void {
    this.#texts.set(path, text)
    this.#asked.set(path, text)
  }

  #pathOf(name: string): string {
    return posix.isAbsolute(name) ? posix.normalize(name) : posix.join(this.#folder, name)
  }

  async #missing(name: string, path: string, accepted: string): Promise<{ ok: false; complaint: Complaint }> {
    const beside = await this.#files.read(posix.dirname(path))
    const near = nearest(posix.basename(path), beside.kind === 'folder' ? beside.names : [])
    const didYouMean = near === null ? null : posix.join(posix.dirname(name), near)
    return complain(`There is no file "${name}"`, { accepted, didYouMean })
  }

  /** The objects of files, in their order; as with `kubectl apply`, of one that is given twice the later stays. Names that cannot be found are the caller's to report. */
  async read(names: readonly string[]): Promise<ManifestSet> {
    const files = new Map<string, ManifestFile>()
    let missing = false
    for (const name of names) {
      const found = await this.find(name)
      missing ||= !found.ok
      if (found.ok) for (const file of found.value) files.set(file.path, file)
    }
    if (files.size === 0) return { objects: [], unread: [], missing, problems: [], warnings: [] }
    const key = [...files.keys(), missing].join('\n')
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const result = await readManifests([...files.values()])
    const objects = result.objects.map((entry) => entry.object)
    const unread = result.problems.length === 0 ? [] : namesWritten([...files.values()])
    const set: ManifestSet = { objects, unread, missing, problems: result.problems, warnings: result.warnings }
    this.#sets.set(key, set)
    return set
  }
}

/** Every name of an object in the texts, also where the object itself has mistakes: found by form, not by meaning. */
function namesWritten(files: readonly ManifestFile[]): readonly string[] {
  const names = files.flatMap(({ text }) => [...text.matchAll(/["']?\bname["']?\s*:\s*["']?([^\s"',}]+)/g)].map((match) => match[1]!))
  return [...new Set(names)]
}

function whyUnreadable({ reason, place }: Extract<FileContent, { kind: 'unreadable' }>): string {
  return place === undefined ? reason : `${reason} (line ${place.line}, column ${place.column})`
}

/** Locale-free order of names, so that a folder is read in the same order everywhere. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
