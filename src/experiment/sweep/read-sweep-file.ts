import type { SourceProblem } from '../../api/source-problem.ts'
import type { Places } from '../../scenario/load-context.ts'
import { besideFile } from '../../scenario/load-files.ts'
import { checkStructure } from '../../scenario/parse-structure.ts'
import { type Path, pathText, type YamlSource } from '../../scenario/parse-yaml.ts'
import type { SweepRequest, WrittenField, WrittenText, WrittenValue } from './request.ts'
import { sweepSchema } from './sweep-schema.ts'

/** Reads a sweep file. Mistakes in its form are reported, and what remains of it is read all the same; null where that is nothing. */
export function readSweepFile(source: YamlSource): { readonly request: SweepRequest | null; readonly problems: readonly SourceProblem[] } {
  const { draft, mistakes } = checkStructure(source.value, sweepSchema)
  // In broken YAML a key that seems to be missing may be one that could not be read.
  const structure = mistakes
    .filter(({ missing }) => !(source.brokenFrom !== null && missing))
    .map(({ path, part, message, accepted, didYouMean }) => ({
      ...source.place(path, part),
      path: pathText(path),
      message,
      accepted,
      didYouMean,
    }))
  const problems = [...source.problems, ...structure]
  const spec = draft.spec ?? {}
  if (spec.scenario === undefined) return { request: null, problems }
  const texts = (key: 'variants' | 'measures'): readonly WrittenText[] | null =>
    spec[key]?.flatMap((text, index) => (text === undefined ? [] : [{ text, place: source.place(['spec', key, index]) }])) ?? null
  const value = (path: Path, written: unknown): WrittenValue => ({ value: written, places: placesBelow(source, path) })
  const field = (path: Path): WrittenField => ({ field: String(path.at(-1)), placeOf: (part) => source.placeInKey(path, part) })
  const axes = Object.entries(spec.parameters ?? {}).flatMap(([name, values]) => {
    const path = ['spec', 'parameters', name]
    return values === undefined ? [] : [{ ...field(path), values: values.map((one, index) => value([...path, index], one)) }]
  })
  const combinations = spec.combinations?.flatMap((entry, index) => {
    if (entry === undefined) return []
    return [
      Object.entries(entry).map(([name, one]) => {
        const path = ['spec', 'combinations', index, name]
        return { ...field(path), ...value(path, one) }
      }),
    ]
  })
  const request: SweepRequest = {
    name: draft.metadata?.name ?? null,
    scenario: besideFile(source.file, spec.scenario),
    scenarioPlace: source.place(['spec', 'scenario']),
    variants: texts('variants'),
    seeds: typeof spec.seeds === 'object' ? spec.seeds.flatMap((seed) => (seed === undefined ? [] : [String(seed)])) : (spec.seeds ?? null),
    axes,
    combinations: combinations ?? [[]],
    measures: texts('measures'),
  }
  return { request, problems: [...problems, ...seedsTwice(source, request.seeds)] }
}

/** The places of a file, with paths that begin at a value in it. */
function placesBelow(source: YamlSource, above: Path): Places {
  return {
    place: (path, part) => source.place([...above, ...path], part),
    placeInText: (path, part) => source.placeInText([...above, ...path], part),
  }
}

function seedsTwice(source: YamlSource, seeds: SweepRequest['seeds']): readonly SourceProblem[] {
  if (typeof seeds !== 'object' || seeds === null) return []
  return seeds.flatMap((seed, index) => {
    if (seeds.indexOf(seed) === index) return []
    const path: Path = ['spec', 'seeds', index]
    const message = `The seed "${seed}" is given twice: its runs would be the same`
    return [{ ...source.place(path), path: pathText(path), message, accepted: null, didYouMean: null }]
  })
}
