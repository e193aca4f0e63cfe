import { expect, test } from 'vitest'
import { shownUrl, whyNotQueue } from './queue-address.ts'

test.each([
  'redis://localhost',
  'redis://localhost:6379',
  'redis://localhost:6379/2',
  'redis://user:secret@queue.example:6380/0',
  'rediss://queue.example',
  'redis://[::1]:6379',
])('%s is the address of a queue', (text) => {
  expect(whyNotQueue(text)).toBeNull()
})

test.each(['', 'localhost:6379', 'http://localhost', 'redis://', 'redis:///1'])('"%s" is none', (text) => {
  expect(whyNotQueue(text)).toContain('redis://[[USER]:PASSWORD@]HOST')
})

test('a database has a number', () => {
  expect(whyNotQueue('redis://localhost/jobs')).toContain('Expected the number of a database')
})

test('a password is not shown', () => {
  expect(shownUrl('redis://user:secret@queue.example:6380/0')).toBe('redis://user:***@queue.example:6380/0')
  expect(shownUrl('redis://localhost:6379')).toBe('redis://localhost:6379')
})
