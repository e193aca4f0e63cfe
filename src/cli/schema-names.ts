/** The choices of `towtank schema --of`, apart from the schemas, so that the help need not load those. */
export const SCHEMA_NAMES = [
  'scenario',
  'run',
  'validate',
  'trace',
  'rollout',
  'compare',
  'sweep',
  'merge',
  'worker',
  'chart',
  'import',
  'bench',
  'problems',
] as const

export type SchemaName = (typeof SCHEMA_NAMES)[number]
