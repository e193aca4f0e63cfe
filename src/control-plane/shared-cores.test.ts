import { expect, test } from 'vitest'
import { SharedCores } from './shared-cores.ts'

test('two cores take two at once; a third waits for the first to end', () => {
  const cores = new SharedCores(2)
  expect([cores.wait(10, 0), cores.wait(4, 0), cores.wait(5, 0), cores.wait(1, 0)]).toEqual([0, 0, 4, 9])
})

test('an idle core makes nobody wait', () => {
  const cores = new SharedCores(1)
  expect([cores.wait(10, 0), cores.wait(10, 10), cores.wait(10, 25)]).toEqual([0, 0, 0])
})
