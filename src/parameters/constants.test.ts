import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { STRUCTURAL } from './structural.fixture.ts'

/**
 * No number of the model without provenance: every constant at the top of a file of the model that holds a number is in the registry, which means that
 * src/parameters imports it, or on a list with the reason why it is no parameter.
 */
const FOLDERS = [
  'api',
  'control-plane',
  'dns',
  'engine',
  'faults',
  'ingress',
  'kube-proxy',
  'metrics',
  'network',
  'network-policy',
  'node',
  'profiles',
  'proxy',
  'scenario',
  'workload',
]

interface Constant {
  readonly name: string
  readonly file: string
  /** The comment above it, or above the one that it follows without an empty line. */
  readonly comment: string
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return name === 'testing' ? [] : filesBelow(path)
    return name.endsWith('.ts') && !/\.(test|fixture)\.ts$/.test(name) && name !== 'test-cluster.ts' ? [path] : []
  })
}

const parse = (path: string) => ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)

/** Whether a number stands in it, directly or in a map or list; a sentinel such as -1 is none, and what a function works out is not looked at. */
function holdsNumber(node: ts.Expression): boolean {
  if (ts.isNumericLiteral(node)) return true
  if (ts.isPrefixUnaryExpression(node)) return !/^-\d$/.test(node.getText()) && holdsNumber(node.operand)
  if (ts.isIdentifier(node)) return /^((MILLI|MICRO)?SECOND|MINUTE|HOUR)$/.test(node.text)
  if (ts.isBinaryExpression(node)) return holdsNumber(node.left) || holdsNumber(node.right)
  if (ts.isParenthesizedExpression(node) || ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return holdsNumber(node.expression)
  if (ts.isArrayLiteralExpression(node)) return node.elements.some(holdsNumber)
  if (ts.isObjectLiteralExpression(node))
    return node.properties.some((property) => ts.isPropertyAssignment(property) && holdsNumber(property.initializer))
  if (ts.isCallExpression(node)) return /^(linux|Math\.\w+)$/.test(node.expression.getText()) && node.arguments.some(holdsNumber)
  return false
}

function constantsOf(path: string): readonly Constant[] {
  const found: Constant[] = []
  let comment = ''
  for (const statement of parse(path).statements) {
    const above = statement.getFullText().slice(0, statement.getLeadingTriviaWidth())
    const own = /\/\*\*[\s\S]*\*\//.exec(above)?.[0] ?? ''
    if (own !== '' || /\n\s*\n/.test(above) || !ts.isVariableStatement(statement)) comment = own
    if (!ts.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (!/^[A-Z][A-Z0-9_]*$/.test(name.getText()) || initializer === undefined || !holdsNumber(initializer)) continue
      found.push({ name: name.getText(), file: relative('src', path), comment })
    }
  }
  return found
}

/** `etcd.ts#HEARTBEAT` for everything that src/parameters imports. */
function imported(): Set<string> {
  const found = new Set<string>()
  for (const path of filesBelow('src/parameters')) {
    for (const statement of parse(path).statements) {
      if (!ts.isImportDeclaration(statement)) continue
      const from = relative('src', join(dirname(path), (statement.moduleSpecifier as ts.StringLiteral).text))
      const bindings = statement.importClause?.namedBindings
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue
      for (const { propertyName, name } of bindings.elements) found.add(`${from}#${(propertyName ?? name).text}`)
    }
  }
  return found
}

const constants = FOLDERS.flatMap((folder) => filesBelow(join('src', folder))).flatMap(constantsOf)
const idOf = ({ file, name }: Constant) => `${file}#${name}`
const registered = imported()

const places = STRUCTURAL.flatMap((entry) => entry.places)

/** An entry of the registry as it is written: which constants its value is made of, and what it says of them. */
interface Written {
  readonly name: string
  readonly constants: readonly string[]
  readonly provenance: string
  readonly text: string
}

function writtenEntries(): readonly Written[] {
  const found: Written[] = []
  for (const path of filesBelow('src/parameters/groups')) {
    const source = parse(path)
    const places = new Map<string, string>()
    for (const statement of source.statements) {
      if (!ts.isImportDeclaration(statement)) continue
      const from = relative('src', join(dirname(path), (statement.moduleSpecifier as ts.StringLiteral).text))
      const bindings = statement.importClause?.namedBindings
      if (bindings === undefined || !ts.isNamedImports(bindings)) continue
      for (const { propertyName, name } of bindings.elements) places.set(name.text, `${from}#${(propertyName ?? name).text}`)
    }
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && node.expression.getText() === 'entry') {
        const [name, value, origin, more] = node.arguments
        if (name !== undefined && value !== undefined && origin !== undefined && ts.isCallExpression(origin)) {
          const names = [...value.getText().matchAll(/[A-Z][A-Z0-9_]+/g)].flatMap(([word]) => places.get(word) ?? [])
          found.push({
            name: name.getText(),
            constants: names,
            provenance: origin.expression.getText(),
            text: `${origin.getText()} ${more?.getText() ?? ''}`,
          })
        }
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

describe('constants of the model', () => {
  test('are found: by their unit, in maps and in sums', () => {
    expect(constants.map(idOf)).toEqual(
      expect.arrayContaining([
        'control-plane/etcd.ts#HEARTBEAT',
        'node/kubelet.ts#LIMIT',
        'proxy/ipvs/timeouts.ts#DEFAULT_TIMEOUTS',
        'workload/snat-ports.ts#HARDER',
        'workload/snat-ports.ts#EVICTS',
      ]),
    )
  })

  test('each is in the registry, or on the list of those that are no parameters', () => {
    expect(constants.map(idOf).filter((id) => !registered.has(id) && !places.includes(id))).toEqual([])
  })

  test('the list has only what is there, nothing twice, and a reason for each', () => {
    expect(new Set(places).size).toBe(places.length)
    const ids = new Set(constants.map(idOf))
    expect(places.filter((place) => !ids.has(place) || registered.has(place))).toEqual([])
    for (const { reason } of STRUCTURAL) expect(reason.length).toBeGreaterThan(10)
  })
})

describe('what the registry says of a constant', () => {
  const entries = writtenEntries()
  const comments = new Map(constants.map((constant) => [idOf(constant), constant.comment]))

  test('is compared for most of them', () => {
    expect(entries.filter(({ constants: [first] }) => comments.get(first ?? '') !== undefined).length).toBeGreaterThan(250)
  })

  test('agrees with the comment beside it: an assumption is told as one, and what is cited is none', () => {
    const differ = entries.filter(({ constants: ids, provenance, text }) => {
      const [comment] = ids.flatMap((id) => comments.get(id) ?? [])
      if (comment === undefined || comment === '') return false
      return /assumption|assumed/i.test(comment)
        ? provenance !== 'assumed' && !/assum/i.test(text)
        : /Source/.test(comment) && provenance === 'assumed'
    })
    expect(differ.map(({ name }) => name)).toEqual([])
  })

  test('names no flag and no source file that does not stand in the file of the constant', () => {
    const strange = entries.flatMap(({ name, constants: ids, text }) => {
      const files = ids.map((id) => readFileSync(join('src', id.split('#')[0]!), 'utf8')).join('\n')
      if (files === '') return []
      return [...text.matchAll(/(?:--[a-z][\w-]+|[\w-]+\.(?:go|c|h|lua|scala))\b/g)]
        .map(([word]) => word)
        .filter((word) => !files.includes(word))
        .map((word) => `${name}: ${word}`)
    })
    expect(strange).toEqual([])
  })
})
