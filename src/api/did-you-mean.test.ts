import { expect, test } from 'vitest'
import { nearest } from './did-you-mean.ts'

test('a misspelt word finds the word that was meant', () => {
  expect(nearest('replcias', ['replicas', 'selector'])).toBe('replicas')
  expect(nearest('Alwayss', ['Never', 'Always'])).toBe('Always')
  expect(nearest('containerport', ['containerPort', 'hostPort'])).toBe('containerPort')
})

test('a word that is far from all, or among them, has no suggestion', () => {
  expect(nearest('foo', ['replicas', 'for-all'])).toBeNull()
  expect(nearest('replicas', ['replicas'])).toBeNull()
  expect(nearest('x'.repeat(10_000), ['x'.repeat(9_999)])).toBeNull()
})
