import { Composer, type Document, Parser } from 'yaml'
import type { SourceProblem } from './source-problem.ts'
import { isContainer, SourceDocument, SourceFile } from './source-text.ts'
import { DocumentReader, rangeOf } from './yaml-values.ts'

/**
 * YAML (and therefore JSON) texts as plain values that remember where they were written.
 *
 * Scalars are read as `kubectl` reads them, which still follows YAML 1.1 in this: `yes`, `on`, `no` and `off` are booleans and `0644` is octal.
 * Merge keys (`<<`) are followed. Keys may not be given twice.
 *
 * An alias is the very value of its anchor, never a copy, so that a text of nested aliases costs nothing here; texts that would be expanded
 * to more than {@link ./yaml-values.ts ALIASED_NODES_MAX} further nodes, and values that contain themselves, are refused.
 */

/** Levels of maps and lists. The deepest schemas of custom resources have about 60. Own bound, so that reading cannot exhaust the stack. */
export const DEPTH_MAX = 200

/** Reads a text of any number of documents. Documents with a mistake are left out; empty ones are no documents. */
export function readYaml(path: string, text: string): { documents: SourceDocument[]; problems: SourceProblem[] } {
  const file = new SourceFile(path, text)
  const problems: SourceProblem[] = []
  const documents: SourceDocument[] = []
  for (const document of parse(file, text, problems)) {
    if (document.errors.length > 0) {
      problems.push(...syntaxProblems(file, document))
      continue
    }
    const reader = new DocumentReader(file, document)
    const value = reader.read()
    problems.push(...reader.problems)
    if (reader.problems.length > 0 || value === null || document.contents === null) continue
    documents.push(new SourceDocument(file, value, rangeOf(document.contents), reader.places))
  }
  return { documents, problems }
}

/**
 * Runs the YAML library step by step, so that documents nested too deeply can be taken out before its recursive part sees them: they would
 * exhaust the stack.
 */
function parse(file: SourceFile, text: string, problems: SourceProblem[]): Document.Parsed[] {
  const documents: Document.Parsed[] = []
  const composer = new Composer({ prettyErrors: false, uniqueKeys: false, logLevel: 'silent' })
  for (const token of new Parser().parse(text)) {
    const tooDeep = firstTooDeep(token)
    if (tooDeep !== null) {
      const message = `Nested more than ${DEPTH_MAX} levels deep`
      problems.push(file.problem([tooDeep, tooDeep + 1], [], { message }))
      continue
    }
    documents.push(...(composer.next(token) as Iterable<Document.Parsed>))
  }
  documents.push(...(composer.end() as Iterable<Document.Parsed>))
  return documents
}

/** The offset of the first collection of a token below the deepest level allowed, or null. Walks the token tree without recursion. */
export function firstTooDeep(token: unknown): number | null {
  const stack: { readonly token: unknown; readonly depth: number; readonly offset: number }[] = [{ token, depth: 0, offset: 0 }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (!isContainer(top.token)) continue
    const { offset = top.offset, value, key, items } = top.token as { offset?: number; value?: unknown; key?: unknown; items?: unknown }
    if (top.depth > DEPTH_MAX) return offset
    stack.push({ token: value, depth: top.depth, offset }, { token: key, depth: top.depth, offset })
    if (Array.isArray(items)) for (const item of items) stack.push({ token: item, depth: top.depth + 1, offset })
  }
  return null
}

/** What the YAML library says, once a line: later ones on a line follow from the first. */
function syntaxProblems(file: SourceFile, document: Document.Parsed): SourceProblem[] {
  const seen = new Set<number>()
  const problems: SourceProblem[] = []
  for (const error of document.errors) {
    const problem = file.problem(error.pos, [], { message: sentence(error.message) })
    if (seen.has(problem.line)) continue
    seen.add(problem.line)
    problems.push(problem)
  }
  return problems
}

function sentence(message: string): string {
  const trimmed = message.replace(/\s+/g, ' ').replace(/\.$/, '')
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1)
}
