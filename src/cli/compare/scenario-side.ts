import { invariant } from '../../invariant.ts'
import { type FileReader, RecordingFiles } from '../../scenario/load-files.ts'
import { loadScenario, openScenario } from '../../scenario/load-scenario.ts'
import { SECOND } from '../../units.ts'
import type { OpenedSide } from './side.ts'

/** Reads and checks a scenario with all its variants, and keeps what was read for the runs. */
export async function openScenarioSide(
  { given, path, wanted }: { readonly given: string; readonly path: string; readonly wanted: string | null },
  files: FileReader,
  version: string,
): Promise<OpenedSide> {
  const recording = new RecordingFiles(files)
  const loaded = await loadScenario(path, recording)
  if (!loaded.ok) return { ok: false, problems: loaded.problems, warnings: loaded.warnings }
  const opened = await openScenario(path, recording)
  invariant(opened.ok, 'what was loaded can be opened')
  const { variants: blocks } = opened.scenario
  const variants = loaded.variants.map(({ name, scenario }) => ({
    name,
    scenario,
    durationSeconds: scenario.duration / SECOND,
    changes: blocks.find((block) => block.name === name)?.changes ?? [],
  }))
  const { name, seed } = loaded.variants[0]!.scenario
  const input = { path, files: recording.contents }
  const side = { kind: 'scenario', given, scenario: name, inputHash: loaded.inputHash, seed, version, wanted, variants, input } as const
  return { ok: true, side, warnings: loaded.warnings }
}
